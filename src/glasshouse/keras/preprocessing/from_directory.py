"""``image_dataset_from_directory``: a folder of class folders as batches of pictures from 0 to 255."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glasshouse.data.draws import permutation
from glasshouse.errors import DatasetError

from .batches import FolderBatches, Order, Pictures, Targets
from .folders import Labelled, in_folders
from .pictures import COLORS

__all__ = ["image_dataset_from_directory"]

MODES = {"int": "int", "categorical": "categorical", "binary": "column", None: None}


def image_dataset_from_directory(
    directory: str | Path, labels: str | Sequence[int] | None = "inferred", label_mode: str | None = "int",
    class_names: Sequence[str] | None = None, color_mode: str = "rgb", batch_size: int = 32,
    image_size: tuple[int, int] = (256, 256), shuffle: bool = True, seed: int | None = None,
    validation_split: float | None = None, subset: str | None = None, interpolation: str = "bilinear",
    crop_to_aspect_ratio: bool = False,
) -> "FolderBatches | tuple[FolderBatches, FolderBatches]":  # fmt: skip
    """Batches of float32 pictures from 0 to 255 and the numbers of their classes; one loop is one epoch.

    ``validation_split`` takes the last share of the files, after shuffling with ``seed``; ``subset`` both gives the
    two parts. ``label_mode``: int (N,), categorical (N, K), binary (N, 1), or None.

    Raises:
        SourceError: there are no pictures.
        DatasetError: words that do not fit together.
    """
    if label_mode not in MODES or color_mode not in COLORS or interpolation != "bilinear" or labels != "inferred":
        raise DatasetError(
            "expected labels inferred, label_mode int, categorical, binary or None, color_mode rgb or grayscale and "
            "interpolation bilinear; got {given}",
            given=f"{labels!r:.80}, {label_mode!r}, {color_mode!r}, {interpolation!r}",
        )
    if bool(validation_split) != bool(subset) or subset not in (None, "training", "validation", "both"):
        raise DatasetError("validation_split and subset (training, validation or both) go together")
    if subset in ("training", "validation") and shuffle and seed is None:
        raise DatasetError("give the same seed to both subsets, or they may share pictures")
    files = in_folders(directory, class_names)
    if label_mode == "binary" and len(files.classes) != 2:
        raise DatasetError('label_mode="binary" is for two classes, and there are {count}', count=len(files.classes))
    files = files.only(permutation(seed or 0, 0, len(files.files), "subsets")) if shuffle else files
    cut = len(files.files) - int((validation_split or 0) * len(files.files))
    mode = "crop" if crop_to_aspect_ratio else "squash"

    def part(rows: range, order_shuffled: bool) -> FolderBatches:
        chosen = files.only(rows)
        values = chosen.labels.astype(np.int32)
        targets = Targets(values[:, None].astype(np.float32) if label_mode == "binary" else values, MODES[label_mode],
                          len(files.classes))  # fmt: skip
        order = Order(len(chosen.files), batch_size, order_shuffled, seed, endless=False)
        return FolderBatches(_reader(chosen, COLORS[color_mode], image_size, mode), targets, order, chosen)

    train, valid = range(cut), range(cut, len(files.files))
    if subset == "both":
        return part(train, shuffle), part(valid, False)
    return part(valid if subset == "validation" else train, shuffle)


def _reader(files: Labelled, color: str, size: tuple[int, int], mode: str) -> Pictures:
    from glasshouse.data.decoding.picture import decode, resize

    def read(rows: Sequence[int], epoch: int) -> np.ndarray:
        decoded = [decode(files.root / files.files[i], color) for i in rows]
        return np.stack([resize(picture, size[1], size[0], mode) for picture in decoded]).astype(np.float32)

    return read
