"""Freed memory is kept: a step that asks for the same arrays again needs no fresh pages."""

import ctypes
import os
import subprocess
import sys

import pytest

COUNT = """
import resource
import numpy as np
from glasshouse.autodiff import Variable
Variable(np.array(1.0)) * 2
def step():
    held = [np.ones(500_000, np.float32) for _ in range(20)]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(**environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="only glibc can be told")
def test_a_second_step_needs_no_fresh_pages() -> None:
    kept, given_back = faults(), faults(MALLOC_TRIM_THRESHOLD_="0")
    if given_back < 1000:
        pytest.skip("this system does not count page faults")
    assert kept < given_back / 4
