"""Pictures in a notebook: a grid with their labels, as HTML that needs nothing from outside."""

import base64
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.decoding.encoding import encode
from glasshouse.data.stored.rows import Split

__all__ = ["Gallery", "counts_table", "pick"]

_SIDE = 112  # pixels on the page
_FIGURE = '<figure style="display:inline-block;margin:4px;width:{side}px;vertical-align:top">{image}{caption}</figure>'
_IMAGE = '<img src="data:image/png;base64,{data}" alt="{label}" title="{path}" style="width:{side}px;{scaling}">'
_CAPTION = '<figcaption style="text-align:center;font-size:12px;overflow-wrap:anywhere">{label}</figcaption>'


class Gallery:
    """A grid of pictures with labels, for a notebook."""

    def __init__(self, pictures: NDArray[np.uint8], labels: Sequence[str], paths: Sequence[str]) -> None:
        self.pictures = pictures
        self.labels = tuple(labels)
        self.paths = tuple(paths)

    def __repr__(self) -> str:
        return f"<Gallery of {len(self.labels)} pictures: {', '.join(self.labels)}>"

    def _repr_html_(self) -> str:
        figures = (_figure(*one) for one in zip(self.pictures, self.labels, self.paths))
        return f"<div>{''.join(figures)}</div>"


def pick(split: Split, count: int) -> NDArray[np.int64]:
    """Return up to ``count`` row numbers that show all classes in turn, spread over each class's pictures."""
    labels = split.labels
    classes = np.unique(labels)
    each = -(-count // len(classes))
    turns = [_spread(np.flatnonzero(labels == label), each) for label in classes.tolist()]
    chosen = [ids[turn] for turn in range(each) for ids in turns if turn < len(ids)]
    return np.array(chosen[:count], np.int64)


def _spread(ids: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return ids[np.unique(np.linspace(0, len(ids) - 1, min(count, len(ids))).astype(np.int64))]


def counts_table(dataset: Dataset) -> str:
    """Return an HTML table: a row for each class, a column for each split; names are escaped."""
    counts = {n: np.bincount(s.labels, minlength=len(dataset.classes)) for n, s in dataset.splits.items()}
    head = "".join(f"<th>{name}</th>" for name in ["", *counts])
    rows = [[escape(name), *(f"{c[i]:,}" for c in counts.values())] for i, name in enumerate(dataset.classes)]
    rows.append(["all", *(f"{c.sum():,}" for c in counts.values())])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figure(picture: NDArray[np.uint8], label: str, path: str) -> str:
    data = base64.b64encode(encode(picture, "png", 90)).decode("ascii")
    scaling = "image-rendering:pixelated" if picture.shape[1] < _SIDE else ""
    name = escape(label, quote=True)
    image = _IMAGE.format(data=data, label=name, path=escape(path, quote=True), side=_SIDE, scaling=scaling)
    return _FIGURE.format(side=_SIDE, image=image, caption=_CAPTION.format(label=name))
