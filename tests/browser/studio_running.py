"""A Studio in a process of its own, for browsers: started, asked, killed and started again at the same address."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True)
class Running:
    """The address of a running Studio, and a folder of pictures that it may read."""

    address: str
    pictures: Path


class Studio:
    """A Studio of one's own, at one address for as long as it is used; unless asked for, it has no ``token``."""

    def __init__(self, home: Path, folder: Path | None = None, *, token: bool = False) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home
        self.words = [
            "--no-browser",
            *(["--folder", str(folder)] if folder else []),
            *([] if token else ["--no-token"]),
        ]
        self.log = home.parent / f"{home.name}.log"
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = ["studio", "--home", str(self.home), "--port", str(self.port), "--no-browser", *self.words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "glasshouse.cli.main", *words],
                stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        deadline = time.monotonic() + 90
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.address}/static/x/mark.svg", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"the Studio did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(120)

    def stand_back(self) -> None:
        """Let the jobs that run now take only what no other process wants: pages show them, nobody waits for them."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "glasshouse.jobs.child" in process.cmdline():
                    process.nice(19)
                    with contextlib.suppress(OSError):  # Linux shares the processor by sessions first, then by niceness
                        Path(f"/proc/{process.pid}/autogroup").write_text("19", encoding="ascii")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return what ``/api/v1`` answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api/v1/{path}", data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def until_done(self, job: str) -> None:
        """Wait until a job is done."""
        deadline = time.monotonic() + 240
        state = ""
        while state not in ("done", "failed", "aborted"):
            assert time.monotonic() < deadline, f"job {job} is still {state}"
            time.sleep(0.3)
            state = self.ask(f"jobs/{job}")["state"]
        assert state == "done", self.ask(f"jobs/{job}")
