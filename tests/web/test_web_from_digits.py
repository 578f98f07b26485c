"""docs/from-digits.md: its labels are on the pages, its commands and addresses exist, in both languages."""

import re
from pathlib import Path

import pytest
import typer

from glasshouse.cli.main import app
from glasshouse.store.database import open_store
from glasshouse.web.app import create_app
from glasshouse.web.framework.language import catalogue

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("from-digits.md", "from-digits.ko.md")


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """Return the cells of each row of the tables."""
    lines = [line for line in read(name).splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("name", PAGES)
def test_each_bold_word_is_a_text_of_the_pages(name: str) -> None:
    texts = {"…"}
    for message in catalogue("ko"):
        found = message.string if ".ko." in name else message.id
        texts |= {text.replace("%%", "%") for text in ((found,) if isinstance(found, str) else found)}
    bold = [word for cells in rows(name) for word in re.findall(r"\*\*(.+?)\*\*", " ".join(cells[1:]))]
    assert len(bold) > 45
    assert [word for word in bold if word not in texts] == []


@pytest.mark.parametrize("name", PAGES)
def test_each_command_and_address_exists(name: str, tmp_path: Path) -> None:
    text = read(name)
    command = typer.main.get_command(app)
    for words in re.findall(r"`glasshouse ([a-z ]+?)(?: --[a-z]+)?`", text):
        below = command
        for word in words.split():
            below = below.commands[word]  # type: ignore[attr-defined]
    store = open_store(tmp_path / "home")
    paths = create_app(store).openapi()["paths"]
    store.close()
    asked = re.findall(r"`(GET|POST) (/api/v1/[^`]*)`", text)
    assert len(asked) == 10
    assert [one for one in asked if one[0].lower() not in paths.get(one[1], {})] == []


def test_both_languages_have_the_same_rows() -> None:
    english, korean = (rows(name) for name in PAGES)
    assert [len(cells) for cells in english] == [len(cells) for cells in korean]
    assert [line for line in read(PAGES[0]).splitlines() if line.startswith("## ")].__len__() == len(
        [line for line in read(PAGES[1]).splitlines() if line.startswith("## ")]
    )
