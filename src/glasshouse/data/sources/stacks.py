"""Stacks of pictures and their labels as Python hands them over, brought into the one form that is read."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from glasshouse.data.check import Finding
from glasshouse.errors import SourceError
from glasshouse.messages import Message

__all__ = ["Stack", "stack_of", "targets_of"]

Stack = Sequence[np.ndarray] | np.ndarray
_CHANNELS = (1, 3, 4)


def stack_of(images: Any) -> tuple[Stack, list[Finding]]:
    """Return pictures (N, H, W) or (N, H, W, C), or a sequence of arrays; (N, C, H, W) is seen from the shape.

    Pictures of pandas are taken by position, whatever their index.
    """
    if hasattr(images, "iloc"):
        images = list(images.to_numpy())
    if isinstance(images, np.ndarray) and images.dtype == object and images.ndim == 1:
        images = list(images)
    if hasattr(images, "detach") and hasattr(images, "numpy"):  # a tensor of torch
        images = images.detach().cpu().numpy()
    if isinstance(images, np.ndarray):
        shapes = [images.shape[1:]] if images.ndim == 4 and len(images) else []
    else:
        shapes = [np.shape(image) for image in images]
    first = [len(shape) == 3 and shape[0] in _CHANNELS and shape[2] not in (*_CHANNELS, 2) for shape in shapes]
    if shapes and all(first):
        moved = (
            np.moveaxis(images, 1, -1) if isinstance(images, np.ndarray) else [np.moveaxis(i, 0, -1) for i in images]
        )
        return moved, [_first(shapes[0])]
    return images, list(_doubtful(shapes))


def _first(shape: tuple[int, ...]) -> Finding:
    channels, height, width = shape
    return Finding(
        "channels-first",
        Message(
            "pictures of the shape {shape} are taken as channels first: {channels} channels, {width}x{height} pixels",
            shape=shape,
            channels=channels,
            width=width,
            height=height,
        ),
    )


def _doubtful(shapes: Sequence[tuple[int, ...]]) -> Iterator[Finding]:
    for shape in shapes[:1]:
        if len(shape) == 3 and shape[0] in _CHANNELS and shape[2] in _CHANNELS and shape[1] > 4:
            yield Finding(
                "channels-last",
                Message(
                    "pictures of the shape {shape} are taken as channels last: {shape2} channels, {shape3}x{shape4} "
                    "pixels; give them as (N, H, W, C) if that is wrong",
                    shape=shape,
                    shape2=shape[2],
                    shape3=shape[1],
                    shape4=shape[0],
                ),
            )


def targets_of(targets: Any) -> tuple[list[object], list[Finding]]:
    """Return a label for each picture, as it is handed over; rows with a single 1 (one-hot) become its number.

    Raises:
        SourceError: it is neither (N,) nor one-hot (N, K).
    """
    if not isinstance(targets, np.ndarray) and not hasattr(targets, "shape"):
        listed = list(targets)
        if not any(isinstance(one, list | tuple) or (hasattr(one, "shape") and len(one.shape)) for one in listed):
            return listed, list(_mixed(listed))  # never through an array, which makes texts of mixed values
        targets = _array(listed)
    if hasattr(targets, "detach"):
        targets = targets.detach().cpu()
    shape = tuple(int(size) for size in targets.shape)
    if len(shape) == 1:
        listed = list(targets.tolist())
        return listed, list(_mixed(listed))
    return _numbers(np.asarray(targets), shape)


def _array(rows: list[object]) -> np.ndarray:
    try:
        return np.asarray(rows)
    except ValueError:
        raise SourceError("labels of several lengths; expected (N,): one name or number for each picture") from None


def _numbers(rows: np.ndarray, shape: tuple[int, ...]) -> tuple[list[object], list[Finding]]:
    expected = Message("labels of the shape {shape}; expected (N,): one name or number for each picture", shape=shape)
    if len(shape) != 2 or shape[1] < 2 or rows.dtype.kind not in "biuf":
        raise SourceError(expected)
    ones, others = (rows == 1).sum(1), ((rows != 0) & (rows != 1)).sum(1)
    wrong = np.flatnonzero((ones > 1) | (others > 0))
    if len(wrong):
        raise SourceError(
            "{expected}, or one-hot (N, K): row {wrong} has no single 1 among zeros",
            expected=expected,
            wrong=int(wrong[0]),
        )
    found: list[object] = [int(row.argmax()) if one else None for row, one in zip(rows, ones)]
    return found, [
        Finding(
            "one-hot",
            Message("labels of the shape {shape} are taken as one-hot: the place of the 1 is the class", shape=shape),
        )
    ]


def _mixed(labels: Sequence[object]) -> Iterator[Finding]:
    kinds = {_kind(label) for label in labels} - {""}
    if len(kinds) > 1:
        yield Finding(
            "mixed-labels",
            Message("labels are of several kinds ({kinds}): each is taken by its text", kinds=", ".join(sorted(kinds))),
        )
    broken = next((one for one in labels if isinstance(one, float) and one == one and not one.is_integer()), None)
    if broken is not None:
        yield Finding(
            "float-labels",
            Message(
                "labels are numbers with fractions, such as {broken}: each becomes a separate class", broken=broken
            ),
        )


def _kind(label: object) -> str:
    if isinstance(label, bool | np.bool_):
        return Message("true or false")
    if isinstance(label, str | bytes):
        return "texts"
    return "numbers" if isinstance(label, int | float | np.number) and label == label else ""
