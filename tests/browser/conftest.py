"""A running Studio (server and worker) and a browser; skipped where Chromium or Playwright is missing."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from studio_running import Running

from corner_pictures import draw_pictures

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start ``glasshouse studio`` on an empty home."""
    place = tmp_path_factory.mktemp("browser")
    pictures = draw_pictures(place / "given" / "corners")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "studio",
        "--home",
        str(place / "home"),
        "--port",
        str(port),
        "--folder",
        str(place / "given"),
        "--no-browser",
    ]
    with (place / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "glasshouse.cli.main", *words],
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, place / "log.txt")
        yield Running(address, pictures)
    finally:
        process.terminate()
        process.wait(120)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(150):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/static/x/mark.svg", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the Studio did not start: {log.read_text()[-2000:]}")
