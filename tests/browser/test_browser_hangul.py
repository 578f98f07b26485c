"""Shortcuts while Hangul is on: the letter that arrives is ㅓ, ㅏ, ㅌ …, and only event.code tells the key."""

from collections.abc import Iterator
from typing import Any

import pytest
from seen import View, opened
from studio_running import Running

PRESS = """([key, code, more]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...more }))"""
LAYERS = {"layers": [{"layer": "Input", "name": "in", "settings": {"shape": [8, 8, 1]}},
                     {"layer": "Flatten", "name": "flat", "inputs": ["in"]},
                     {"layer": "Dense", "name": "out", "inputs": ["flat"],
                      "settings": {"units": 2, "activation": "softmax"}}]}  # fmt: skip
ROW = "() => [...document.querySelectorAll('table.rows tbody tr')].indexOf(document.activeElement.closest('tr'))"


@pytest.fixture(scope="module")
def page(browser: Any, running: Running) -> Iterator[Any]:
    with opened(browser, running.address, View("ko", "light", 1280)) as (made, faults):
        for name in ("하나", "둘"):
            assert made.request.post("/api/v1/networks", data={"name": name, "layers": LAYERS}).ok
        yield made
    assert faults == []


def press(page: Any, key: str, code: str, **more: Any) -> bool:
    """Send a key as a browser does while Hangul is on; False where the page kept its usual effect from happening."""
    return bool(page.evaluate(PRESS, [key, code, more]))


@pytest.mark.parametrize(("down", "up", "tick", "group"), [("ㅓ", "ㅏ", "ㅌ", "ㅎ"), ("Process",) * 4, tuple("jkxg")])
def test_rows_are_walked_and_chosen(page: Any, down: str, up: str, tick: str, group: str) -> None:
    page.goto("/networks")
    page.locator("table.rows tbody tr").nth(1).wait_for()
    press(page, down, "KeyJ")
    press(page, down, "KeyJ")
    assert page.evaluate(ROW) == 1
    press(page, up, "KeyK")
    assert page.evaluate(ROW) == 0
    press(page, tick, "KeyX")
    assert page.locator('input[name="chosen"]:checked').count() == 1
    press(page, group, "KeyG")
    assert page.evaluate("() => document.activeElement.id") == "group_name"


def test_enter_that_ends_a_syllable_sends_nothing(page: Any) -> None:
    page.evaluate("() => { window.sent = 0; HTMLFormElement.prototype.requestSubmit = () => { window.sent += 1; }; }")
    assert page.evaluate("() => document.activeElement.id") == "group_name"
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        assert press(page, "Enter", "Enter", **composing) is False
    press(page, "Escape", "Escape", isComposing=True)
    assert page.evaluate("() => window.sent") == 0
    assert page.locator('input[name="chosen"]:checked').count() == 1, "Escape belonged to the syllable"
    press(page, "Enter", "Enter")
    assert page.evaluate("() => window.sent") == 1


def test_keys_of_every_page(page: Any) -> None:
    page.goto("/workers")
    press(page, "?", "Slash", shiftKey=True)
    assert page.locator("dialog#keys[open]").count() == 1
    page.keyboard.press("Escape")
    press(page, "ㅗ", "KeyH")
    page.wait_for_url("**/", wait_until="load")
    page.goto("/networks")
    press(page, "Process", "Slash")
    assert page.evaluate("() => document.activeElement.type") == "search"


def test_korean_faces_come_first(page: Any) -> None:
    faces = page.evaluate("() => getComputedStyle(document.documentElement).fontFamily")
    assert faces.index("Noto Sans CJK KR") < faces.index("system-ui")
    code = page.evaluate("() => getComputedStyle(document.querySelector('dialog#keys').appendChild("
                         "document.createElement('code'))).fontFamily")  # fmt: skip
    assert code.startswith("D2Coding")
