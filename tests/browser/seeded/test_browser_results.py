"""Result and Compare by mouse: the matrix opens pictures, classes are sorted, the sealed test is opened once."""

import re
from typing import Any

import pytest
from axe_check import grave_faults
from seeded_studio import Seeded


def shown(page: Any, address: str) -> None:
    """Open the result with its answers, having it scored if that was not done."""
    page.goto(address)
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    again = page.get_by_role("button", name="Show the mistakes")
    if again.count():
        again.click()
        page.get_by_role("link", name="All answers as a table (CSV)").wait_for()


def test_a_cell_of_the_matrix_opens_its_pictures(page: Any, seeded: Seeded) -> None:
    shown(page, f"/models/{seeded.first}/result")
    assert grave_faults(page) == []
    cell = page.locator("table.matrix td a").first
    count = int(cell.inner_text())
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=re.compile("predicted")).wait_for()
    page.get_by_text(re.compile(rf"^\s*{count} pictures?, the most confident")).wait_for()
    assert page.locator(".gallery img").count() == count
    assert (
        page.locator(".gallery img").first.evaluate("async image => (await image.decode(), image.naturalWidth)") == 28
    )
    assert grave_faults(page) == []
    page.locator(".gallery a").first.click()
    page.wait_for_url(re.compile(r"/pictures/val/\d+\?"))  # the page of one picture, which keeps the cell


@pytest.mark.parametrize(("name", "column"), [("Class", 0), ("Pictures", -1), ("Recall", 1)])
def test_the_table_of_classes_is_sorted_both_ways(page: Any, seeded: Seeded, name: str, column: int) -> None:
    page.goto(f"/models/{seeded.first}/result")
    classes = page.get_by_role("region", name="Classes")
    seen = {}
    for _ in range(2):
        head = classes.get_by_role("columnheader", name=name)
        before = head.get_attribute("aria-sort")
        head.get_by_role("link").click()
        page.wait_for_function(
            "([name, old]) => { const now = [...document.querySelectorAll('th[aria-sort]')].find((th) =>"
            " th.innerText.startsWith(name))?.ariaSort; return now && now !== old; }", arg=[name, before],
        )  # fmt: skip
        rows = classes.get_by_role("row").all()[1:]
        seen[head.get_attribute("aria-sort")] = [row.locator("th, td").nth(column).inner_text() for row in rows]
    rising = [float(one.rstrip(" %")) if column else one for one in seen["ascending"]]
    assert rising == sorted(rising)
    assert sorted(seen["descending"]) == sorted(seen["ascending"])
    assert seen["descending"][0] == seen["ascending"][-1]


def test_the_sealed_test_is_opened_once_and_written_down(page: Any, seeded: Seeded) -> None:
    page.goto(f"/models/{seeded.second}/result")
    page.get_by_role("link", name="Sealed test").click()
    page.get_by_role("heading", name="The test is still sealed").wait_for()
    assert "So far it was never opened." in page.get_by_role("main").inner_text()
    page.get_by_role("button", name="Open the sealed test and write it down").click()
    page.get_by_role("heading", name="The sealed test of this dataset was opened once.").wait_for()
    table = page.get_by_role("region", name="The sealed test of this dataset was opened once.")
    assert table.get_by_role("row").nth(1).inner_text().count("Second try") == 1
    assert page.get_by_role("button", name="Open the sealed test and write it down").count() == 0
    page.reload()
    page.get_by_role("heading", name="The sealed test of this dataset was opened once.").wait_for()
    page.goto(f"/models/{seeded.first}/result?split=test")
    page.get_by_text("So far it was opened once, for another model or earlier.").wait_for()


def test_two_models_are_compared(page: Any, seeded: Seeded) -> None:
    for model in (seeded.first, seeded.second):
        shown(page, f"/models/{model}/result")
    page.goto("/")
    for name in ("First try", "Second try"):
        page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Compare models").wait_for()
    for label in ("Validation loss of each model", "Accuracy of each model"):
        assert page.get_by_role("img", name=re.compile(label)).is_visible()
    assert page.get_by_role("region", name="Settings").first.get_by_role("row", name=re.compile("^Epochs")).is_visible()
    page.get_by_text(re.compile(r"paired test, p\s=\s")).wait_for()
    changed = page.get_by_text(re.compile("Pictures whose answer changed: "))
    if changed.count():
        changed.click()
        assert page.locator(".gallery.small img").first.is_visible()
    assert grave_faults(page) == []
