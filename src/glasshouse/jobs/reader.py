"""One process that reads pictures for the predictor: ``python -m glasshouse.jobs.reader PARENT MEMORY``.

What it gives back is what the model's own preprocessing makes of a picture; see ``store.reader``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.resizing import never_load_torch
from glasshouse.store.reader import serve
from glasshouse.store.readers import Readers

if TYPE_CHECKING:
    from glasshouse.export.predictor import Model

__all__ = ["prepared_row", "readers_of_predictor"]

MEMORY = 3 << 30  # bytes; torch, which resizes, is loaded in it
SECONDS = 20.0  # of one picture


def readers_of_predictor() -> Readers:
    """Return the processes of a predictor: two, so that one person's picture never waits for another's."""
    return Readers("glasshouse.jobs.reader", 2, MEMORY)


def prepared_row(readers: Readers, model: "Model", picture: bytes, who: str) -> NDArray[np.uint8]:
    """Return a picture as the network gets it, uint8 (H, W, C), read by one of ``readers``.

    Raises:
        PictureError: it cannot be read, or takes too long; the text is the reason.
        BusyError: ``who`` asks for too much at once.
    """
    told, data = readers.ask("row", {"preprocessing": model.preprocessing.to_dict()}, picture, SECONDS, who=who)
    return np.frombuffer(bytearray(data), np.uint8).reshape(told)  # writable, as torch wants it


def _row(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    row = Preprocessing.from_dict(asked["preprocessing"])(blob)
    return list(row.shape), row.tobytes()


def _ready(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    """Load what the first picture needs."""
    import torch

    torch.set_num_threads(1)
    return None, b""


if __name__ == "__main__":
    never_load_torch()  # in the middle of a request: that takes seconds, and "ready" does it before
    serve({"row": _row, "ready": _ready})
