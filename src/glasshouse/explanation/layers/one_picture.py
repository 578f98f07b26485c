"""One picture in every layer: the statistics, and how strongly each filter of each convolution responds to it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.events import result_of
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.statistics import layer_statistics
from glasshouse.explanation.layers.strongest import strongest
from glasshouse.explanation.opened import OpenedModel

__all__ = ["picture_layers"]


def picture_layers(opened: OpenedModel, row: NDArray[np.uint8]) -> dict[str, Any]:
    """Measure what every layer gives for a picture uint8 (H, W, C), as plain data.

    Returns ``layers`` with the words of ``glasshouse activations --json``, and ``responses``: by the name of a
    convolution the largest response of each filter anywhere in the picture, four digits.
    """
    batches = Batches(opened, row[None])
    found = result_of(strongest(opened.module, batches))
    return {
        "layers": [one.to_dict() for one in result_of(layer_statistics(opened.module, batches))],
        "responses": {name: [float(f"{value:.4g}") for value in one.values[0]] for name, one in found.items()},
    }
