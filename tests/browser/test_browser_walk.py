"""The whole way of a new user, by labels and roles: in English, light and wide, and in Korean, dark and narrow."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from seen import View, keep_shot, opened, wrong_with
from studio_running import Studio

from corner_pictures import draw_pictures
from glasshouse.web.framework.language import texts

VIEWS = [View("en", "light", 1280), View("ko", "dark", 390)]
JOB_PATIENCE = 180_000.0  # milliseconds of a small training, on a computer that does much else
LAST = "Number(document.getElementById('live')?.dataset.last ?? 0)"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    draw_pictures(tmp_path / "given" / "corners")
    made = Studio(tmp_path / "home", tmp_path / "given")
    yield made
    made.stop()


class Walker:
    """A person at a page, who reads it in the language of the view."""

    def __init__(self, page: Any, view: View) -> None:
        self.page, self.view = page, view
        self.say = texts(view.language).gettext
        self.found: list[str] = []
        self.steps = 0

    def by(self, role: str, text: str) -> Any:
        """The thing of a role that is called as the catalogue says ``text``."""
        return self.page.get_by_role(role, name=self.say(text), exact=True)

    def press(self, role: str, text: str) -> None:
        self.by(role, text).first.click()

    def field(self, text: str) -> Any:
        return self.page.get_by_label(self.say(text), exact=True)

    def write(self, **words: str) -> None:
        for label, value in words.items():
            self.field(label).fill(value)

    def see(self, text: str, **more: Any) -> None:
        self.page.get_by_text(self.say(text)).first.wait_for(**more)

    def show(self, name: str) -> None:
        """Keep a picture of the page as it is now, and what is wrong there."""
        self.steps += 1
        keep_shot(self.page, f"walk-{self.steps:02d}-{name}", self.view)
        self.found += [f"{name}: {one}" for one in wrong_with(self.page, self.view)]


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_the_whole_way(browser: Any, studio: Studio, view: View) -> None:
    pictures = studio.home.parent / "given" / "corners"
    with opened(browser, studio.address, view) as (page, faults):
        walker = Walker(page, view)
        makes_a_dataset(walker, pictures)
        explores(walker)
        trains_aborts_and_resumes(walker)
        clones(walker)
        reads_the_result(walker)
        classifies(walker, pictures)
        compares(walker)
        assert faults == []
        lives_through_a_restart(walker, studio)
    assert not walker.found, "\n".join(walker.found)


def makes_a_dataset(walker: Walker, pictures: Path) -> None:
    page = walker.page
    page.goto("/")
    walker.show("home-empty")
    page.get_by_role("main").get_by_role("link", name=walker.say("New dataset")).click()
    walker.field("A folder of class folders").set_input_files(pictures)
    walker.press("button", "Upload")
    walker.by("heading", "Preview").wait_for()
    assert walker.field("Name").input_value() == "corners"
    walker.write(Width="28", Height="28")
    walker.field("Colour").select_option("gray")
    walker.press("button", "Update the preview")
    page.locator("#preview:not([aria-busy]) img").first.wait_for()
    walker.write(Name="My corners")
    walker.show("preview")
    walker.press("button", "Create dataset")
    page.get_by_role("link", name=re.compile(rf"{walker.say('Left out')} \(1\)")).wait_for()
    walker.show("dataset")


def explores(walker: Walker) -> None:
    page = walker.page
    walker.press("link", "Explore")
    walker.field("Class").select_option("both")
    page.wait_for_url("**class=both**")
    walker.show("explore")
    page.locator(".gallery a").first.click()
    walker.see("Original size")
    page.go_back()
    assert "class=both" in page.url


def trains_aborts_and_resumes(walker: Walker) -> None:
    page = walker.page
    page.goto("/models/new")
    walker.write(Name="Abort me")
    page.get_by_role("radio", name=walker.say("Accurate")).check()
    walker.press("button", "Create and train")
    curve = re.compile(re.escape(walker.say("Loss of training and validation over the epochs")))
    page.get_by_role("slider", name=curve).wait_for()
    page.wait_for_function(f"() => {LAST} > 2")
    seen = page.evaluate(LAST)
    page.wait_for_function(f"seen => {LAST} > seen", arg=seen)
    walker.show("training")
    walker.press("button", "Abort")
    walker.press("button", "Resume")
    walker.press("button", "Abort")
    walker.by("button", "Resume").wait_for()
    walker.show("aborted")


def clones(walker: Walker) -> None:
    walker.press("link", "Clone")
    assert walker.field("Name").input_value() == "Abort me 2"
    walker.write(Name="Corners, quickly", Epochs="3")
    walker.press("button", "Create and train")
    walker.by("link", "See the result").wait_for()
    walker.show("trained")


def reads_the_result(walker: Walker) -> None:
    walker.press("link", "See the result")
    walker.by("heading", "Confusion matrix").wait_for()
    walker.show("result")
    walker.press("link", "Sealed test")
    walker.press("button", "Open the sealed test and write it down")
    walker.by("heading", "Confusion matrix").wait_for()
    walker.show("sealed-test")


def classifies(walker: Walker, pictures: Path) -> None:
    page = walker.page
    page.get_by_role("main").get_by_role("link", name=walker.say("Classify One"), exact=True).first.click()
    page.wait_for_url("**/classify", wait_until="load")
    walker.field("Picture").set_input_files(sorted(pictures.glob("both/*.png"))[0])
    walker.see("What the model sees")
    assert page.locator(".bars li").count() == 3
    walker.show("classified-one")
    page.get_by_role("main").get_by_role("link", name=walker.say("Classify Many"), exact=True).first.click()
    page.wait_for_url("**/many", wait_until="load")
    walker.field("A folder").set_input_files(pictures)
    walker.press("button", "Upload")
    walker.press("button", "Classify them")
    walker.by("heading", "Compared with the truth").wait_for()
    walker.show("classified-many")


def compares(walker: Walker) -> None:
    page = walker.page
    page.goto("/")
    for name in ("Abort me", "Corners, quickly"):
        page.get_by_role("checkbox", name=walker.say("Choose %(name)s") % {"name": name}, exact=True).check()
    walker.show("chosen")
    walker.press("button", "Compare")
    curves = re.compile(re.escape(walker.say("Validation loss of each model over the epochs")))
    page.get_by_role("img", name=curves).wait_for()
    walker.show("compare")


def lives_through_a_restart(walker: Walker, studio: Studio) -> None:
    """A form keeps its text over an error, over a server that is away, and over its restart."""
    page = walker.page
    page.goto("/models/new")
    walker.write(Name="Written before")
    page.get_by_role("radio", name=walker.say("My own settings")).check()
    walker.write(**{"Batch size": "many"})
    walker.press("button", "Create and train")
    page.locator("[role=alert]").first.wait_for()
    assert walker.field("Name").input_value() == "Written before"
    assert walker.field("Batch size").input_value() == "many"
    walker.show("form-with-an-error")
    page.goto("/models/new")
    page.get_by_role("radio", name=walker.say("My own settings")).check()
    walker.write(**{"Name": "Written before", "Batch size": "16", "Epochs": "2"})
    studio.process.send_signal(signal.SIGKILL)
    studio.process.wait(30)
    walker.by("button", "Create and train").click(no_wait_after=True)
    page.wait_for_timeout(500)
    studio.start()
    page.goto("/models/new")
    assert walker.field("Name").input_value() == "Written before"
    assert walker.field("Epochs").input_value() == "2"
    walker.press("button", "Create and train")
    page.get_by_role("heading", name="Written before", exact=True).wait_for()
    assert "/models/new" not in page.url
    walker.by("link", "See the result").wait_for(timeout=JOB_PATIENCE)
