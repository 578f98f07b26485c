"""The token of a Studio without accounts, as a browser meets it: asked for, pasted, and gone from the address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from seen import View, keep_shot, opened, wrong_with
from studio_running import Studio

from glasshouse.store.local_token import local_token
from glasshouse.web.framework.language import texts


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path / "home", token=True)
    yield made
    made.stop()


def test_it_is_asked_for_once_and_the_browser_keeps_it(browser: Any, studio: Studio) -> None:
    token = local_token(studio.home)
    for view in (View("en", "light", 1280), View("ko", "dark", 390)):
        say = texts(view.language).gettext
        with opened(browser, studio.address, view) as (page, faults):
            page.goto("/networks")
            page.get_by_role("heading", name=say("This Studio is opened by its token")).wait_for()
            keep_shot(page, "token", view)
            assert wrong_with(page, view) == []
            faults.clear()  # the console tells each answer of 401
            page.get_by_label(say("Token"), exact=True).fill(f"{studio.address}/?token={token}")
            page.get_by_role("button", name=say("Open the Studio")).click()
            page.wait_for_url("**/networks")
            assert faults == []
        with opened(browser, studio.address, view) as (page, faults):
            page.goto(f"/?token={token}")
            assert page.url == f"{studio.address}/" and token not in page.content()
            page.goto("/models/new")
            assert page.url.endswith("/models/new")
            assert faults == []
