"""The way of a new user, by label and role: dataset, model, curves, result, a picture classified; and accessibility."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from studio_running import Running

SHOTS = os.environ.get("GLASSHOUSE_SCREENSHOTS")
VIEWS = [
    ("en", "light", 1280),
    ("ko", "dark", 390),
]


@pytest.fixture(scope="module")
def page(browser: Any, running: Running) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", base_url=running.address)
    made = context.new_page()
    made.set_default_timeout(60_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    yield made
    context.close()
    assert faults == []


def by(page: Any, role: str, name: str, **more: Any) -> Any:
    return page.get_by_role(role, name=name, exact=True, **more)


def test_1_the_empty_home_leads_to_a_dataset(page: Any) -> None:
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="New dataset").click()
    by(page, "heading", "New dataset").wait_for()


def test_2_a_folder_is_uploaded_previewed_and_made(page: Any, running: Running) -> None:
    page.goto("/datasets/new")
    page.get_by_label("A folder of class folders").set_input_files(running.pictures)
    by(page, "button", "Upload").click()
    by(page, "heading", "Preview").wait_for()
    assert "91 pictures in 3 classes" in page.get_by_role("main").inner_text()
    assert page.get_by_label("Name", exact=True).input_value() == "corners"
    page.get_by_label("Width", exact=True).fill("28")
    page.get_by_label("Height", exact=True).fill("28")
    page.get_by_label("Colour", exact=True).select_option("gray")
    by(page, "button", "Update the preview").click()
    by(page, "heading", "Preview").wait_for()
    page.get_by_label("Name", exact=True).fill("My corners")
    by(page, "button", "Create dataset").click()
    by(page, "link", "Left out (1)").wait_for()


def test_3_its_pictures_are_explored_by_keyboard(page: Any) -> None:
    by(page, "link", "Explore").click()
    page.get_by_label("Class", exact=True).select_option("both")
    page.get_by_text(re.compile(r"1 to (\d+) of \1 pictures")).wait_for()
    page.locator("body").click(position={"x": 2, "y": 300})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_text("Original size").wait_for()
    page.go_back()
    assert "class=both" in page.url


def test_4_a_model_needs_a_name_and_its_curves_move(page: Any) -> None:
    page.goto("/models/new")
    page.get_by_label("Name", exact=True).fill("Abort me")
    page.get_by_role("radio", name="Accurate").check()
    by(page, "button", "Create and train").click()
    page.get_by_role("slider", name=re.compile("Loss of training")).wait_for(timeout=40_000)
    page.wait_for_function("() => Number(document.getElementById('live').dataset.last) > 2")
    first = page.locator("#live").get_attribute("data-last")
    page.wait_for_function("old => document.getElementById('live').dataset.last !== old", arg=first)


def test_5_it_is_aborted_and_resumed(page: Any) -> None:
    by(page, "button", "Abort").click()
    by(page, "button", "Resume").wait_for()
    by(page, "button", "Resume").click()
    by(page, "button", "Abort").wait_for()
    by(page, "button", "Abort").click()
    by(page, "button", "Resume").wait_for()


def test_6_a_clone_is_filled_in_and_trains_to_the_end(page: Any) -> None:
    by(page, "link", "Clone").click()
    assert page.get_by_label("Name", exact=True).input_value() == "Abort me 2"
    page.get_by_label("Name", exact=True).fill("Corners, quickly")
    page.get_by_label("Epochs", exact=True).fill("3")
    by(page, "button", "Create and train").click()
    by(page, "link", "See the result").wait_for(timeout=60_000)


def test_7_the_result_and_a_classified_picture(page: Any, running: Running) -> None:
    by(page, "link", "See the result").click()
    by(page, "heading", "Confusion matrix").wait_for()
    by(page, "link", "Sealed test").click()
    by(page, "button", "Open the sealed test and write it down").click()
    page.get_by_text("The sealed test of this dataset was opened once.").wait_for(timeout=30_000)
    page.get_by_role("main").get_by_role("link", name="Classify One").first.click()
    page.wait_for_url("**/classify", wait_until="load")
    page.get_by_label("Picture", exact=True).set_input_files(sorted(running.pictures.glob("both/*.png"))[0])
    page.get_by_text("What the model sees").wait_for(timeout=30_000)
    assert page.locator(".bars li").count() == 3


def test_8_models_are_compared_and_augmentation_is_seen(page: Any) -> None:
    page.goto("/")
    page.get_by_role("checkbox", name="Choose Abort me").check()
    page.get_by_role("checkbox", name="Choose Corners, quickly").check()
    by(page, "button", "Compare").click()
    page.get_by_role("img", name=re.compile("Validation loss of each model")).wait_for()
    page.goto("/models/new?preset=own")
    page.get_by_label("Rotation", exact=True).fill("30")
    by(page, "button", "Show it on my pictures").click()
    page.get_by_role("img", name="changed").first.wait_for(timeout=30_000)


def test_8_a_page_at_rest_does_not_load_itself_again(page: Any) -> None:
    page.goto("/")
    page.evaluate("window.stays = true")
    page.wait_for_timeout(6500)
    assert page.evaluate("window.stays")


def test_8_deleting_can_be_undone(page: Any) -> None:
    page.goto("/")
    page.get_by_role("link", name="Abort me").first.click()
    by(page, "button", "Delete").click()
    page.get_by_text("Moved to the bin.").wait_for()
    by(page, "button", "Undo").click()
    by(page, "heading", "Abort me").wait_for()


def test_9_a_half_filled_form_survives_a_reload(page: Any) -> None:
    page.goto("/models/new")
    page.get_by_label("Name", exact=True).fill("Half")
    page.reload()
    assert page.get_by_label("Name", exact=True).input_value() == "Half"


@pytest.mark.parametrize(("language", "theme", "width"), VIEWS, ids=[f"{v[0]}-{v[1]}-{v[2]}" for v in VIEWS])
def test_every_page_is_accessible_and_fits(
    browser: Any, running: Running, page: Any, language: str, theme: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=theme, base_url=running.address
    )
    view = context.new_page()
    found = []
    for name, address in addresses(view).items():
        view.goto(address)
        view.wait_for_load_state("networkidle")
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            view.screenshot(path=str(Path(SHOTS) / f"{name}-{language}-{theme}-{width}.png"), full_page=True)
        for one in axe.run(view).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                found.append(f"{name}: {one['id']}: {one['nodes'][0]['html'][:150]}")
        if view.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{name}: wider than {width} pixels")
    context.close()
    assert found == []


def addresses(view: Any) -> dict[str, str]:
    """Return an address of every kind of page, of the things that the tests before made."""
    view.goto("/")
    links = [link.get_attribute("href") for link in view.locator("main tbody th a").all()]
    data = next(link for link in links if link.startswith("/datasets/"))
    view.goto("/?q=quickly")
    model = view.locator("main tbody th a").first.get_attribute("href")
    other = next(link for link in links if link.startswith("/models/") and link != model)
    return {
        "home": "/", "bin": "/bin", "dataset-new": "/datasets/new",
        "dataset-preview": "/datasets/new?from=sample&source=sample:digits&width=28&height=28&color=gray",
        "dataset": data, "explore": f"{data}/explore", "left-out": f"{data}/left-out", "twins": f"{data}/twins",
        "recipe": f"{data}/recipe", "picture": f"{data}/pictures/train/0", "model-new": "/models/new?preset=own",
        "model": model, "details": f"{model}/details", "result": f"{model}/result", "classify": f"{model}/classify",
        "sign-in": "/sign-in", "many": f"{model}/many", "compare": f"/compare?chosen={model[1:]}&chosen={other[1:]}",
    }  # fmt: skip
