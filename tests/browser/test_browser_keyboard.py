"""Keyboard alone: from the bundled digits to a classified picture; and the keys that every page knows."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from seen import View, opened
from studio_running import Running

NAME = """() => {
  const one = document.activeElement;
  const words = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
  return [one.closest("header.top") ? "" : one.tagName, words.trim().replace(/\\s+/g, " ")];
}"""


@pytest.fixture(scope="module")
def page(browser: Any, running: Running) -> Iterator[Any]:
    with opened(browser, running.address, View("en", "light", 1280)) as (made, faults):
        yield made
    assert faults == []


def tab_to(page: Any, tag: str, name: str) -> None:
    """Press Tab until the focus is on something of the page (not of its header), and see that it shows."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(NAME) == [tag, name]:
            shown = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none", f"no ring around {name}"
            return
    raise AssertionError(f"Tab does not come to {tag} {name}")


def enter(page: Any, tag: str, name: str) -> None:
    tab_to(page, tag, name)
    page.keyboard.press("Enter")


def test_1_a_dataset_is_made_of_the_sample(page: Any) -> None:
    page.goto("/datasets/new")
    enter(page, "A", "Use a sample")
    page.wait_for_url("**from=sample**", wait_until="load")
    enter(page, "BUTTON", "Use the digits")
    page.get_by_role("heading", name="Preview", exact=True).wait_for()
    tab_to(page, "INPUT", "Name")
    page.keyboard.press("Control+a")
    page.keyboard.type("Digits by keys")
    enter(page, "BUTTON", "Create dataset")
    page.get_by_role("link", name="Explore", exact=True).wait_for()
    page.get_by_role("heading", name="Digits by keys").wait_for()


def test_2_arrows_move_in_the_grid_and_digits_do_nothing(page: Any) -> None:
    enter(page, "A", "Explore")
    page.wait_for_url("**/explore", wait_until="load")
    focus = "() => [...document.querySelectorAll('.gallery[data-grid] a')].indexOf(document.activeElement)"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focus) == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    down = page.evaluate(focus)
    assert down > 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focus) == 0
    before = page.url
    for digit in "0123456789":
        page.keyboard.press(digit)
    assert (page.url, page.evaluate(focus)) == (before, 0)
    page.keyboard.press("Enter")
    page.get_by_text("Original size").wait_for()


def test_3_keys_are_listed_closed_and_do_nothing_in_a_field(page: Any) -> None:
    page.keyboard.press("h")
    page.get_by_role("heading", name="Home", exact=True).wait_for()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    keys.wait_for()
    page.keyboard.press("h")
    assert keys.is_visible()
    page.keyboard.press("Escape")
    keys.wait_for(state="hidden")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.type") == "search"
    page.keyboard.type("h?/x")
    assert page.get_by_role("searchbox").input_value() == "h?/x"
    assert keys.is_hidden()
    page.keyboard.press("Control+a")
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=by+keys**", wait_until="load")
    enter(page, "A", "Digits by keys")
    page.get_by_role("link", name="Explore", exact=True).wait_for()


def test_4_a_model_is_trained(page: Any) -> None:
    enter(page, "A", "New model")
    page.get_by_role("heading", name="New model", exact=True).wait_for()
    assert "Digits by keys" in page.get_by_label("Dataset", exact=True).locator("option:checked").inner_text()
    tab_to(page, "INPUT", "Name")
    page.keyboard.type("By keys")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.name") == "preset":
            break
    for _ in range(6):
        if page.get_by_role("radio", name="Fast").is_checked():
            break
        page.keyboard.press("ArrowUp")
    assert page.get_by_role("radio", name="Fast").is_checked()
    enter(page, "BUTTON", "Create and train")
    page.get_by_role("slider", name=re.compile("Loss of training")).wait_for()
    page.get_by_role("link", name="See the result").wait_for()


def test_5_help_opens_and_esc_closes_it(page: Any) -> None:
    page.locator("details.help summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.help[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("details.help[open]").count() == 0
    assert page.evaluate("() => document.activeElement.tagName") == "SUMMARY"


def test_6_a_picture_is_classified(page: Any) -> None:
    data = page.get_by_role("main").get_by_role("link", name="Digits by keys").get_attribute("href")
    enter(page, "A", "Classify One")
    page.wait_for_url("**/classify", wait_until="load")
    tab_to(page, "INPUT", "Or an address of this Studio, or a path on the server")
    page.keyboard.type(f"{data}/pictures/val/0")
    page.keyboard.press("Enter")
    page.get_by_text("What the model sees").wait_for()
    assert page.locator(".bars li").count() == 5
