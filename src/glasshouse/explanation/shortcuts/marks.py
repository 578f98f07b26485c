"""Marks in pictures: a region with nearly the same pixels in many pictures of one class and in few of the others.

Only pictures are looked at here, no model. For each class some of its pictures are templates; a pixel belongs to a mark
where a template's colour returns in the class far more often than elsewhere, and a mark is a connected region whose
pixels return together (Fisher's exact test, corrected for all places and classes). What is found at other places of
other pictures as well, such as the background, is no mark.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.shortcuts.regions import Box, box_of, kind_of

__all__ = ["Mark", "find_marks"]

SIDE = 48  # pixels of the longer side in which marks are looked for
TOLERANCE = 14  # of 255, in each channel: JPEG and resizing change a mark by less
TEMPLATES, OWN, OTHERS = 20, 200, 300  # pictures of a class that are templates, that are compared, and of the others
LEAST_SHARE = 0.3  # of the class's pictures that bear a mark
RATIO = 4  # times the share in other classes
TOGETHER = 0.85  # of a mark's pixels that a picture must have to bear it
LARGEST, INSIDE = 0.15, 0.05  # of the picture, at its edge and within: what is larger is background, or the object
ORDINARY, SAMPLED = 0.2, 2000  # of 2,000 pixels of other pictures: a colour that a fifth of them have is no mark's
SAME = 0.7  # pictures that have both of two neighbouring pixels, of those that have one
SMALLEST = 4  # pixels, at the size in which marks are looked for
COMMON = 0.02  # of the places elsewhere: what is found as often is nothing special
LEVEL = 0.01
FEWEST = 8  # pictures of a class

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Mark:
    """A mark of the class ``label``: ``mask`` (H, W) and ``patch`` uint8 (H, W, C), whose pixels count within the mask.

    ``box`` is x0, y0, x1, y1 in pixels of the dataset's pictures. ``bearing`` of ``own`` pictures of the class bear
    it, and ``others_bearing`` of ``others`` of other classes; ``rows`` are some of the first, in the order given.
    """

    label: int
    box: Box
    mask: Mask
    patch: NDArray[np.uint8]
    bearing: int
    own: int
    others_bearing: int
    others: int
    rows: NDArray[np.int64]


def find_marks(pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> Iterator[Mark]:
    """Yield the marks in ``pictures`` uint8 (N, H, W, C) of the classes ``labels`` int64 (N,), class by class."""
    small = _small(pictures)
    for label in np.unique(labels).tolist():
        own, others = _spread(np.flatnonzero(labels == label), OWN), _spread(np.flatnonzero(labels != label), OTHERS)
        if len(own) < FEWEST or len(others) < FEWEST:
            continue
        classes = len(np.unique(labels))
        for mask, patch in _regions(small[own], small[others]):
            found = _mark(pictures, label, own, others, small, mask, patch, classes)
            if found is not None:
                yield found


def _regions(own: NDArray[np.int16], others: NDArray[np.int16]) -> Iterator[tuple[Mask, NDArray[np.int16]]]:
    """Yield connected regions (h, w) that return in the class, with their colours (h, w, C)."""
    chosen = _spread(np.arange(len(own)), TEMPLATES)
    inside = np.stack([(_near(own, own[t]).sum(0) - 1) / (len(own) - 1) for t in chosen])  # (T, h, w)
    outside = np.stack([_near(others, own[t]).mean(0) for t in chosen])
    best = (inside - outside).argmax(0)[None]
    inside, outside = (np.take_along_axis(part, best, 0)[0] for part in (inside, outside))
    colors = np.take_along_axis(own[chosen], best[..., None], 0)[0]
    returning = (inside >= LEAST_SHARE) & (outside * RATIO <= inside)
    returning &= ~_ordinary(colors, others)
    for mask in _connected(returning, _near(own, colors)):
        if mask.sum() >= SMALLEST:
            yield _refined(own, mask, colors)


def _ordinary(colors: NDArray[np.int16], others: NDArray[np.int16]) -> Mask:
    """Return where the colour (h, w, C) is that of many pixels of the other pictures, such as their background."""
    pixels = others.reshape(-1, others.shape[-1])
    pixels = pixels[np.random.default_rng(0).integers(0, len(pixels), SAMPLED)]
    found: Mask = np.stack([_near(pixels[:, None], row[None]).mean(0) for row in colors]) >= ORDINARY
    return found


def _connected(returning: Mask, bears: Mask) -> Iterator[Mask]:
    """Yield groups of pixels at most two apart whose colours return in the same pictures; ``bears`` is (n, h, w)."""
    from scipy.sparse import coo_array  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

    rows, columns = np.nonzero(returning)
    if not len(rows):
        return
    number = np.full(returning.shape, -1)
    number[rows, columns] = np.arange(len(rows))
    pairs = []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0)):
        y, x = rows + down, columns + across
        there = (y < returning.shape[0]) & (x >= 0) & (x < returning.shape[1])
        there[there] = returning[y[there], x[there]]
        one, other = bears[:, rows[there], columns[there]], bears[:, y[there], x[there]]
        alike = (one & other).sum(0) >= SAME * (one | other).sum(0)
        pairs.append(np.stack([np.flatnonzero(there)[alike], number[y[there], x[there]][alike]]))
    first, second = np.concatenate(pairs, 1)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(rows), len(rows)))
    count, group = connected_components(graph, directed=False)
    for chosen in range(count):
        mask = np.zeros_like(returning)
        mask[rows[group == chosen], columns[group == chosen]] = True
        yield mask


def _refined(own: NDArray[np.int16], mask: Mask, colors: NDArray[np.int16]) -> tuple[Mask, NDArray[np.int16]]:
    """Return the region as the pictures that bear it have it: their median, where four in five agree with it."""
    bearing = own[_bears(own, mask, colors)]
    if len(bearing) < 3:
        return mask, colors
    median = np.median(bearing, axis=0).astype(np.int16)
    agreed = (_near(bearing, median).mean(0) >= 0.8) & _grown(mask)
    return (agreed, median) if agreed.sum() >= SMALLEST else (mask, colors)


def _mark(
    pictures: NDArray[np.uint8], label: int, own: NDArray[np.int64], others: NDArray[np.int64],
    small: NDArray[np.int16], mask: Mask, patch: NDArray[np.int16], classes: int,
) -> Mark | None:  # fmt: skip
    """Return the mark at the size of the pictures; None if it is no mark but chance, background or object."""
    area = mask.mean()
    inside_it = kind_of(box_of(mask), mask.shape[1], mask.shape[0]) == "patch"
    if area > (INSIDE if inside_it else LARGEST):
        return None
    inside, outside = _bears(small[own], mask, patch), _bears(small[others], mask, patch)
    share, elsewhere = inside.mean(), outside.mean()
    if share < LEAST_SHARE or elsewhere * RATIO > share:
        return None
    tried = classes / area
    if _fisher(int(inside.sum()), len(own), int(outside.sum()), len(others)) * tried > LEVEL:
        return None
    if _elsewhere(small[others], mask, patch) > COMMON:
        return None
    rows = own[inside]
    whole = _enlarged(mask, pictures.shape[1:3])
    median = np.median(pictures[rows[:50]], axis=0).astype(np.uint8)
    return Mark(label, box_of(whole), whole, median, int(inside.sum()), len(own), int(outside.sum()), len(others), rows)


def _elsewhere(others: NDArray[np.int16], mask: Mask, patch: NDArray[np.int16]) -> float:
    """Return the share of other places in other classes' pictures that look like the mark."""
    left, top, right, bottom = box_of(mask)
    shape, part = mask[top:bottom, left:right], patch[top:bottom, left:right]
    h, w = shape.shape
    found = []
    for y in _steps(mask.shape[0], h):
        for x in _steps(mask.shape[1], w):
            if abs(y - top) >= max(1, h // 2) or abs(x - left) >= max(1, w // 2):
                found.append(_bears(others[:, y : y + h, x : x + w], shape, part).mean())
    return float(np.mean(found)) if found else 0.0


def _steps(whole: int, part: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, whole - part, min(10, whole - part + 1)).round().astype(np.int64))


