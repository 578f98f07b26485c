"""docs/from-keras.md: its program runs in both languages, and the imports that it shows are there."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["from-keras.md", "from-keras.ko.md"])
def test_the_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (DOCS / name).read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(compile(block, name, "exec"), {"__name__": "__main__"})
    assert "['accuracy', 'loss', 'val_accuracy', 'val_loss']" in capsys.readouterr().out
    assert (tmp_path / "digits.keras").is_file()
    imports = re.findall(r"\| `(from glasshouse[^`]*)` \|", text)
    assert len(imports) == 6
    for line in imports:
        exec(line, {})
