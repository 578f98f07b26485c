"""How long the map of 50,000 pictures takes, and how much memory: PCA and t-SNE of features at random.

    python benchmarks/picture_map.py [--pictures 50000] [--features 1280] [--twice]

The features are 20 clusters of normal numbers in place of a network's, whose computation is the time of a prediction of
each picture and is not measured here. ``--twice`` makes the map again and says whether it is the same to the bit.
"""

import argparse
import os
import resource
import time

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.embedding.picture_map import DIMENSIONS
from glasshouse.explanation.embedding.projection import principal_components
from glasshouse.explanation.embedding.tsne import tsne_steps


def main() -> None:
    """Make the map and print the seconds of each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=1280)
    parser.add_argument("--twice", action="store_true")
    given = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.2f}", flush=True)
    first = _mapped(given.pictures, given.features)
    if given.twice:
        print("the same to the bit:", first.tobytes() == _mapped(given.pictures, given.features).tobytes())


def _mapped(pictures: int, width: int) -> NDArray[np.float32]:
    features, cluster = _features(pictures, width)
    begin, busy = time.perf_counter(), time.process_time()
    scores, _ = principal_components(features, DIMENSIONS)
    del features  # as the library does
    print(f"PCA: {time.perf_counter() - begin:.1f} s", flush=True)
    positions = scores[:, :2]
    for step, positions in tsne_steps(scores, seed=42):  # noqa: B007  the last ones are the map
        if step % 100 == 0:
            print(f"  {step} steps: {time.perf_counter() - begin:.1f} s", flush=True)
    seconds, processor = time.perf_counter() - begin, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"map: {seconds:.1f} s, {processor:.1f} s of processor time, {memory:.0f} MB at most", flush=True)
    print(f"load after: {os.getloadavg()[0]:.2f}; nearest of the same cluster: {_together(positions, cluster):.1%}")
    return positions


def _features(pictures: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(0)
    cluster = random.integers(0, 20, pictures)
    centres = random.normal(size=(20, width)).astype(np.float32)
    features = random.standard_normal((pictures, width), np.float32)
    for row, number in zip(features, cluster.tolist()):
        row += centres[number]
    return features, cluster


def _together(positions: NDArray[np.float32], cluster: NDArray[np.int64]) -> float:
    """Return for 1,000 points the share whose nearest point on the map is of their cluster."""
    chosen = np.random.default_rng(1).permutation(len(positions))[:1000]
    same = 0
    for point in chosen:
        distance = ((positions - positions[point]) ** 2).sum(1)
        distance[point] = np.inf
        same += int(cluster[distance.argmin()] == cluster[point])
    return same / len(chosen)


if __name__ == "__main__":
    main()
