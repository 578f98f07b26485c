"""What was typed into a form is there after a reload and on the way back, and gone once it was sent."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from studio_running import Running

DIGITS = "from=sample&source=sample:digits&width=28&height=28&color=gray"


@pytest.fixture
def page(browser: Any, running: Running) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", base_url=running.address)
    made = context.new_page()
    made.set_default_timeout(30_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("dialog", lambda dialog: dialog.accept())
    yield made
    context.close()
    assert faults == []


@pytest.fixture(scope="module")
def dataset(browser: Any, running: Running) -> str:
    context = browser.new_context(locale="en-US", base_url=running.address)
    made = context.new_page()
    made.set_default_timeout(30_000)
    made.goto(f"/datasets/new?from=folder&source={running.pictures}&name=Kept&width=16&height=16&color=gray&sent=1")
    made.get_by_role("button", name="Create dataset").click()
    made.get_by_role("link", name="New model").wait_for()
    key = str(made.url).rpartition("/")[2].partition("?")[0]
    context.close()
    return key


def fill_model(page: Any) -> None:
    page.get_by_label("Name", exact=True).fill("Half")
    page.get_by_role("radio", name="My own settings").check()
    page.get_by_label("Epochs", exact=True).fill("7")
    page.get_by_label("Schedule", exact=True).select_option("cosine")
    page.locator("[id='field-augmentation.horizontal_flip']").check()


def check_model(page: Any) -> None:
    assert page.get_by_label("Name", exact=True).input_value() == "Half"
    assert page.get_by_role("radio", name="My own settings").is_checked()
    assert page.get_by_label("Epochs", exact=True).input_value() == "7"
    assert page.get_by_label("Schedule", exact=True).input_value() == "cosine"
    assert page.locator("[id='field-augmentation.horizontal_flip']").is_checked()


@pytest.mark.parametrize("query", ["", "?dataset={dataset}"])
def test_a_new_model_survives_a_reload_and_the_way_back(page: Any, dataset: str, query: str) -> None:
    page.goto(f"/models/new{query.format(dataset=dataset)}")
    fill_model(page)
    page.reload()
    check_model(page)
    page.goto("/workers")
    page.go_back()
    check_model(page)


def test_a_clone_is_fresh_each_time_it_is_asked_for(page: Any, dataset: str) -> None:
    page.goto(f"/models/new?dataset={dataset}")
    fill_model(page)
    page.goto("/workers")
    page.goto(f"/models/new?dataset={dataset}")
    assert page.get_by_label("Name", exact=True).input_value() == ""


def test_what_was_sent_is_forgotten(page: Any, dataset: str) -> None:
    page.goto(f"/models/new?dataset={dataset}")
    page.get_by_label("Name", exact=True).fill("Sent")
    page.get_by_role("button", name="Create and train").click()
    page.get_by_role("heading", name="Sent", exact=True).wait_for()
    with page.expect_navigation():  # the answer leads to the model again
        page.get_by_role("button", name="Abort").click()
    page.get_by_text(re.compile("^Aborted")).first.wait_for()  # until then the page may load itself anew
    page.goto(f"/models/new?dataset={dataset}")
    page.reload()
    assert page.get_by_label("Name", exact=True).input_value() == ""


def test_a_new_dataset_survives_a_reload_and_the_way_back(page: Any, running: Running) -> None:
    page.goto(f"/datasets/new?{DIGITS}")
    page.get_by_text("after resizing to 28 × 28").wait_for()
    page.get_by_label("Name", exact=True).fill("My digits")
    page.reload()
    assert page.get_by_label("Name", exact=True).input_value() == "My digits"
    page.get_by_text("More settings").click()
    page.locator("#field-max_per_class").fill("20")
    page.get_by_text("200 of 1,797 pictures").wait_for()
    page.reload()
    assert page.locator("#field-max_per_class").input_value() == "20"
    page.goto("/workers")
    page.go_back()
    assert page.get_by_label("Name", exact=True).input_value() == "My digits"
    page.get_by_text("200 of 1,797 pictures").wait_for()


def test_a_network_that_is_being_built_survives_a_reload(page: Any) -> None:
    page.goto("/networks/new")
    page.locator("#field-name").fill("Half built")
    before = page.locator("[data-block]").count()
    page.locator("#word").select_option("Dropout")
    page.locator("button[value=add]").click()
    page.wait_for_function(f"() => document.querySelectorAll('[data-block]').length === {before + 1}")
    page.reload()
    page.wait_for_function(f"() => document.querySelectorAll('[data-block]').length === {before + 1}")
    assert page.locator("#field-name").input_value() == "Half built"
    page.goto("/networks")
    page.goto("/networks/new")
    assert page.locator("[data-block]").count() == before


def test_without_scripts_the_address_keeps_a_dataset(browser: Any, running: Running) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-US", base_url=running.address)
    page = context.new_page()
    page.goto(f"/datasets/new?{DIGITS}&name=Plain")
    page.get_by_label("Width", exact=True).fill("14")
    page.get_by_role("button", name="Update the preview").click()
    page.get_by_text("after resizing to 14 × 28").wait_for()
    page.reload()
    assert page.get_by_label("Name", exact=True).input_value() == "Plain"
    assert page.get_by_label("Width", exact=True).input_value() == "14"
    context.close()
