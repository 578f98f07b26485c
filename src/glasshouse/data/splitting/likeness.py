"""Whether two small pictures show the same picture: resized, recompressed, slightly cropped or brightened."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Marks", "alikeness", "perceptual_marks"]

_SIDE = 32
_WAVES = 8  # a mark is the lowest 8x8 cosine waves of the grey picture
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
_MARGIN = 3  # pixels at the border that a crop may have brought in
_SHIFT = 2.2  # pixels of 32 that a picture may be shifted or stretched at its border: crops of up to 5 % a side
_COLOUR = 12  # levels of 255; brightness ±15 % stays below 9, pictures with other colours begin at about 7
_UNLIKE = np.float32(9)
_Fitted = tuple[NDArray[np.float32], NDArray[np.float32]]  # the rest, and the place that brought it
_STEPS = 3
_CHUNK = 1024

_U = np.linspace(-1, 1, _SIDE, dtype=np.float32)
_X, _Y = np.meshgrid(np.arange(_SIDE, dtype=np.float32), np.arange(_SIDE, dtype=np.float32))
_UX, _UY = np.meshgrid(_U, _U)


@dataclass(frozen=True)
class Marks:
    """Perceptual hashes before their signs are taken: unit vectors (N, 63), and the contrast in grey levels (N,)."""

    points: NDArray[np.float32]
    contrast: NDArray[np.float32]


def perceptual_marks(thumbs: NDArray[np.uint8], rows: NDArray[np.int64]) -> Marks:
    """Return the low cosine waves of the small pictures ``thumbs[rows]``, without the mean, scaled to length 1.

    Brightness and contrast drop out; size and compression hardly matter (Zauner 2010, "pHash").
    """
    waves = _cosines()
    points = np.empty((len(rows), _WAVES * _WAVES - 1), np.float32)
    for start in range(0, len(rows), 4096):
        grey = _grey(thumbs[rows[start : start + 4096]])
        points[start : start + 4096] = (waves @ grey @ waves.T).reshape(len(grey), -1)[:, 1:]
    length = np.linalg.norm(points, axis=1)
    points /= np.maximum(length, 1e-6)[:, None]
    return Marks(points, length / _SIDE)


def alikeness(thumbs: NDArray[np.uint8], pairs: NDArray[np.int64], limits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each pair of ``thumbs`` how much of one the other does not explain: 0 the same, about 1 unrelated.

    The rest of a least-squares fit b ≈ gain·a(warped) + offset over a shift and a stretch of up to 7 % of the side,
    relative to b's contrast, in the better direction; three steps of Gauss-Newton (Lucas and Kanade 1981). Pairs whose
    first step stays far beyond their limit are given up. Colours are compared where the grey pictures agree.
    """
    result = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), _CHUNK):
        chosen = slice(start, start + _CHUNK)
        result[chosen] = _rest(thumbs[pairs[chosen, 0]], thumbs[pairs[chosen, 1]], limits[chosen])
    return result


def _rest(a: NDArray[np.uint8], b: NDArray[np.uint8], limits: NDArray[np.float32]) -> NDArray[np.float32]:
    one, other = _grey(a), _grey(b)
    rest, _ = _fit(one, other, 1, stride=2)
    hopeful = np.flatnonzero(rest < 3 * limits)
    rest[hopeful] = _UNLIKE
    for x, y, dx, dy in ((one, other, a, b), (other, one, b, a)):
        ids = hopeful[rest[hopeful] > limits[hopeful]]  # what fits one way need not be tried the other way
        if len(ids):
            fitted, place = _fit(x[ids], y[ids], _STEPS)
            near = np.flatnonzero(fitted <= limits[ids])
            near = near[_same_colours(dx[ids[near]], dy[ids[near]], place[near])]
            rest[ids[near]] = fitted[near]
    return rest


