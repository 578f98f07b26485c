"""Features in fewer dimensions by principal component analysis, with the same signs on every run."""

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

__all__ = ["principal_components"]

AT_ONCE = 4096  # rows in float64 at a time


def principal_components(
    features: NDArray[np.float32], dimensions: int, threads: int = 2
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the scores float32 (N, D) on the first D <= ``dimensions`` components, and their parts of the variance.

    The scores are Z = (X - mean)·V, where V are the eigenvectors of the covariance with the largest eigenvalues. An
    eigenvector has no sign of its own: the largest of its loadings is made positive. ``threads`` is fixed, since sums
    in another order have other last digits.
    """
    from scipy.linalg import eigh  # type: ignore[import-untyped]

    count, width = features.shape
    kept = min(dimensions, width)
    with threadpool_limits(threads):
        mean = features.mean(0, dtype=np.float64)
        covariance = np.zeros((width, width))
        for start in range(0, count, AT_ONCE):
            part = features[start : start + AT_ONCE] - mean
            covariance += part.T @ part
        values, vectors = eigh(covariance, subset_by_index=(width - kept, width - 1))
        vectors = vectors[:, ::-1]
        largest = np.abs(vectors).argmax(0)
        vectors = vectors * np.where(vectors[largest, np.arange(kept)] < 0, -1.0, 1.0)
        scores = np.concatenate(
            [(features[start : start + AT_ONCE] - mean) @ vectors for start in range(0, count, AT_ONCE)]
        )
    total = float(np.trace(covariance))
    parts = np.maximum(values[::-1], 0.0) / total if total > 0 else np.zeros(kept)
    return scores.astype(np.float32), parts
