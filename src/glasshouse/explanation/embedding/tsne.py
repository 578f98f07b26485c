"""t-SNE of a map's pictures in steps, begun from their principal components: the same seed gives the same bits.

Source: van der Maaten and Hinton, Visualizing data using t-SNE, JMLR, 2008; the start from PCA: Kobak and Berens, The
art of using t-SNE for single-cell transcriptomics, Nature Communications, 2019; computed by openTSNE.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["PERPLEXITY", "iterations", "tsne_steps"]

PERPLEXITY = 30.0
EARLY, LATE, LATE_MANY = 250, 500, 300  # iterations with 12 times the attraction, with it as it is; of many pictures
MANY = 20_000  # pictures, whose steps are longer (the rate is N/12), so that fewer do
FFT_FROM = 4000  # pictures from which the repulsion is interpolated on a grid
THREADS = 2


def iterations(pictures: int) -> int:
    """Return how many steps t-SNE takes for a number of pictures."""
    return EARLY + (LATE_MANY if pictures >= MANY else LATE)


def tsne_steps(scores: NDArray[np.float32], seed: int, every: int = 25) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the iteration and the positions float32 (N, 2) after every ``every`` iterations, the last one at the end.

    ``scores`` (N, D) are principal components, the first two of which are where it begins. Fewer than 5 pictures stay
    there.
    """
    if len(scores) < 5:
        yield iterations(len(scores)), _plane(scores).astype(np.float32)
        return
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    perplexity = min(PERPLEXITY, (len(scores) - 1) / 3)
    near = "exact" if len(scores) < 1000 else "annoy"
    affinities = PerplexityBasedNN(scores, perplexity=perplexity, method=near, n_jobs=1, random_state=seed)
    repulsion = "fft" if len(scores) >= FFT_FROM else "bh"
    embedding = TSNEEmbedding(
        _start(scores, seed), affinities, negative_gradient_method=repulsion, n_jobs=THREADS, random_state=seed
    )
    late = iterations(len(scores)) - EARLY
    for first, count, exaggeration, momentum in ((0, EARLY, 12.0, 0.5), (EARLY, late, 1.0, 0.8)):
        for done in range(0, count, every):
            steps = min(every, count - done)
            embedding.optimize(
                n_iter=steps, exaggeration=exaggeration, momentum=momentum, inplace=True, propagate_exception=True
            )
            yield first + done + steps, np.array(embedding, dtype=np.float32)


def _start(scores: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """Return where it begins: the plane of PCA with deviation 0.0001, and a little noise that parts equal pictures."""
    plane = _plane(scores)
    spread = plane[:, 0].std()
    plane = plane / spread * 1e-4 if spread > 0 else np.zeros_like(plane)
    return plane + np.random.default_rng(seed).normal(scale=1e-6, size=plane.shape)


def _plane(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    plane = np.zeros((len(scores), 2))
    plane[:, : scores.shape[1]] = scores[:, :2]
    return plane
