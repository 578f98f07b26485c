"""docs/from-keras.md: its program runs in both languages, and the imports that it shows are there."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import save_file

from glasshouse.errors import InputError
from glasshouse.networks.build import build

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["from-keras.md", "from-keras.ko.md"])
def test_the_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _bring_pictures_and_weights(tmp_path)
    text = (DOCS / name).read_text(encoding="utf-8")
    named: list[dict[str, Any]] = [{"__name__": "__main__"} for _ in range(3)]
    for block, names in zip(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S), named, strict=True):
        exec(compile(block, name, "exec"), names)
    assert named[2]["thaw"]  # the layer that the page names is there
    assert 0 < len(named[2]["model"].trainable_weights) < len(named[2]["model"].get_weights())
    printed = capsys.readouterr().out
    for line in ("['accuracy', 'loss', 'val_accuracy', 'val_loss']", "{'cats': 0, 'dogs': 1}",
                 "['acc', 'loss', 'val_acc', 'val_loss']"):  # fmt: skip
        assert line in printed
    assert (tmp_path / "digits.keras").is_file()
    imports = re.findall(r"\| `(from glasshouse[^`]*)` \|", text)
    assert len(imports) == 12
    for line in imports:
        exec(line, {})


def _bring_pictures_and_weights(folder: Path) -> None:
    """What the page's programs find beside them: a few pictures, and a file of weights."""
    for part in ("train", "validation"):
        for name, grey in (("cats", 40), ("dogs", 200)):
            place = folder / "pets" / part / name
            place.mkdir(parents=True)
            for n in range(8):
                Image.new("RGB", (20, 20), (grey + n,) * 3).save(place / f"{n}.png")
    state = build("MobileNetV2", 1000, 3, 96, 96).module.state_dict()
    save_file({key: value.contiguous() for key, value in state.items()}, folder / "mobilenet_v2.safetensors")


def test_the_answer_that_the_page_quotes_is_given() -> None:
    with pytest.raises(InputError, match=r"write MaxPooling2D\(2\)"):
        exec("from glasshouse.layers import MaxPool2d", {})
