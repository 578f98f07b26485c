"""Look inside by links and keys: one picture followed down to a weight, and the graph; accessible."""

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from studio_running import Running

VIEWS = [("en", "light", 1280), ("ko", "dark", 390)]


def call(running: Running, path: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(
        f"{running.address}/api/v1{path}", data=body, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


@pytest.fixture(scope="module")
def model(running: Running) -> Iterator[str]:
    """The address of a LeNet that the running Studio trained for one epoch."""
    recipe = {"source": str(running.pictures), "width": 28, "height": 28, "color": "gray", "valid": 0.2}
    dataset = call(running, "/datasets", {"name": "To look into", "recipe": recipe})
    asked = {"name": "Looked into", "dataset_id": dataset["id"], "recipe": {"network": "LeNet", "epochs": 1}}
    made = call(running, "/models", asked)["items"][0]["id"]
    for _ in range(300):
        state = call(running, f"/models/{made}")["job"]["state"]
        if state in ("done", "failed"):
            break
        time.sleep(0.5)
    assert state == "done"
    yield f"/models/{made}"


@pytest.fixture
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


def test_from_a_mistake_to_the_next_and_back_to_the_list(page: Any, model: str) -> None:
    page.goto(f"{model}/result")
    page.locator("a[href*='list=mistakes']").first.click()
    page.locator("#evidence").wait_for()
    assert page.get_by_text("not checked", exact=True).first.is_visible(), "no map without its check"
    first = page.url
    page.get_by_role("slider").fill("20")
    assert page.locator("#evidence").evaluate("map => map.style.opacity") == "0.2"
    page.keyboard.press("ArrowRight")  # on the slider it moves the slider
    assert page.url == first
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != first)
    assert "list=mistakes" in page.url
    page.locator("#evidence").wait_for()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(first)
    page.get_by_role("link", name="Mistakes", exact=True).click()
    page.wait_for_url(f"**{model}/result?split=val#surest")


def test_a_picture_is_followed_by_links_and_keys(page: Any, model: str) -> None:
    page.goto(model)
    page.get_by_role("link", name="Look inside", exact=True).click()
    page.get_by_role("heading", name="1. Forward: from the picture to the classes").wait_for()
    page.get_by_role("heading", name="2. The loss: how wrong that is").wait_for()
    page.get_by_role("link", name="dense", exact=True).first.click()
    page.get_by_role("heading", name="Layer dense", exact=True).wait_for()
    assert "layer=dense" in page.url
    first = page.get_by_role("heading", name="4. One weight: dense/kernel").inner_text()
    more = page.get_by_role("link", name="output: one more")
    more = more if more.count() else page.get_by_role("link", name="output: one less")
    more.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**index=**")
    page.get_by_role("heading", name="4. One weight: dense/kernel").wait_for()
    assert page.get_by_role("heading", name="4. One weight: dense/kernel").inner_text() != first
    page.get_by_text("Where ∂L/∂y comes from").click()
    page.get_by_text("∂L/∂z = p·Σc − c =").wait_for()
    page.get_by_label("Weights", exact=True).select_option("initial")
    page.wait_for_url("**moment=initial**")
    page.get_by_role("heading", name="4. One weight: dense/kernel").wait_for()
    assert "layer=dense" in page.url


def test_a_picture_of_ones_own_and_the_graph(page: Any, model: str, running: Running) -> None:
    page.goto(f"{model}/follow")
    page.get_by_text("Use your own picture").click()
    page.get_by_label("Picture", exact=True).set_input_files(sorted(running.pictures.glob("both/*.png"))[0])
    page.get_by_role("button", name="Follow it").click()
    page.get_by_text("Back to the dataset's pictures").wait_for()
    page.get_by_role("heading", name="4. One weight").wait_for()
    page.get_by_role("link", name="Graph", exact=True).click()
    page.locator("svg.gh-graph").wait_for()


@pytest.mark.parametrize(("language", "theme", "width"), VIEWS, ids=[f"{v[0]}-{v[1]}-{v[2]}" for v in VIEWS])
def test_both_pages_are_accessible_and_fit(
    browser: Any, running: Running, model: str, language: str, theme: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme=theme, base_url=running.address
    )
    view = context.new_page()
    view.set_default_timeout(60_000)
    found = []
    for address, sign in ((f"{model}/follow", "#weight"), (f"{model}/follow/graph", "svg.gh-graph")):
        view.goto(address)
        view.locator(sign).first.wait_for()
        for one in axe.run(view).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                found.append(f"{address}: {one['id']}: {one['nodes'][0]['html'][:150]}")
        if view.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{address}: wider than {width} pixels")
    context.close()
    assert found == []
