"""Frozen features and one cold prediction: onnxruntime beside torch, in one run, interleaved, as medians and ratios.

python benchmarks/engines.py [NETWORK ...]
"""

import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
import torch

from glasshouse.export.inference import Inference
from glasshouse.networks.build import build

ROUNDS = 15


def main() -> None:
    """Print a line for each network: milliseconds a block of two pictures on one thread, and their ratio."""
    torch.set_num_threads(1)
    print(f"torch {version('torch')}, onnxruntime {version('onnxruntime')}, one thread, blocks of 2 at 224x224")
    for name in sys.argv[1:] or ["MobileNetV2", "EfficientNetLite0"]:
        module = build(name, 10, 3, 224, 224).module
        rows = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), np.uint8)
        ways = {engine: Inference(module, (224, 224, 3), engine=engine) for engine in ("torch", "onnxruntime")}
        spent: dict[str, list[float]] = {engine: [] for engine in ways}
        for _ in range(ROUNDS):
            for engine, way in ways.items():
                begin = time.perf_counter()
                way.probabilities(rows, (0.5,) * 3, (0.5,) * 3)
                spent[engine].append(1000 * (time.perf_counter() - begin))
        a, b = (statistics.median(spent[engine]) for engine in ("torch", "onnxruntime"))
        least = min(spent["torch"]) / min(spent["onnxruntime"])
        print(f"{name:20} torch {a:6.1f} ms  onnxruntime {b:6.1f} ms  {a / b:.2f} times (of the least: {least:.2f})")


if __name__ == "__main__":
    main()
