"""Finding near points among many without comparing all pairs."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["close_pairs", "usual_distance"]

Points = NDArray[np.float32]  # unit vectors (N, D)

_CELL = 512  # points a cell, on average
_NEAREST = 3  # a point also looks into the cells that are this near
_MOST = 16  # neighbours kept for one point: hundreds of copies of one picture must not make N² pairs
_BLOCK = 2**22  # products held in memory at once


def usual_distance(points: Points, rank: int, seed: int, sample: int = 2048) -> NDArray[np.float32]:
    """Return how far each point's ``rank``-th neighbour is, float32 (N,), estimated on a seeded sample."""
    count = len(points)
    chosen = np.arange(count)
    if count > sample:
        chosen = np.sort(np.random.default_rng(seed).choice(count, sample, replace=False))
    k = max(min(-(-rank * len(chosen) // count), len(chosen) // 2), min(2, len(chosen) - 1))
    result = np.empty(count, np.float32)
    step = max(_BLOCK // len(chosen), 1)
    for start in range(0, count, step):
        products = points[start : start + step] @ points[chosen].T
        result[start : start + step] = _distance(_largest(products, k))  # the point itself is first, with rank 0
    return result


def close_pairs(points: Points, radius: NDArray[np.float32], seed: int) -> NDArray[np.int64]:
    """Return pairs (i, j), i < j, that are nearer than both of their radii, int64 (M, 2), sorted.

    Points are put into cells around centres (a few rounds of k-means on the sphere); each is compared with the points
    that have its cell among their nearest ones (an inverted file with multiple assignment: Jégou, Douze, Schmid 2011).
    Of each point the 16 nearest neighbours are kept.
    """
    count = len(points)
    cells = _nearest_cells(points, _centres(points, -(-count // _CELL), seed))
    codes: list[NDArray[np.int64]] = []
    for inside, around in zip(_members(cells[:, :1]), _members(cells)):
        if len(inside) and len(around):
            codes += _pairs_between(points, radius, inside, around)
    found = np.unique(np.concatenate([np.zeros(0, np.int64), *codes]))
    return np.stack([found // max(count, 1), found % max(count, 1)], 1)


def _members(cells: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return for each cell the points that name it, in their order; ``cells`` (N, n) are those that a point names."""
    flat = cells.reshape(-1)
    points = np.argsort(flat, kind="stable") // max(cells.shape[1], 1)
    return np.split(points, np.cumsum(np.bincount(flat))[:-1]) if len(flat) else []


def _pairs_between(
    points: Points, radius: NDArray[np.float32], inside: NDArray[np.int64], around: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    others, limits = points[around].T.copy(), _product(radius)
    step = max(_BLOCK // len(around), 1)
    codes = []
    for start in range(0, len(inside), step):
        ids = inside[start : start + step]
        products = points[ids] @ others
        products[ids[:, None] == around[None, :]] = -2
        near = products > np.maximum(limits[ids][:, None], limits[around][None, :])
        for row in np.flatnonzero(near.sum(1) > _MOST):
            hits = np.flatnonzero(near[row])
            near[row, hits[np.argsort(-products[row, hits], kind="stable")[_MOST:]]] = False
        rows, columns = np.nonzero(near)
        a, b = ids[rows], around[columns]
        codes.append(np.minimum(a, b) * len(points) + np.maximum(a, b))
    return codes


def _centres(points: Points, count: int, seed: int) -> Points:
    """Return unit centres of ``count`` cells: seeded points, then four rounds of k-means on the sphere."""
    if count <= 1:
        return points[:1]
    chosen = np.random.default_rng(seed).permutation(len(points))
    centres, points = points[chosen[:count]], points[np.sort(chosen[: 64 * count])]
    for _ in range(4):
        cells = _nearest_cells(points, centres, 1)[:, 0]
        order = np.argsort(cells, kind="stable")
        sizes = np.bincount(cells, minlength=count)
        used = np.flatnonzero(sizes)
        starts = np.concatenate([[0], np.cumsum(sizes[used])[:-1]])
        sums = np.add.reduceat(points[order], starts, axis=0)
        centres[used] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return centres


def _nearest_cells(points: Points, centres: Points, nearest: int = _NEAREST) -> NDArray[np.int64]:
    nearest = min(nearest, len(centres))
    result = np.empty((len(points), nearest), np.int64)
    step = max(_BLOCK // max(len(centres), 1), 1)
    for start in range(0, len(points), step):
        products = points[start : start + step] @ centres.T
        if nearest == 1:
            result[start : start + step, 0] = products.argmax(1)
            continue
        part = np.argpartition(-products, nearest - 1, axis=1)[:, :nearest]
        order = np.argsort(-np.take_along_axis(products, part, 1), axis=1, kind="stable")
        result[start : start + step] = np.take_along_axis(part, order, 1)
    return result


def _largest(products: NDArray[np.float32], rank: int) -> NDArray[np.float32]:
    """Return the value of ``rank`` (0: the largest) in each row."""
    if rank > 4:
        return np.partition(products, products.shape[1] - 1 - rank, axis=1)[:, products.shape[1] - 1 - rank]
    rows = np.arange(len(products))
    for _ in range(rank):  # quicker than a partition
        products[rows, products.argmax(1)] = -2
    return np.asarray(products.max(1), np.float32)


def _distance(product: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(np.maximum(2 - 2 * product, 0))


def _product(distance: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 - distance**2 / 2).astype(np.float32)
