"""A small network is built by labels and roles, kept, and trained to a result."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from studio_running import Running


@pytest.fixture(scope="module")
def page(browser: Any, running: Running) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", base_url=running.address)
    made = context.new_page()
    made.set_default_timeout(60_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    recipe = {"source": str(running.pictures), "width": 28, "height": 28, "color": "gray"}
    answer = made.request.post("/api/v1/datasets", data={"name": "For networks", "recipe": recipe})
    assert answer.status == 201, answer.text()
    yield made
    context.close()
    assert faults == []


def block(page: Any, name: str) -> Any:
    return page.locator(f'[data-block="{name}"]')


def names(page: Any) -> list[str]:
    found: list[str] = page.locator("[data-block]").evaluate_all("all => all.map(one => one.dataset.block)")
    return found


def test_1_layers_are_stacked_and_shown_at_once(page: Any) -> None:
    page.goto("/networks")
    page.get_by_role("main").get_by_role("link", name="Build a network").first.click()
    page.get_by_role("heading", name="1. The network").wait_for()
    block(page, "conv2d").get_by_label(re.compile("^Filters")).fill("6")
    block(page, "conv2d").get_by_text("26 × 26 × 6").wait_for()
    page.get_by_label("Add a layer", exact=True).select_option("Dropout")
    assert page.get_by_text("against memorising").first.is_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    block(page, "dropout").get_by_label(re.compile("^Part switched off")).fill("0.2")
    assert names(page) == ["input_layer", "conv2d", "max_pooling2d", "flatten", "dropout", "dense"]


def test_2_a_layer_is_moved_by_keyboard_and_its_place_is_said(page: Any) -> None:
    page.get_by_role("button", name="Move dropout up").focus()
    page.keyboard.press("Enter")
    page.get_by_text("dropout is number 4 of 6").wait_for(state="attached")
    assert names(page)[3:5] == ["dropout", "flatten"]
    page.wait_for_function("() => document.activeElement.getAttribute('aria-label') === 'Move dropout up'")
    assert block(page, "dropout").get_by_label(re.compile("^Part switched off")).input_value() == "0.2"


def test_3_what_is_wrong_stands_at_its_layer_and_goes_away(page: Any) -> None:
    size = block(page, "conv2d").get_by_label(re.compile("^Size of the filter"))
    size.fill("40")
    block(page, "conv2d").get_by_text("window of 40x40").wait_for()
    page.get_by_text("1 thing has to be put right").wait_for()
    size.fill("3")
    page.get_by_text("It can be trained.").wait_for()
    assert page.get_by_role("img", name="The network as a picture: 6 layers").is_visible()


def test_4_it_is_kept_and_trained_to_a_result(page: Any) -> None:
    page.get_by_label("Name", exact=True).fill("My small net")
    page.get_by_role("button", name="Save and train it").click()
    page.get_by_role("heading", name="New model", exact=True).wait_for()
    assert page.get_by_label("Network", exact=True).locator("option:checked").inner_text() == "My small net"
    page.get_by_label("Name", exact=True).fill("Trained net")
    choice = page.get_by_label("Dataset", exact=True)
    choice.select_option(choice.locator("option", has_text="For networks").get_attribute("value"))
    page.get_by_label("Epochs", exact=True).fill("2")
    page.get_by_role("button", name="Create and train").click()
    page.get_by_role("link", name="See the result").wait_for(timeout=120_000)
    assert "My small net" in page.get_by_role("main").inner_text()


@pytest.mark.parametrize(("language", "width"), [("en-US", 390), ("ko-KR", 1280)])
def test_5_pages_fit_their_width(page: Any, browser: Any, running: Running, language: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=language, base_url=running.address)
    other = context.new_page()
    for address in ("/networks", "/networks/new", "/networks/new?from=classic:ResNet18"):
        other.goto(address)
        other.get_by_role("main").wait_for()
        assert other.evaluate("document.documentElement.scrollWidth") <= width, address
    context.close()
