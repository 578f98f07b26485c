"""A running Studio (server and worker) and a browser; skipped where Chromium or Playwright is missing."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from studio_running import Running, Studio

from corner_pictures import draw_pictures

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start ``glasshouse studio`` on an empty home."""
    place = tmp_path_factory.mktemp("browser")
    pictures = draw_pictures(place / "given" / "corners")
    studio = Studio(place / "home", place / "given")
    yield Running(studio.address, pictures)
    studio.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; without it, or without Playwright, a test is skipped before it makes anything."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A headless Chromium; it ends with each file, since Playwright's event loop keeps others from running theirs."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        found = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()
