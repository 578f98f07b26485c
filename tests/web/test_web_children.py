"""What runs beside the Studio for a page: it answers, its fault is told, and it ends when the Studio is killed."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from glasshouse.errors import InputError
from glasshouse.web.framework.children import answer_of

ASKS = """from pathlib import Path
from glasshouse.web.framework.children import answer_of
answer_of('work', 1, 60.0, Path('.'))
"""
SLOW = "import os, time\nopen('pid.part', 'w').write(str(os.getpid()))\nos.rename('pid.part', 'pid')\ntime.sleep(60)\n"


def test_it_answers_in_json(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("import json, sys\nprint('a word before')\nprint(2 * json.load(sys.stdin))\n")
    assert answer_of("work", 21, 60.0, tmp_path) == 42


def test_its_fault_is_told_by_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("import sys\nsys.exit('This picture is torn.')\n")
    with pytest.raises(InputError, match=r"^This picture is torn\.$"):
        answer_of("work", None, 60.0, tmp_path)


def test_it_ends_when_the_studio_is_killed(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SLOW)
    studio = subprocess.Popen([sys.executable, "-c", ASKS], cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists():
        assert studio.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    beside = psutil.Process(int((tmp_path / "pid").read_text()))
    studio.kill()
    studio.wait()
    psutil.wait_procs([beside], timeout=10)
    assert not beside.is_running() or beside.status() == psutil.STATUS_ZOMBIE
