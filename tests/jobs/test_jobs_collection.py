"""A process of its own collects garbage seldom, and ends as it would."""

import subprocess
import sys

PROGRAM = """
import atexit, gc
from glasshouse.jobs.collection import collect_seldom
atexit.register(lambda: print("frozen", gc.get_freeze_count() > 0))  # the last to be called
collect_seldom()
assert gc.get_threshold()[0] > 10_000 and gc.isenabled()
circle = [open({path!r}, "w")]
circle.append(circle)
circle[0].write("whole")
circle[0].close()
print("done")
"""


def test_a_process_ends_without_a_last_look_for_garbage(tmp_path: object) -> None:
    text = PROGRAM.format(path=f"{tmp_path}/file")
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert found.stdout == "done\nfrozen True\n"
