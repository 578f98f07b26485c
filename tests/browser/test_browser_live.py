"""The live page of a training: ten tabs at once, values by keys, a server that goes away and comes back."""

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from studio_running import Studio

LAST = "() => Number(document.getElementById('live')?.dataset.last ?? 0)"


def train(studio: Studio) -> str:
    """Start a long training on the bundled digits and return its model."""
    recipe = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"}
    dataset = studio.ask("datasets", {"name": "digits", "recipe": recipe})["id"]
    asked = {"name": "long", "dataset_id": dataset, "recipe": {"network": "LeNet", "epochs": 3000}}
    return str(studio.ask("models", asked)["items"][0]["id"])


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = Studio(tmp_path_factory.mktemp("live") / "home")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def model(studio: Studio) -> str:
    made = train(studio)
    deadline = time.monotonic() + 180
    while studio.ask(f"models/{made}/points")["epoch"] < 2:
        assert time.monotonic() < deadline, "the training did not begin"
        time.sleep(0.5)
    return made


@pytest.fixture
def context(browser: Any, studio: Studio) -> Iterator[Any]:
    made = browser.new_context(base_url=studio.address, locale="en-US")
    made.set_default_timeout(60_000)
    yield made
    made.close()


def moves(page: Any) -> None:
    """Wait until the page has points, and then more of them."""
    page.wait_for_function(f"() => ({LAST})() > 2")
    seen = page.evaluate(LAST)
    page.wait_for_function(f"seen => ({LAST})() > seen", arg=seen)


def test_ten_tabs_on_one_training_all_go_on(context: Any, model: str) -> None:
    tabs = [context.new_page() for _ in range(10)]
    for tab in tabs:
        tab.goto(f"/models/{model}", wait_until="domcontentloaded")
    for tab in tabs:
        moves(tab)
        assert tab.locator("#connection").is_hidden()


def test_values_are_read_out_by_keys_and_the_choice_stands_in_the_address(context: Any, model: str) -> None:
    page = context.new_page()
    page.goto(f"/models/{model}")
    chart = page.get_by_role("slider", name="Loss of training and validation over the epochs")
    chart.wait_for()
    page.wait_for_function("() => document.querySelectorAll('[data-plot=loss] .dot.train').length > 1")
    chart.focus()
    page.keyboard.press("Home")
    assert chart.get_attribute("aria-valuetext").startswith("epoch 0")
    page.keyboard.press("ArrowRight")
    said = chart.get_attribute("aria-valuetext")
    assert said.startswith("epoch 1") and "Training" in said and "Validation" in said
    page.get_by_label("Logarithmic").check()
    assert page.url.endswith("?log=1")
    page.reload()
    assert page.get_by_label("Logarithmic").is_checked()


def test_the_bar_is_that_of_the_whole_training_and_never_falls(context: Any, model: str) -> None:
    """Each epoch ends with a look at the validation pictures, which has no bar of its own."""
    page = context.new_page()
    page.goto(f"/models/{model}")
    moves(page)
    values = page.evaluate(
        """async () => {
          const seen = [];
          for (let k = 0; k < 40; k++) {
            seen.push(document.querySelector("[data-progress] progress").value);
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          return seen;
        }"""
    )
    assert values == sorted(values)
    assert 0 < values[-1] < 60


def test_a_killed_server_is_told_of_and_the_page_goes_on_when_it_is_back(
    context: Any, studio: Studio, model: str
) -> None:
    page = context.new_page()
    page.goto(f"/models/{model}")
    moves(page)
    studio.process.send_signal(signal.SIGKILL)
    studio.process.wait(30)
    notice = page.get_by_text("The connection to the Studio is lost. Training goes on")
    notice.wait_for()
    studio.start()
    notice.wait_for(state="hidden")
    moves(page)
    page.get_by_role("button", name="Abort").click()
    page.get_by_role("button", name="Resume").wait_for()