def _bears(pictures: NDArray[np.int16], mask: Mask, patch: NDArray[np.int16]) -> Mask:
    """Return which pictures (n, h, w, C) have nearly the colours of the patch in most of the mask, bool (n,)."""
    found: Mask = (np.abs(pictures[:, mask] - patch[mask]).max(-1) <= TOLERANCE).mean(1) >= TOGETHER
    return found


def _near(pictures: NDArray[np.int16], template: NDArray[np.int16]) -> Mask:
    found: Mask = np.abs(pictures - template).max(-1) <= TOLERANCE
    return found


def _grown(mask: Mask) -> Mask:
    """Return the mask's box, a pixel wider on each side."""
    left, top, right, bottom = box_of(mask)
    grown = np.zeros_like(mask)
    grown[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = True
    return grown


def _fisher(hits: int, count: int, other_hits: int, other_count: int) -> float:
    from scipy.stats import fisher_exact  # type: ignore[import-untyped]

    table = [[hits, count - hits], [other_hits, other_count - other_hits]]
    return float(fisher_exact(table, alternative="greater")[1])


def _small(pictures: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the pictures with every k-th pixel, the longer side at most ``SIDE``: marks keep their colours so."""
    step = -(-max(pictures.shape[1:3]) // SIDE)
    return pictures[:, step // 2 :: step, step // 2 :: step].astype(np.int16)


def _enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    step = -(-max(shape) // SIDE)
    whole = np.repeat(np.repeat(mask, step, 0), step, 1)[: shape[0], : shape[1]]
    missing = [(0, shape[0] - whole.shape[0]), (0, shape[1] - whole.shape[1])]
    enlarged: Mask = np.pad(whole, missing, mode="edge")
    return enlarged


def _spread(numbers: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return at most ``most`` of the numbers, evenly spread."""
    if len(numbers) <= most:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, most).round().astype(np.int64)]
