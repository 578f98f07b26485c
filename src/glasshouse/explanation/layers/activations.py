"""One picture's numbers in every layer, or a whole split's.

found = gh.activations("runs/pets", "cat.png")
found.layers[0].zeros                 share of the values that are exactly 0
found.save("layers.svg")
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.events import result_of
from glasshouse.explanation.layers.filters import write_figure
from glasshouse.explanation.layers.kept_layers import found_statistics
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.statistics import LayerStatistics, layer_statistics
from glasshouse.explanation.layers.statistics_drawn import statistics_html, statistics_png, statistics_svg
from glasshouse.explanation.layers.watching import check_layer
from glasshouse.explanation.opened import open_model
from glasshouse.export.predictor import Model
from glasshouse.export.reading import Picture

__all__ = ["Activations", "activations", "split_activations"]


@dataclass(frozen=True)
class Activations:
    """The statistics of every layer, in the order of computation; ``source`` is the picture's path or the split."""

    source: str
    layers: tuple[LayerStatistics, ...]

    def layer(self, name: str) -> LayerStatistics:
        """Return the layer of that name.

        Raises:
            InputError: there is none; all are listed.
        """
        check_layer(name, [one.name for one in self.layers])
        return next(one for one in self.layers if one.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse activations --json``."""
        return {"path": self.source, "layers": [one.to_dict() for one in self.layers]}

    def to_svg(self) -> str:
        """Return a drawing: a histogram a layer, with the share of zeros."""
        return statistics_svg(self.layers, self.source)

    def save(self, file: str | Path) -> Path:
        """Write the drawing as an SVG or PNG file.

        Raises:
            InputError: the file has another ending.
        """
        return write_figure(file, self.to_svg, lambda: statistics_png(self.layers))

    def _repr_html_(self) -> str:
        return statistics_html(self.layers)


def activations(model: Model | str | Path, picture: Picture) -> Activations:
    """Measure what every layer gives for one picture (a path, bytes, a PIL image or an array).

    Raises:
        ModelError: the model or the picture cannot be read.
    """
    opened = open_model(model, needs_data=False)
    batches = Batches(opened, opened.row(picture)[None])
    source = str(picture) if isinstance(picture, str | Path) else ""
    return Activations(source, result_of(layer_statistics(opened.module, batches)))


def split_activations(
    model: Model | str | Path, split: str = "val", data: Dataset | ImageData | str | Path | None = None
) -> Activations:
    """Measure what every layer gives over a whole split, in one pass; kept in the run's folder.

    Raises:
        DatasetError: the dataset is missing, or has no such split.
    """
    return Activations(split, tuple(result_of(found_statistics(open_model(model, data), split))))
