"""Bilinear resizing with antialiasing in NumPy, with the bits of torch's ``interpolate`` on uint8; loads no torch.

Source: torch's UpSampleKernel.cpp (weights in 16 bits with as much precision as fits, after Pillow's Resample.c).
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["scaled"]

MOST_PRECISION = 22  # bits
LIMIT = 1 << 15  # of a weight in 16 bits


def scaled(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Return the picture (H, W, C) uint8 at (height, width, C): its rows first, then its columns."""
    rows, columns = picture.shape[:2]
    found = picture
    if columns != width:
        found = _along(found.transpose(1, 0, 2), width).transpose(1, 0, 2)
    if rows != height:
        found = _along(found, height)
    return np.ascontiguousarray(found)


def _along(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the picture (n, ...) with ``size`` weighted means along its first axis."""
    first, weights, precision = _weights(len(picture), size)
    last = len(picture) - 1
    total = np.full((size, *picture.shape[1:]), 1 << (precision - 1), np.int32)
    for tap in range(weights.shape[1]):
        part = picture[np.minimum(first + tap, last)].astype(np.int32)
        part *= weights[:, tap].reshape(-1, *(1,) * (picture.ndim - 1))
        total += part
    found: NDArray[np.uint8] = np.clip(total >> precision, 0, 255).astype(np.uint8)
    return found


def _weights(length: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int32], int]:
    """Return for each of ``size`` places where its window begins, its weights (size, taps), and their precision."""
    scale = length / size
    support, inverse = (scale, 1 / scale) if scale >= 1 else (1.0, 1.0)
    taps = math.ceil(support) * 2 + 1
    centre = scale * (np.arange(size) + 0.5)
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    count = np.clip(np.minimum((centre + support + 0.5).astype(np.int64), length) - first, 0, taps)
    tap = np.arange(taps)
    away = np.abs((tap + first[:, None] - centre[:, None] + 0.5) * inverse)
    plain = np.where((tap < count[:, None]) & (away < 1), 1 - away, 0.0)
    sums = np.add.accumulate(plain, axis=1)[:, -1:]  # in their order, as torch adds
    shares = plain / np.where(sums == 0, 1, sums)
    most, precision = float(shares.max()), 0
    while precision < MOST_PRECISION and int(0.5 + most * (1 << (precision + 1))) < LIMIT:
        precision += 1
    return first, (0.5 + shares * (1 << precision)).astype(np.int32), precision
