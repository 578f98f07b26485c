"""Pictures and labels in a NumPy file: ``x``, ``y``; ``x_train``, ``y_train``, ...; ``train_images``, ..."""

import zipfile
from pathlib import Path

import numpy as np

from glasshouse.data.entries import Limits, check_bomb
from glasshouse.data.sources.arrays import ArrayPart
from glasshouse.errors import SourceError

__all__ = ["npz_parts"]

_PAIRS = (("x", "y"), ("images", "labels"), ("data", "target"))
_SPLITS = {"train": "train", "val": "val", "valid": "val", "test": "test", "": None}
_LIMIT = 1 << 35


def npz_parts(path: Path) -> list[ArrayPart]:
    """Return the pairs of pictures and labels that an npz file holds; nothing in it is unpickled.

    Raises:
        SourceError: it is damaged, larger than 32 GiB, or has no pair of these names.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > _LIMIT:
            raise SourceError(f"{path} unpacks to {size:,} bytes, the limit is {_LIMIT:,}")
        check_bomb(path, 1, size, Limits(total=_LIMIT))
        with np.load(path, allow_pickle=False) as arrays:
            return _parts(path, dict(arrays))
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path} cannot be read ({error}); fetch it once more") from None
    except ValueError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path} cannot be read: {error}") from None


def _parts(path: Path, arrays: dict[str, np.ndarray]) -> list[ArrayPart]:
    parts = []
    for images, labels in _PAIRS:
        for word, split in _SPLITS.items():
            for form in ("{0}_{1}", "{1}_{0}") if word else ("{0}",):
                pair = arrays.get(form.format(images, word)), arrays.get(form.format(labels, word))
                if pair[0] is not None and pair[1] is not None:
                    parts.append(ArrayPart(split, pair[0], _flat(path, *pair)))  # type: ignore[arg-type]
    if not parts:
        raise SourceError(f"{path} has the arrays {', '.join(arrays)}; expected x and y, or x_train and y_train, ...")
    return parts


def _flat(path: Path, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return labels (N,) from (N,) or (N, 1)."""
    labels = labels.reshape(len(labels)) if labels.size == len(labels) else labels
    if labels.ndim != 1 or images.ndim not in (3, 4) or len(images) != len(labels):
        raise SourceError(f"{path} has pictures {images.shape} and labels {labels.shape}; expected (N, H, W) and (N,)")
    return labels
