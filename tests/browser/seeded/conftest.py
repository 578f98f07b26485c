"""One seeded Studio for the tests of this folder, and a page of it for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from seeded_studio import Seeded, seeded_studio


@pytest.fixture(scope="session")
def seeded(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """The Studio; Chromium is asked for first, so that nothing is made where there is none."""
    made = seeded_studio(tmp_path_factory.mktemp("seeded"))
    yield made
    made.studio.stop()


@pytest.fixture
def page(browser: Any, seeded: Seeded) -> Iterator[Any]:
    """A page; an error of a script, or against the policy of content, fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-US", base_url=seeded.studio.address
    )
    made = context.new_page()
    made.set_default_timeout(60_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    yield made
    context.close()
    assert faults == []
