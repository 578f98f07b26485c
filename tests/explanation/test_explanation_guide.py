"""The guide's blocks run, in a folder of their own; both languages have the same program."""

import re
from pathlib import Path

import pytest

from glasshouse.explanation.checks import pictures as checked_pictures

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(name: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.M | re.S)


def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    words: dict[str, object] = {}
    for block in blocks("follow-one-picture.md"):
        exec(compile(block, f"guide: {block[:40]!r}", "exec"), words)
    told = capsys.readouterr().out
    assert "conv2d/kernel[2, 2, 0, 5]" in told
    assert "the example goldstein" in told
    assert words["story"].loss < words["start"].loss  # type: ignore[attr-defined]


def test_both_languages_have_the_same_program() -> None:
    assert blocks("follow-one-picture.md") == blocks("follow-one-picture.ko.md")
    assert len(blocks("follow-one-picture.md")) == 9


def test_the_guide_on_answers_runs_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checked_pictures, "PICTURES", 20)
    words: dict[str, object] = {}
    for block in blocks("why-this-answer.md"):
        exec(compile(block, f"guide: {block[:40]!r}", "exec"), words)
    assert "mosaics" in capsys.readouterr().out
    assert blocks("why-this-answer.md") == blocks("why-this-answer.ko.md")
