"""Pictures and labels in a NumPy file: ``x``, ``y``; ``x_train``, ``y_train``, ...; ``train_images``, ..."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from glasshouse.data.archives.entries import Limits, check_bomb
from glasshouse.data.check import Finding
from glasshouse.data.sources.arrays import ArrayPart
from glasshouse.data.sources.parts import part_of_name
from glasshouse.data.sources.stacks import Stack, stack_of, targets_of
from glasshouse.errors import SourceError
from glasshouse.messages import Message

__all__ = ["npz_parts"]

_PAIRS = (("x", "y"), ("images", "labels"), ("image", "label"), ("data", "target"), ("data", "labels"))
_LIMIT = 1 << 35


def npz_parts(path: Path) -> tuple[list[ArrayPart], list[Finding]]:
    """Return the pairs of pictures and labels that an npz file holds, and what is reported; nothing in it is unpickled.

    Raises:
        SourceError: it is damaged, larger than 32 GiB, or has no pair of these names.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > _LIMIT:
            raise SourceError(
                "{path} unpacks to {size} bytes, the limit is {LIMIT}", path=path, size=f"{size:,}", LIMIT=f"{_LIMIT:,}"
            )
        check_bomb(path, 1, size, Limits(total=_LIMIT))
        with np.load(path, allow_pickle=False) as arrays:
            return _parts(path, dict(arrays))
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise SourceError("{path} cannot be read ({error}); fetch it once more", path=path, error=error) from None
    except ValueError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError("{path} cannot be read: {strerror}", path=path, strerror=error) from None


def _parts(path: Path, arrays: dict[str, np.ndarray]) -> tuple[list[ArrayPart], list[Finding]]:
    parts: dict[str | None, tuple[str, ArrayPart]] = {}
    used: set[str] = set()
    for images, split in _images(arrays):
        labels = _labels_of(images, arrays)
        if labels is None:
            continue
        if split in parts:
            raise SourceError(
                "{path} has two arrays of pictures for one part, {parts} and {images}; leave one of them out",
                path=path,
                parts=parts[split][0],
                images=images,
            )
        stack, findings = stack_of(arrays[images])
        targets, told = _flat(path, stack, arrays[labels])
        parts[split] = images, ArrayPart(split, stack, targets, [*findings, *told])
        used |= {images, labels}
    if not parts:
        raise SourceError(
            "{path} has the arrays {arrays}; expected x and y, or x_train and y_train, ...",
            path=path,
            arrays=", ".join(arrays),
        )
    left = sorted(name for name in arrays if name not in used)
    unused = (
        [Finding("unused-arrays", Message("these arrays of the npz were not read: {left}", left=", ".join(left)))]
        if left
        else []
    )
    return [part for _, part in parts.values()], unused


def _images(arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, str | None]]:
    """Yield the arrays that are called as pictures are, with the split that their name says."""
    words = {images for images, _ in _PAIRS}
    for name in arrays:
        word, split = _read(name)
        if word in words and split != "":
            yield name, split


def _labels_of(images: str, arrays: dict[str, np.ndarray]) -> str | None:
    word, split = _read(images)
    wanted = [labels for one, labels in _PAIRS if one == word]
    found = [name for name in arrays if _read(name) in [(one, split) for one in wanted]]
    return found[0] if found else None


def _read(name: str) -> tuple[str, str | None]:
    """Return what an array is called and its split: None without one, "" where the name says something else."""
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    subject = [word for word in words if any(word in pair for pair in _PAIRS)]
    rest = "_".join(word for word in words if word not in subject)
    if len(subject) != 1:
        return name, ""
    return subject[0], (part_of_name(rest) or "") if rest else None


def _flat(path: Path, images: Stack, labels: np.ndarray) -> tuple[list[object], list[Finding]]:
    """Return labels (N,) from (N,), (N, 1) or one-hot (N, K)."""
    labels = labels.reshape(len(labels)) if labels.ndim and labels.size == len(labels) else labels
    shape = np.shape(images)
    if labels.ndim not in (1, 2) or len(shape) not in (3, 4) or shape[0] != len(labels):
        raise SourceError(
            "{path} has pictures {shape} and labels {shape2}; expected (N, H, W) and (N,)",
            path=path,
            shape=shape,
            shape2=labels.shape,
        )
    return targets_of(labels)
