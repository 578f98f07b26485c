"""Widgets for notebooks; they need the extra ``notebook`` (ipywidgets)."""

from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from glasshouse.data.decoding.picture import decode
from glasshouse.data.sources.lookup import CHOOSABLE
from glasshouse.errors import InputError
from glasshouse.export.bundle import load_model
from glasshouse.export.predictor import Model, Prediction

__all__ = ["answer_html", "classify_upload"]

PREVIEW = 240  # pixels


def classify_upload(model: Model | str | Path, top: int = 5) -> Any:
    """Return a widget that classifies the pictures a person uploads; in a notebook it shows itself.

    Raises:
        InputError: ipywidgets is not installed.
        ModelError: there is no such model.
    """
    try:
        import ipywidgets as widgets
    except ImportError:
        raise InputError(
            "classify_upload needs ipywidgets; install it with: pip install 'glasshouse[notebook]'"
        ) from None
    loaded = model if isinstance(model, Model) else load_model(model)
    button = widgets.FileUpload(accept=CHOOSABLE, multiple=True, description="Upload pictures")
    answers = widgets.VBox([])

    def show(change: Mapping[str, Any]) -> None:
        uploads: Sequence[Mapping[str, Any]] = change["new"]
        pictures = [bytes(upload["content"]) for upload in uploads]
        told = loaded.predict(pictures, top=top)
        answers.children = [
            _row(widgets, upload["name"], picture, one) for upload, picture, one in zip(uploads, pictures, told)
        ]

    button.observe(show, names="value")
    return widgets.VBox([button, answers])


def answer_html(name: str, prediction: Prediction) -> str:
    """Return one answer as HTML: the name of the picture, and a bar for each class with its probability."""
    if prediction.error is not None:
        return f"<p><b>{escape(name)}</b>: cannot be used: {escape(prediction.error)}</p>"
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td><meter min='0' max='1' value='{probability:.4f}'></meter></td>"
        f"<td style='text-align: right'>{100 * probability:.1f} %</td></tr>"
        for label, probability in prediction.top
    )
    return f"<p><b>{escape(name)}</b></p><table>{rows}</table>"


def _row(widgets: Any, name: str, picture: bytes, prediction: Prediction) -> Any:
    text = widgets.HTML(answer_html(name, prediction))
    if prediction.error is not None:
        return text
    return widgets.HBox([widgets.Image(value=_preview(picture), format="png"), text])


def _preview(picture: bytes) -> bytes:
    """Return a small PNG, since browsers do not show all that can be read (TIFF, 16-bit)."""
    small = Image.fromarray(decode(picture, "rgb"))
    small.thumbnail((PREVIEW, PREVIEW))
    out = BytesIO()
    small.save(out, "PNG")
    return out.getvalue()
