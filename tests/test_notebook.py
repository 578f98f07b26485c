"""The upload widget: a picture goes in as ipywidgets hands it over, and its answer is shown."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import InputError
from glasshouse.export.bundle import save_model
from glasshouse.export.predictor import Prediction
from glasshouse.networks.build import build
from glasshouse.notebook import answer_html, classify_upload


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_model(tmp_path / "m", network={"name": "Dense128"}, module=build("Dense128", 2, 1, 8, 8).module,
                      preprocessing=Preprocessing(8, 8, color="gray", mean=(0.5,), std=(0.5,)),
                      classes=("<b>cat</b>", "dog"))  # fmt: skip


def upload(name: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "type": "image/png",
        "size": len(content),
        "last_modified": datetime.now(UTC),
        "content": memoryview(content),
    }


def test_uploaded_pictures_are_answered(model: Path, tmp_path: Path) -> None:
    pytest.importorskip("ipywidgets")
    Image.fromarray(np.arange(81, dtype=np.uint8).reshape(9, 9)).save(tmp_path / "a.tiff")
    widget = classify_upload(model)
    button, answers = widget.children
    button.value = (upload("<i>a.tiff", (tmp_path / "a.tiff").read_bytes()), upload("b.png", b"no picture"))
    good, bad = answers.children
    image, text = good.children
    assert bytes(image.value).startswith(b"\x89PNG")
    assert "&lt;i&gt;a.tiff" in text.value and "&lt;b&gt;cat&lt;/b&gt;" in text.value and "<b>cat" not in text.value
    assert "b.png</b>: cannot be used" in bad.value
    button.value = ()
    assert answers.children == ()


def test_an_answer_shows_each_class_with_its_probability() -> None:
    html = answer_html("a.png", Prediction(None, "x", 0.75, (("x", 0.75), ("y", 0.25))))
    assert html.count("<meter") == 2 and "75.0 %" in html


def test_without_ipywidgets_the_extra_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(InputError, match=r"pip install 'glasshouse\[notebook\]'"):
        classify_upload(model)
