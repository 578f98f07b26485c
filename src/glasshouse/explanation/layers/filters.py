"""What the filters of a layer look for: the nine pictures that excite each most, and the patch of each that does.

found = gh.filters("runs/pets", "layer4.1.conv2", split="val")
found.filters[3].examples[0].box      x0, y0, x1, y1 in pixels of the dataset's picture
found.save("layer4.png")              the patches as a picture (SVG or PNG)
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import InputError
from glasshouse.events import Progress, result_of
from glasshouse.explanation.layers.boxes import Box
from glasshouse.explanation.layers.kept_files import FilterLayer
from glasshouse.explanation.layers.kept_layers import found_filters
from glasshouse.explanation.layers.patches import Nine, nines_png, nines_svg
from glasshouse.explanation.layers.watching import check_layer
from glasshouse.explanation.opened import OpenedModel, open_model
from glasshouse.export.predictor import Model

__all__ = ["Example", "FilterExamples", "Filters", "filters", "finding_filters", "write_figure"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Example:
    """A picture that excites a filter: ``box`` x0, y0, x1, y1 in pixels of the dataset's picture, ends excluded."""

    path: str
    activation: float
    box: Box
    row: int

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse filters --json``."""
        return {"path": self.path, "activation": self.activation, "box": list(self.box), "row": self.row}


@dataclass(frozen=True)
class FilterExamples:
    """A filter and its nine pictures, the strongest first."""

    filter: int
    examples: tuple[Example, ...]

    @property
    def silent(self) -> bool:
        """Whether no picture excites it: its largest activation is not above 0."""
        return not self.examples[0].activation > 0


@dataclass(frozen=True)
class Filters:
    """The filters of a layer over ``pictures`` pictures of ``split``; it shows itself in a notebook."""

    layer: str
    split: str
    pictures: int
    filters: tuple[FilterExamples, ...]
    patches: tuple[Nine, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse filters --json``."""
        found = [{"filter": one.filter, "silent": one.silent, "examples": [e.to_dict() for e in one.examples]}
                 for one in self.filters]  # fmt: skip
        return {"layer": self.layer, "split": self.split, "pictures": self.pictures, "filters": found}

    def to_svg(self) -> str:
        """Return the patches as SVG, nine a filter."""
        return nines_svg(self.patches, self.layer)

    def to_png(self) -> bytes:
        """Return the patches as PNG, nine a filter."""
        return nines_png(self.patches)

    def save(self, file: str | Path) -> Path:
        """Write the patches as an SVG or PNG file.

        Raises:
            InputError: the file has another ending.
        """
        return write_figure(file, self.to_svg, self.to_png)

    def _repr_html_(self) -> str:
        return self.to_svg()


def filters(
    model: Model | str | Path, layer: str, *, number: int | None = None,
    data: Dataset | ImageData | str | Path | None = None, split: str = "train",
) -> Filters:  # fmt: skip
    """Find the nine pictures of a split that excite each filter of a convolution most, and the patch in each.

    All convolutions are done in one pass and kept in the run's folder; ``number`` chooses one filter.

    Raises:
        InputError: there is no such convolution (all are listed) or filter.
        DatasetError: the dataset is missing, or has no such split.
    """
    return result_of(finding_filters(open_model(model, data), layer, number, split))


def finding_filters(
    opened: OpenedModel, layer: str, number: int | None, split: str
) -> Generator[Progress, None, Filters]:
    """Yield progress and return what ``filters`` returns."""
    found = yield from found_filters(opened, split)
    one = found.layers[check_layer(layer, tuple(found.layers))]
    if number is not None and not 0 <= number < one.filters:
        raise InputError(
            "{layer} has {count} filters, counted from 0; there is no filter {number}",
            layer=layer, count=one.filters, number=number,
        )  # fmt: skip
    chosen = range(one.filters) if number is None else (number,)
    pictures = opened.split(split)
    examples = tuple(FilterExamples(each, _examples(one, each, pictures.paths)) for each in chosen)
    wanted = np.unique([e.row for each in examples for e in each.examples])
    rows = dict(zip(map(int, wanted), pictures.rows(wanted)))
    patches = tuple(Nine(each.filter, tuple(_cut(rows[e.row], e.box) for e in each.examples)) for each in examples)
    return Filters(layer, split, found.pictures, examples, patches)


def write_figure(file: str | Path, svg: Any, png: Any) -> Path:
    """Write what ``svg`` or ``png`` gives, by the ending of the file.

    Raises:
        InputError: the ending is neither .svg nor .png.
    """
    place = Path(file)
    if place.suffix.lower() not in (".svg", ".png"):
        raise InputError("{file}: a figure is written as .svg or .png", file=place)
    data = svg().encode() if place.suffix.lower() == ".svg" else png()
    place.write_bytes(data)
    return place


def _examples(layer: FilterLayer, number: int, paths: Any) -> tuple[Example, ...]:
    rows = [int(row) for row in layer.rows[:, number].tolist()]
    return tuple(
        Example(str(paths[row]), float(layer.values[rank, number]), layer.box(rank, number), row)
        for rank, row in enumerate(rows)
    )


def _cut(row: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = box
    return row[y0:y1, x0:x1]
