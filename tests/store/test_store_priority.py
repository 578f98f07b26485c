"""A job gives way to the pages, also where Linux divides the processor among sessions first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glasshouse.store.priority import NICE

GROUP = Path("/proc/self/autogroup")
TELL = """
import os
from pathlib import Path
from glasshouse.store.priority import lower_priority
lower_priority()
group = Path("/proc/self/autogroup")
print(os.nice(0), *(group.read_text().split() if group.exists() else [])[-1:])
"""


@pytest.mark.parametrize("leads", [True, False], ids=["leads its session", "in the session of another"])
def test_a_process_gives_way_and_its_session_if_it_leads_one(leads: bool) -> None:
    told = subprocess.run(
        [sys.executable, "-c", TELL], start_new_session=leads, capture_output=True, text=True, check=True
    ).stdout.split()
    assert told[0] == str(min(19, os.nice(0) + NICE))
    if not GROUP.exists():
        pytest.skip("this system has no groups of sessions")
    mine = GROUP.read_text(encoding="ascii").split()[-1:]
    assert told[1:] == ([str(NICE)] if leads else mine)
