"""What is looked for on a page that a browser shows: its language, colours and width, words left in English, faults."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.layers.activations import ACTIVATIONS
from glasshouse.layers.initializers import INITIALIZERS
from glasshouse.layers.vocabulary import LAYERS
from glasshouse.networks.catalogue import CATALOGUE

SHOTS = os.environ.get("GLASSHOUSE_SCREENSHOTS")  # where to keep pictures of the pages; they take a third of the time
GROUNDS = {"light": "rgb(246, 247, 249)", "dark": "rgb(18, 21, 26)"}
LATIN = re.compile(r"[A-Za-z]{3,}")
# Names stay as they are: of programs, formats, methods, papers, layers, columns, and of what the tests made.
WORDS = """
    Glasshouse English Esc Adam RAdam NAdam Adamax AdaGrad AdaDelta RMSprop adamw Mixup CutMix Learner Layers
    Autodiff Variable Function Arrow NumPy PyTorch Python torch scikit learn Studio cpu png json auto one cycle weight
    decay AdamW source split patient path label cat dog train val test zip tar bias kernel valid same zeros ones
    head conv dense
    curl JavaScript Pillow web node
    All corners Corners Digits My First try Second Still training The failed binned left right both broken twin
    Abort me quickly Written before Trained Looked mina otto vera evening script small net best onnxruntime OpenVINO
    Grad-CAM
    """  # fmt: skip
DRAWN = {word.lower() for word in (*LAYERS, *ACTIVATIONS, *INITIALIZERS, *CATALOGUE, "InputLayer", "input")}
ORDINARY = frozenset({"Input"})  # words that are said in Korean, though a layer may have them as its name
NAMES = frozenset(word for text in (WORDS, *DRAWN) for word in re.findall("[A-Za-z]+", text))
TEXTS = """() => {
  const skipped = "script, style, code, pre, kbd, .mono, svg, textarea, option, datalist, [lang=en], [hidden], time";
  const names = ".gh-graph .name, .gh-graph g > title, .network g > title";  // layers keep the names that they have
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.textContent.trim() && !node.parentElement.closest(skipped)) found.push(node.textContent.trim());
  }
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      if (one.getAttribute(name)) found.push(one.getAttribute(name));
    }
  }
  for (const one of document.querySelectorAll("option")) found.push(one.textContent.trim());
  for (const one of document.querySelectorAll("svg text, svg title")) {
    if (!one.matches(names)) found.push(one.textContent.trim());
  }
  return found;
}"""
WIDER = """width => {
  const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1
    && !one.closest(".scroll, pre, .graph, .drawn, .visually-hidden"));
  return wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 120));
}"""

SMALL = """() => [...document.querySelectorAll("svg text")].filter((one) => one.checkVisibility()).map((one) => ({
  size: one.getScreenCTM().a * parseFloat(getComputedStyle(one).fontSize), text: one.textContent,
})).filter((one) => one.size < 10.9).slice(0, 3).map((one) => `${one.text} (${one.size.toFixed(1)} pixels)`)"""

NO_ROOM = """() => [...document.images].filter((one) => one.checkVisibility() && one.naturalWidth)
  .filter((one) => one.getBoundingClientRect().width < 8).slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""


@dataclass(frozen=True)
class View:
    """How a page is looked at: ``language`` en or ko, ``theme`` light or dark, ``width`` in pixels."""

    language: str
    theme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


@contextmanager
def opened(browser: Any, address: str, view: View, **more: Any) -> Iterator[tuple[Any, list[str]]]:
    """A page of a Studio, and the faults that its console tells."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 900}, locale={"en": "en-US", "ko": "ko-KR"}[view.language],
        color_scheme=view.theme, base_url=address, reduced_motion="reduce", **more,  # no colour on its way to another
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(90_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error.stack}"))
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    yield page, faults
    context.close()


def wrong_with(page: Any, view: View) -> list[str]:
    """Return what is wrong with a page as it stands: language, colours, width, words left in English."""
    found = []
    if page.evaluate("document.documentElement.lang") != view.language:
        found.append(f"its language is not {view.language}")
    if page.evaluate("getComputedStyle(document.body).backgroundColor") != GROUNDS[view.theme]:
        found.append(f"its colours are not {view.theme}")
    if page.evaluate("document.documentElement.scrollWidth") > view.width:
        found.append(f"wider than {view.width} pixels: {page.evaluate(WIDER, view.width)}")
    found += [f"too small to be read: {one}" for one in page.evaluate(SMALL)]
    found += [f"a picture without room: {one}" for one in page.evaluate(NO_ROOM)]
    if view.language == "ko":
        found += [f"left in English: {text[:90]}" for text in page.evaluate(TEXTS) if english(text)]
    return found


def english(text: str) -> bool:
    """Say whether a text holds words of English beside names and paths, or beside Korean a whole phrase of it."""
    words = LATIN.findall(re.sub(r"\S*[/\\_.=:@]\S*|\S*\d\S*", " ", text))
    named = [word for word in words if word not in ORDINARY and NAMES & {word, word.lower()}]
    left = [word for word in words if word not in named and not word.isupper()]
    return len(left) > (3 if re.search("[가-힣]", text) else 0)


def faults_of_access(axe: Any, page: Any) -> list[str]:
    """Return what axe calls serious or critical."""
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:150]}"
        for one in axe.run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def keep_shot(page: Any, name: str, view: View) -> None:
    """Keep a picture of the whole page as ``NAME-LANGUAGE-THEME-WIDTH.png`` in ``GLASSHOUSE_SCREENSHOTS``, if that is
    set.
    """
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{view}.png"), full_page=True, animations="disabled")
