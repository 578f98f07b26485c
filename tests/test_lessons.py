"""The lessons: every block runs and prints what stands below it; both languages have the same code."""

import re
from pathlib import Path

import pytest

LESSONS = Path(__file__).resolve().parent.parent / "docs" / "lessons"
NAMES = sorted(path.name for path in (LESSONS / "en").glob("*.md"))
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```", re.M | re.S)
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]\d+)?")


def blocks(language: str, name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((LESSONS / language / name).read_text(encoding="utf-8"))


def same(shown: str, told: str) -> bool:
    """Whether two outputs have the same words, and numbers as near as two machines' arithmetic is."""
    if NUMBER.sub("", shown).split() != NUMBER.sub("", told).split():
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(told), strict=True)
    return all(abs(float(a) - float(b)) <= 0.03 + 0.1 * abs(float(a)) for a, b in pairs)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_what_stands_there(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words: dict[str, object] = {}
    told = ""
    for kind, block in blocks("en", name):
        if kind == "python":
            exec(compile(block, f"{name}: {block[:40]!r}", "exec"), words)
            told = capsys.readouterr().out
        else:
            assert same(block, told), f"{name} shows\n{block}but this was printed:\n{told}"


def test_the_comparison_can_fail() -> None:
    assert same("loss 0.50 at 3", "loss 0.51 at 3")
    assert not same("loss 0.50 at 3", "loss 0.70 at 3")
    assert not same("loss 0.50 at 3", "loss 0.50 at 4")
    assert not same("[0 1]", "[1 1]")


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_code_and_output(name: str) -> None:
    assert blocks("en", name) == blocks("ko", name)
    korean = (LESSONS / "ko" / name).read_text(encoding="utf-8")
    assert len(re.findall("[가-힣]", korean)) > 300
    assert not re.search("[가-힣]", (LESSONS / "en" / name).read_text(encoding="utf-8").replace("한국어", ""))


def test_the_index_names_every_lesson() -> None:
    assert len(NAMES) == 7
    for index, language in (("README.md", "en"), ("README.ko.md", "ko")):
        text = (LESSONS / index).read_text(encoding="utf-8")
        assert all(f"({language}/{name})" in text for name in NAMES)
