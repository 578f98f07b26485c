"""Every page, in both languages, light and dark, wide and narrow: nothing is wrong there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from seen import View, faults_of_access, keep_shot, opened, wrong_with
from shown_studio import SECRET, Shown, filled_studio, studio_of_people

from glasshouse.store.database import open_store
from glasshouse.web.app import create_app
from page_routes import left_out

WIDTHS = (1280, 390)
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    made = filled_studio(tmp_path_factory.mktemp("shown"))
    yield made
    made.studio.stop()


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    made = studio_of_people(tmp_path_factory.mktemp("accounts"))
    yield made
    made.studio.stop()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_without_accounts(browser: Any, filled: Shown, language: str) -> None:
    with opened(browser, filled.studio.address, View(language, "light", 1280)) as (page, faults):
        found = looked_at(page, filled, language)
    answered = ("/models/nothing: Failed to load", "source=/nothing/here: Failed to load",  # 404 and 422, as is right
                "/left-out: Failed to load")  # a damaged picture has no thumbnail  # fmt: skip
    told = found + [one for one in faults if not any(words in one for words in answered)]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_with_accounts(browser: Any, people: Shown, language: str) -> None:
    with opened(browser, people.studio.address, View(language, "light", 1280)) as (page, faults):
        page.request.post("/sign-in", form={"name": "mina", "password": SECRET, "next": "/"})
        found = looked_at(page, people, language)
    assert not found + faults, "\n".join(found + faults)


TOKEN = {"/token"}  # of a Studio without accounts that asks for its token: test_browser_token.py looks at it


def test_no_page_is_left_out(filled: Shown, people: Shown, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert left_out(create_app(store), [*filled.pages.values(), *people.pages.values()]) == TOKEN
    store.close()


def looked_at(page: Any, shown: Shown, language: str) -> list[str]:
    """Show every page in each width and colour; return what is wrong."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = []
    for name, address in shown.pages.items():
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(address, wait_until="load")
        page.locator(shown.signs.get(name, "main h1, main h2")).first.wait_for()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for theme in THEMES:
                view = View(language, theme, width)
                page.emulate_media(color_scheme=theme)
                keep_shot(page, name, view)
                wrong = wrong_with(page, view)
                if (language == "en") == (width == WIDTHS[0]):  # so each is examined twice, not eight times
                    wrong += faults_of_access(axe, page)
                found += [f"{name}-{view}: {one}" for one in wrong]
    return found
