"""The guide "What did it learn?" runs, in a folder of its own; both languages have the same program."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(name: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.M | re.S)


def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    words: dict[str, object] = {}
    for block in blocks("what-did-it-learn.md"):
        exec(compile(block, f"guide: {block[:40]!r}", "exec"), words)
    told = capsys.readouterr().out
    assert "conv2: 50 filters over 200 pictures" in told
    assert "200 pictures; the first is" in told
    assert re.search(r"conv1 +gradient \d\.\d+, a step moves 0\.\d+ of the weights", told)
    assert (tmp_path / "conv2.png").is_file()
    assert (tmp_path / "map.html").is_file()


def test_both_languages_have_the_same_program() -> None:
    assert blocks("what-did-it-learn.md") == blocks("what-did-it-learn.ko.md")
    assert len(blocks("what-did-it-learn.md")) == 7
