"""A real PostgreSQL server (Debian's) for the tests that need one; without it they are skipped."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["postgresql"]

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server that listens on a socket in a temporary folder; give its URL."""
    pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    if not FOUND:
        pytest.skip("no PostgreSQL server is installed (apt install postgresql)")
    if os.getuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root")
    programs, place = FOUND[-1].parent, Path(tempfile.mkdtemp(prefix="ghpg"))
    become = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if become:
        shutil.chown(place, "postgres")

    def run(*words: str) -> None:
        subprocess.run([*become, *words], check=True, stdout=subprocess.DEVNULL, cwd="/")

    data = str(place / "data")
    run(str(programs / "initdb"), "-D", data, "-U", "studio", "-A", "trust", "--no-sync")
    options = f"-k {place} -c listen_addresses= -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", data, "-w", "-o", options, "-l", str(place / "log"), "start")
    yield f"postgresql://studio@/postgres?host={place}"
    run(str(programs / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    shutil.rmtree(place)
