"""How much memory a training takes, as told to people before they begin one."""

import subprocess
import sys

import pytest

SCRIPT = "from glasshouse.training.time_estimate import peak_memory; print(peak_memory('cpu'))"
STARTS = f"""
import subprocess, sys
held = bytearray(b'1') * (1500 * 2**20)
del held
subprocess.run([sys.executable, '-c', {SCRIPT!r}], check=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads what Linux tells")
def test_the_memory_of_a_trial_is_its_own_and_not_that_of_who_started_it() -> None:
    told = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, text=True, check=True, timeout=120)
    assert 100 * 2**20 < int(told.stdout) < 1000 * 2**20, "torch, and nothing of the 1,500 MB"