def _fit(a: NDArray[np.float32], b: NDArray[np.float32], steps: int, stride: int = 1) -> _Fitted:
    inner = slice(_MARGIN, -_MARGIN, stride)
    target = b[:, inner, inner].reshape(len(b), -1, 1)
    contrast = np.maximum(target.std((1, 2)), 1)
    place = np.zeros((len(a), 4), np.float32)  # shift x, shift y, stretch x, stretch y, in pixels at the border
    best, chosen = np.full(len(a), _UNLIKE, np.float32), place
    for step in range(steps):
        moved = _warp(a, place) if step else a
        terms = _terms(moved, stride).reshape(len(a), -1, 6)
        turned = terms.transpose(0, 2, 1)
        system = (turned @ terms).astype(np.float64) + 1e-3 * np.eye(6)
        answer = np.linalg.solve(system, (turned @ target).astype(np.float64)).astype(np.float32)
        rest = np.sqrt(((target - terms @ answer) ** 2).mean((1, 2))) / contrast
        gain = answer[:, 0, 0]
        change = answer[:, 2:, 0] / np.maximum(gain, 0.2)[:, None]
        sound = (np.abs(place + change) < _SHIFT).all(1) & (gain > 0.6) & (gain < 1.6)
        place = np.clip(place + change, -_SHIFT, _SHIFT)
        better = sound & (rest < best)
        best, chosen = np.where(better, rest, best), np.where(better[:, None], place, chosen)
    return best, chosen


def _terms(a: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Return the picture, 1, and its derivatives by shift x, shift y, stretch x, stretch y: (n, h, w, 6)."""
    here, before, after = (slice(_MARGIN + k, _SIDE - _MARGIN + k, stride) for k in (0, -1, 1))
    dx = (a[:, here, after] - a[:, here, before]) / 2
    dy = (a[:, after, here] - a[:, before, here]) / 2
    one = a[:, here, here]
    return np.stack([one, np.ones_like(one), dx, dy, dx * _UX[here, here], dy * _UY[here, here]], -1)


def _warp(a: NDArray[np.float32], place: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the pictures sampled at x + shift + stretch·u, bilinear."""
    move = place[:, :, None, None]
    x = np.clip(_X + move[:, 0] + move[:, 2] * _UX, 0, _SIDE - 1)
    y = np.clip(_Y + move[:, 1] + move[:, 3] * _UY, 0, _SIDE - 1)
    left, top = np.minimum(x.astype(np.int32), _SIDE - 2), np.minimum(y.astype(np.int32), _SIDE - 2)
    across, down = x - left, y - top
    flat, corner = a.reshape(-1, _SIDE**2), (top * _SIDE + left).reshape(-1, _SIDE**2)
    nw, ne, sw, se = (np.take_along_axis(flat, corner + k, 1).reshape(a.shape) for k in (0, 1, _SIDE, _SIDE + 1))
    upper, lower = nw + (ne - nw) * across, sw + (se - sw) * across
    return np.asarray(upper + (lower - upper) * down, np.float32)


def _same_colours(a: NDArray[np.uint8], b: NDArray[np.uint8], place: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return whether red - green and blue - green are near, on average, when ``a`` is moved onto ``b``."""
    inner = slice(_MARGIN, -_MARGIN)
    apart = np.zeros(len(a), np.float32)
    for channel in (0, 2):
        one, other = (x[..., channel].astype(np.float32) - x[..., 1] for x in (a, b))
        apart += np.abs(_warp(one, place) - other)[:, inner, inner].mean((1, 2)) / 2
    return np.asarray(apart <= _COLOUR)


def _grey(thumbs: NDArray[np.uint8]) -> NDArray[np.float32]:
    flat: NDArray[np.float32] = thumbs.reshape(-1, 3).astype(np.float32) @ _GREY
    return flat.reshape(-1, _SIDE, _SIDE)


def _cosines() -> NDArray[np.float32]:
    """Return the first rows of the orthonormal DCT-II, (8, 32)."""
    waves = np.cos(np.pi * (np.arange(_SIDE) + 0.5)[None] * np.arange(_WAVES)[:, None] / _SIDE)
    waves *= np.sqrt(2 / _SIDE)
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)
