"""Home by mouse and keyboard: several at once, undone, columns that stay, the queue put in another order."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_check import grave_faults
from seeded_studio import Seeded

RECIPE = {"network": "LeNet", "epochs": 4000}


@pytest.fixture
def queue(seeded: Seeded) -> Iterator[list[str]]:
    """A training that runs and three that wait; all are gone after the test."""
    names = ["It works", "Waits first", "Waits second", "Waits third"]
    asked = [{"name": name, "dataset_id": seeded.dataset, "recipe": RECIPE} for name in names]
    made = [seeded.studio.ask("models", one)["items"][0]["id"] for one in asked]
    yield names
    seeded.studio.ask("several/abort", {"models": made})
    for model in made:
        over(seeded, model)
    seeded.studio.ask("several/delete", {"models": made})


def over(seeded: Seeded, model: str) -> None:
    deadline = time.monotonic() + 120
    while seeded.studio.ask(f"models/{model}")["job"]["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, f"{model} does not stop"
        time.sleep(0.3)


def waiting(page: Any) -> list[str]:
    rows = page.locator("#now-section tbody tr").filter(has_text="waits for its turn")
    return [one.strip() for one in rows.locator("th a").all_inner_texts()]


def test_the_queue_is_put_in_order_by_keys_alone(page: Any, queue: list[str]) -> None:
    page.goto("/")
    page.locator("#now-section").get_by_text("training", exact=True).first.wait_for()
    page.wait_for_function("() => document.querySelectorAll('#now-section tbody tr .state.running').length >= 1")
    assert waiting(page) == queue[1:]
    page.get_by_role("button", name="Earlier: Waits third").focus()
    for key, focus, after in (
        ("Enter", "up", ["Waits first", "Waits third", "Waits second"]),
        ("Enter", "down", ["Waits third", "Waits first", "Waits second"]),  # it is the first one now
        ("Space", "down", ["Waits first", "Waits third", "Waits second"]),
    ):
        with page.expect_navigation():
            page.keyboard.press(key)
        page.wait_for_function("way => document.activeElement?.id.startsWith(`${way}-`)", arg=focus)
        assert waiting(page) == after
    assert grave_faults(page) == []


def test_several_are_chosen_by_keys_grouped_deleted_and_brought_back(page: Any, seeded: Seeded) -> None:
    page.goto("/?show=models")
    for name in ("First try", "Second try"):
        page.get_by_role("row").get_by_role("link", name=name, exact=True).focus()
        page.keyboard.press("x")
    page.get_by_text("2 chosen").wait_for()
    assert grave_faults(page) == []
    page.keyboard.press("g")
    page.keyboard.type("Evening")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('[data-count]')?.innerText.startsWith('2')")
    page.get_by_label("Group", exact=True).first.select_option("Evening")
    page.wait_for_url("**group=Evening**")
    links = page.locator("#lists tbody th a")
    assert sorted(links.all_inner_texts()) == ["First try", "Second try"]
    page.get_by_role("checkbox", name="Choose all of this list").check()
    page.get_by_text("2 chosen").wait_for()
    page.keyboard.press("Delete")
    page.get_by_role("status").get_by_text("2 moved to the bin.").wait_for()
    assert page.get_by_role("link", name="First try", exact=True).count() == 0
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="First try", exact=True).first.wait_for()
    page.get_by_role("link", name="Second try", exact=True).first.wait_for()


def test_chosen_columns_stay(page: Any) -> None:
    page.goto("/?show=models")
    page.locator("details.choose > summary").click()
    page.get_by_role("checkbox", name="Batch size").check()
    page.get_by_role("checkbox", name="State").uncheck()
    assert grave_faults(page) == []
    page.get_by_role("button", name="Show these").click()
    page.get_by_role("columnheader", name="Batch size").wait_for()
    page.goto("/?show=models")
    heads = page.locator("#lists thead th")
    assert "Batch size" in [one.strip() for one in heads.all_inner_texts()]
    assert page.get_by_role("columnheader", name=re.compile("^State")).count() == 0
    page.locator("details.choose > summary").click()
    page.get_by_role("button", name="As usual").click()
    page.get_by_role("columnheader", name=re.compile("^State")).wait_for()
    assert page.get_by_role("columnheader", name="Batch size").count() == 0
