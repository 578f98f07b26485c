"""The English that people read keeps to the field's terms and to plain words: no phrase of habit comes back.

Looked through: texts of the pages and of the library (the keys of their catalogues), ``--help``, and the documents.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from glasshouse.cli.main import app
from glasshouse.ladder.comments import sentences
from glasshouse.web.framework.language import catalogue, library_texts

ROOT = Path(__file__).parents[2]
FORBIDDEN = {  # a regular expression, in any case: what to write instead
    r"longest step": "Gradient clipping (max norm)",
    r"batches gathered": "Gradient accumulation (batches)",
    r"numbers of the computation": "Precision",
    r"mean and spread of the pixels": "Pixel normalization",
    r"running mean of the weights": "Weight averaging (EMA)",
    r"order of the pictures": "Sampling",
    r"\bin and out\b": "Look inside, or what it shows",
    r"what you search": "matches your search",
    r"looking what": "checking which",
    r"and not given": "required",
    r"keep for me": "Make private",
    r"said to be|\bsaid (?:%\(|\{)": "predicted",
    r"made ready": "prepared",
    r"\bshall become\b": "should happen to",
    r"\bat rest\b": "still running or queued; idle",
    r"\bso many\b": "this many",
    r"\b(?:tells?|told) of\b|\b(?:is|are|was|were) told\b|\btold (?:in|by|at once|once|before)\b": "reported, shown",
    r"\b(?:logs?|results?|histograms?|files?|marks?|this|colours?|names) (?:may )?tells?\b": "shows",
    r"\bof (?:one's|its|your|their) own\b": "custom, your own, separate",
    r"\ba (?:picture|name|class|path|file|row|box) a (?:line|row|layer|class)\b": "one … per …",
    r"\b(?:one|name|entry|picture) a line\b": "one … per line",
    r"\bstands?\b": "is",
    r"\basked for\b": "requested, required",
    r"\bsurest\b": "most confident",
    r"\b(?:stay|kept|keeps?) on one side\b|\bdealt out\b": "in the same subset; split",
    r"\btest part\b": "test set",
    r"\b(?:taken for|be told apart)\b": "predicted; distinguished",
    r"\bone's own\b": "your own, custom",
    r"(?:^|[.;:] )where\b": "if, when",
    r"\bgrows? image classifiers\b": "trains image classifiers",
}
MEANT = (  # parts of texts in which a word has its plain sense: a place, a question, a body that stands
    "Where are the pictures?",
    "Where from",
    "Where ∂L/∂y comes from",
    "Where does ∂L/∂y come from?",
    "Where the relative paths of a list or table begin",
    "Where it steps, in percent of the training",
    "Where the schedule of several steps goes down",
    "Where one cycle reaches its highest rate",
    "Where the pictures come in: height, width and channels",
    "Where things are, what each room owns",
    "; where it takes effect in `training/`",
    "wrong if things stand on the ground",
    "the weights are where we stand",
)


def helped(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield what ``--help`` says of ``command``, its options and the commands below it, each with its name."""
    yield name, command.help or ""
    for option in command.params:
        yield f"{name} {option.name}", getattr(option, "help", None) or ""
    for word, below in getattr(command, "commands", {}).items():
        yield from helped(below, f"{name} {word}")


def documents() -> Iterator[tuple[str, str]]:
    """Yield each paragraph of the documents in English, without blocks of code, with the file it is in."""
    places = ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/*.md", "docs/recipes/*.md",
              "docs/lessons/*.md", "docs/lessons/en/*.md", "docs/engine-in-steps/*.md")  # fmt: skip
    for file in sorted(file for place in places for file in ROOT.glob(place) if ".ko." not in file.name):
        text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.S)
        yield from ((str(file.relative_to(ROOT)), paragraph) for paragraph in text.split("\n\n"))


def pages() -> Iterator[tuple[str, str]]:
    """Yield each text that a template or a module of the web marks for translation."""
    for message in catalogue("ko"):
        yield from (("a page", text) for text in ((message.id,) if isinstance(message.id, str) else message.id))


def faults(texts: Iterator[tuple[str, str]]) -> tuple[int, list[str]]:
    """Return how many texts there are, and what is wrong in them: where, the phrase, and what to write instead."""
    wrong, count = [], 0
    for place, text in texts:
        plain, count = " ".join(text.split()), count + 1
        for part in MEANT:
            plain = plain.replace(part, "")
        for phrase, better in FORBIDDEN.items():
            if found := re.search(phrase, plain, re.I):
                wrong.append(f"{place}: {found[0]!r} in {plain[:200]!r}; write: {better}")
    return count, wrong


@pytest.mark.parametrize(
    ("texts", "least"),
    [
        pytest.param(pages, 1000, id="pages"),
        pytest.param(lambda: (("the library", text) for text in library_texts("ko")), 900, id="library"),
        pytest.param(lambda: helped(typer.main.get_command(app), "glasshouse"), 100, id="help"),
        pytest.param(documents, 200, id="documents"),
        pytest.param(lambda: (("a script", text) for text in sentences("en").values()), 60, id="scripts"),
    ],
)
def test_texts_are_plain_english(texts: Any, least: int) -> None:
    count, wrong = faults(texts())
    assert count >= least, "nothing is looked at"
    assert wrong == []


def test_each_exception_is_needed() -> None:
    everything = [*pages(), *helped(typer.main.get_command(app), "glasshouse"), *documents()]
    texts = " ".join(" ".join(text.split()) for _, text in everything)
    assert [part for part in MEANT if part not in texts] == []
