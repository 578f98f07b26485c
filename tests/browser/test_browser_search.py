"""From a dropped zip to a finished search and its model: in English, light and wide; in Korean, dark and narrow."""

import base64
import zipfile
from pathlib import Path
from typing import Any

import pytest
from seen import View, faults_of_access, keep_shot, opened, wrong_with
from studio_running import Running

from glasshouse.web.framework.language import texts

VIEWS = [View("en", "light", 1280), View("ko", "dark", 390)]
PATIENCE = 300_000.0  # milliseconds of a search among two small networks, on a computer that does much else


def zipped(pictures: Path, place: Path) -> Path:
    """Return a zip of some small pictures in class folders."""
    archive = place / "corners.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for folder in sorted(one for one in pictures.iterdir() if one.is_dir()):
            for one in sorted(folder.glob("*-*.png"))[:24]:
                file.write(one, one.relative_to(pictures))
    return archive


def drop(page: Any, file: Path) -> None:
    """Drop a file on the page's place for pictures."""
    transfer = page.evaluate_handle(
        """([name, data]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name));
          return transfer;
        }""",
        [file.name, base64.b64encode(file.read_bytes()).decode("ascii")],
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_from_a_dropped_zip_to_a_finished_search(browser: Any, running: Running, tmp_path: Path, view: View) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    say = texts(view.language).gettext
    wrong: list[str] = []

    def show(page: Any, name: str) -> None:
        keep_shot(page, f"search-{name}", view)
        wrong.extend(f"{name}: {one}" for one in (*wrong_with(page, view), *faults_of_access(axe, page)))

    with opened(browser, running.address, view) as (page, faults):
        page.goto("/datasets/new?from=upload")
        archive = zipped(running.pictures, tmp_path)
        if view.language == "en":
            drop(page, archive)
        else:  # chosen instead, as by keyboard
            page.get_by_label(say("A zip or tar file, or many pictures")).set_input_files(archive)
            page.get_by_role("button", name=say("Upload"), exact=True).click()
        page.get_by_role("heading", name=say("Preview")).wait_for()
        for label in ("Width", "Height"):
            page.get_by_label(say(label), exact=True).fill("28")
        page.get_by_label(say("Colour"), exact=True).select_option("gray")
        page.get_by_label(say("Name"), exact=True).fill("corners")
        page.get_by_role("button", name=say("Create dataset"), exact=True).click()
        page.get_by_role("link", name=say("Explore"), exact=True).first.wait_for()
        key = page.url.rsplit("/", 1)[1].partition("?")[0]
        page.goto(f"/models/new?dataset={key}&candidates=1")
        page.get_by_role("radio", name=say("Find the best")).check()
        page.get_by_label(say("Name"), exact=True).fill("best corners")
        show(page, "form")
        page.get_by_role("button", name=say("Create and train"), exact=True).click()
        page.wait_for_url("**/search")
        show(page, "begins")
        page.get_by_role("link", name=say("Use it now"), exact=True).wait_for(timeout=PATIENCE)
        page.locator("[data-state^=done]").wait_for(timeout=PATIENCE)
        assert page.locator("table.board tbody tr").count() == 1
        show(page, "done")
        page.locator("#candidate-1").click()
        page.get_by_role("link", name=say("To the search")).click()
        page.get_by_role("link", name=say("Use it now"), exact=True).click()
        page.get_by_role("heading", name="best corners").wait_for()
        assert page.url.endswith("/classify")
        assert faults == []
    assert not wrong, "\n".join(wrong)
