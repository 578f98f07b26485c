"""What holds for every test: one thread a process, since two run side by side, and glasshouse comes before torch.

On several threads torch's kernels add in another order, and two ways to the same network may differ in the last digit.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import glasshouse  # noqa: F401
