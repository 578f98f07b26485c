"""New dataset and dataset in a browser: the preview follows, uploads survive a reload, arrows turn pages."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from studio_running import Running


@pytest.fixture
def page(browser: Any, running: Running) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", base_url=running.address)
    made = context.new_page()
    made.set_default_timeout(60_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    yield made
    context.close()
    assert faults == []


def test_the_preview_follows_the_form(page: Any, running: Running) -> None:
    page.goto(f"/datasets/new?from=folder&source={running.pictures}&width=40&height=40")
    page.get_by_text("after resizing to 40 × 40").wait_for()
    page.get_by_label("Width", exact=True).fill("64")
    page.get_by_text("after resizing to 64 × 40").wait_for()
    page.get_by_label("Resizing", exact=True).select_option("pad")
    page.locator("li.chosen", has_text="Pad").wait_for()
    picture = page.locator("[data-pick]").nth(5)
    path = picture.get_attribute("value")
    picture.focus()
    page.keyboard.press("Enter")
    page.locator("#preview p.mono", has_text=path).wait_for()
    assert page.evaluate("() => document.activeElement.value") == path
    assert "resize=pad" in page.url
    assert f"example={path}".replace("/", "%2F") in page.url
    page.get_by_label("For validation", exact=True).fill("95")
    page.locator("#preview .note.bad").wait_for()
    page.reload()
    assert page.get_by_label("Width", exact=True).input_value() == "64"


def test_enter_in_a_field_looks_and_makes_nothing(page: Any, running: Running) -> None:
    page.goto(f"/datasets/new?from=folder&source={running.pictures}&name=Not+yet&width=40&height=40")
    page.get_by_label("Width", exact=True).fill("50")
    page.keyboard.press("Enter")
    page.get_by_text("after resizing to 50 × 40").wait_for()
    assert "/datasets/new" in page.url


def test_an_upload_goes_on_after_a_reload(page: Any, running: Running, tmp_path: Path) -> None:
    archive = tmp_path / "corners.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for one in sorted(running.pictures.rglob("*.png")):
            file.write(one, one.relative_to(running.pictures))
        file.writestr("both/large.bin", bytes(range(256)) * 4 * 20_000)
    pieces: list[str] = []

    def cut(route: Any) -> None:
        pieces.append(route.request.url)
        route.continue_() if len(pieces) < 2 else route.abort()

    page.goto("/datasets/new?from=upload")
    page.route("**/api/v1/uploads/*/files/**", cut)
    page.get_by_label("A zip or tar file").set_input_files(archive)
    page.get_by_role("button", name="Upload").click()
    page.get_by_text(re.compile(r"8\.4 / ")).wait_for()
    while len(pieces) < 2:  # the second piece is asked for a moment after the first is told
        page.wait_for_timeout(20)
    page.unroute("**/api/v1/uploads/*/files/**")
    page.route("**/api/v1/uploads/*", lambda route: route.abort())  # the Studio is away: nothing is forgotten
    page.goto("/datasets/new?from=upload")
    page.wait_for_timeout(500)
    page.unroute("**/api/v1/uploads/*")
    page.goto("/datasets/new?from=upload")
    page.get_by_text(re.compile(r"The upload of corners stopped at \d+ %")).wait_for()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    page.get_by_label("A zip or tar file").set_input_files(archive)
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("92 pictures in 3 classes").wait_for()
    assert sent
    assert all("offset=0" not in one for one in sent)


def test_arrows_go_from_picture_to_picture(page: Any, running: Running) -> None:
    recipe = {"source": str(running.pictures), "width": 24, "height": 24}
    made = page.request.post("/api/v1/datasets", data={"name": "Arrows", "recipe": recipe}).json()
    page.goto(f"/datasets/{made['id']}")
    page.get_by_role("link", name="Left out (1)").wait_for()
    page.goto(f"/datasets/{made['id']}/pictures/train/0?class=left")
    rows = [one["row"] for one in page.request.get(
        f"/api/v1/datasets/{made['id']}/pictures", params={"class": "left", "limit": 3}).json()["items"]]  # fmt: skip
    page.goto(f"/datasets/{made['id']}/pictures/train/{rows[0]}?class=left")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/pictures/train/{rows[1]}?class=left")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/pictures/train/{rows[0]}?class=left")
    assert page.get_by_role("img", name=re.compile("The original")).evaluate("image => image.naturalWidth") == 32
