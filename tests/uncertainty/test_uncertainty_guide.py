"""The guide's blocks run in their order, in both languages the same, and what it says of the strangers holds."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(name: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.M | re.S)


def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    words: dict[str, object] = {}
    for block in blocks("unknown.md"):
        exec(compile(block, "unknown.md", "exec"), words)
    assert blocks("unknown.ko.md") == blocks("unknown.md")
    assert words["noticed"] > 0.4  # type: ignore[operator]
    assert "of the digits 5 to 9 are none of these" in capsys.readouterr().out
