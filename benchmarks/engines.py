"""Frozen features and one cold prediction: every engine beside torch, in one run, interleaved, as medians and ratios.

python benchmarks/engines.py [NETWORK ...]
"""

import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
import torch

from glasshouse.export.engines import ENGINES, engine_problem
from glasshouse.export.inference import Inference
from glasshouse.networks.build import build

ROUNDS = 15


def main() -> None:
    """Print a line for each network and engine: milliseconds a block of two pictures on one thread, and the ratio."""
    torch.set_num_threads(1)
    engines = [name for name in ENGINES if engine_problem(name) is None]
    packages = sorted({ENGINES[name].package for name in engines})
    told = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"{told}, one thread, blocks of 2 at 224x224, median of {ROUNDS}")
    for name in sys.argv[1:] or ["MobileNetV2", "EfficientNetLite0"]:
        module = build(name, 10, 3, 224, 224).module
        rows = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), np.uint8)
        spent = measure({engine: Inference(module, (224, 224, 3), engine=engine) for engine in engines}, rows)
        usual = spent["torch"]
        for engine, found in spent.items():
            a, b = statistics.median(usual), statistics.median(found)
            least = min(usual) / min(found)
            print(f"{name:20} {engine:14} {b:6.1f} ms  {a / b:.2f} times torch (of the least: {least:.2f})")


def measure(ways: dict[str, Inference], rows: np.ndarray) -> dict[str, list[float]]:
    """Return the milliseconds that each takes for the same block, in turns; the first turn only warms up."""
    spent: dict[str, list[float]] = {engine: [] for engine in ways}
    for turn in range(ROUNDS + 1):
        for engine, way in ways.items():
            begin = time.perf_counter()
            way.probabilities(rows, (0.5,) * 3, (0.5,) * 3)
            if turn:
                spent[engine].append(1000 * (time.perf_counter() - begin))
    return spent


if __name__ == "__main__":
    main()
