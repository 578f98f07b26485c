"""What holds for every test: glasshouse comes before torch, so that its threads wait asleep beside other programs."""

import glasshouse  # noqa: F401
