"""Pictures with their labels in a grid: HTML for a notebook, or a PNG or SVG file; nothing from outside is needed."""

import base64
import math
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from glasshouse.data.dataset import Dataset
from glasshouse.data.decoding.encoding import encode
from glasshouse.data.stored.rows import Split
from glasshouse.errors import InputError

__all__ = ["Gallery", "counts_table", "pick"]

_SIDE = 112  # pixels on the page
_CELL, _BELOW = 144, 30  # pixels of a file: of a picture with its border, and of the two lines below it
_FONTS = ("NanumGothic.ttf", "NotoSansCJK-Regular.ttc", "NotoSansKR-Regular.otf", "malgun.ttf", "AppleSDGothicNeo.ttc")
_FIGURE = '<figure style="display:inline-block;margin:4px;width:{side}px;vertical-align:top">{image}{caption}</figure>'
_IMAGE = '<img src="data:image/png;base64,{data}" alt="{label}" title="{path}" style="width:{side}px;{scaling}">'
_CAPTION = '<figcaption style="text-align:center;font-size:12px;overflow-wrap:anywhere">{label}</figcaption>'


class Gallery:
    """A grid of pictures with labels: the last line of a notebook's cell shows it, ``save`` writes it to a file."""

    def __init__(self, pictures: NDArray[np.uint8], labels: Sequence[str], paths: Sequence[str]) -> None:
        self.pictures = pictures
        self.labels = tuple(labels)
        self.paths = tuple(paths)

    def __repr__(self) -> str:
        return f"<Gallery of {len(self.labels)} pictures: {', '.join(self.labels)}>"

    def save(self, path: str | Path) -> Path:
        """Write the pictures with their labels as PNG or SVG, as the ending of ``path`` says.

        Raises:
            InputError: the ending is another one.
        """
        place = Path(path)
        if place.suffix.lower() == ".svg":
            place.write_text(self._svg(), encoding="utf-8")
        elif place.suffix.lower() == ".png":
            self._painted().save(place)
        else:
            raise InputError("pictures are written as .svg or .png, got {name}", name=place.name)
        return place

    def _cells(self) -> Iterator[tuple[int, int, NDArray[np.uint8], list[str]]]:
        """Yield the left and upper edge of each picture, its pixels, and the lines below it."""
        across = self._across()
        for number, (picture, label) in enumerate(zip(self.pictures, self.labels)):
            row, column = divmod(number, across)
            yield column * _CELL, row * (_CELL + _BELOW), picture, textwrap.wrap(label, 22)[:2]

    def _across(self) -> int:
        return max(1, math.ceil(math.sqrt(len(self.labels))))

    def _size(self) -> tuple[int, int]:
        return self._across() * _CELL, -(-len(self.labels) // self._across()) * (_CELL + _BELOW)

    def _svg(self) -> str:
        width, height = self._size()
        parts = []
        for left, top, picture, lines in self._cells():
            data = base64.b64encode(encode(picture, "png", 90)).decode("ascii")
            place = f'x="{left + 4}" y="{top + 4}" width="{_CELL - 8}" height="{_CELL - 8}"'
            parts.append(f'<image {place} href="data:image/png;base64,{data}"/>')
            parts += [f'<text x="{left + _CELL / 2:g}" y="{top + _CELL + 10 + 13 * number}">{escape(line)}</text>'
                      for number, line in enumerate(lines)]  # fmt: skip
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-size="12" '
            f'text-anchor="middle" font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>'
            f"{''.join(parts)}</svg>"
        )

    def _painted(self) -> Image.Image:
        image = Image.new("RGB", self._size(), "white")
        brush, font = ImageDraw.Draw(image), _font("".join(self.labels))
        for left, top, picture, lines in self._cells():
            small = Image.fromarray(picture.squeeze()).convert("RGB")
            scale = min((_CELL - 8) / side for side in small.size)
            wide, high = (max(1, round(side * scale)) for side in small.size)
            how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BILINEAR
            image.paste(small.resize((wide, high), how), (left + (_CELL - wide) // 2, top + (_CELL - high) // 2))
            for number, line in enumerate(lines):
                brush.text((left + _CELL / 2, top + _CELL + 10 + 13 * number), line, "black", font, anchor="ms")
        return image

    def _repr_html_(self) -> str:
        figures = (_figure(*one) for one in zip(self.pictures, self.labels, self.paths))
        return f"<div>{''.join(figures)}</div>"


def _font(text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font, or for letters that it lacks the first one of the system that has Korean ones."""
    if not text.isascii():
        for name in _FONTS:
            try:
                return ImageFont.truetype(name, 12)
            except OSError:
                continue
    return ImageFont.load_default(12)


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
