"""One epoch on arrays as large as Fashion-MNIST, batch 64: Layers, plain torch, Keras.

    python benchmarks/layers.py [--network dense|conv] [--samples 60000] [--rounds 5] [--keras PYTHON]

dense is 784-128-10; conv is 32 and 64 convolutions of 3x3, each pooled, then 10.

The ways run in turn in one process, round after round, so that all meet the same noise; the table gives the fastest
round, the median, and the median of the ratios to plain torch. ``--keras`` names an interpreter with keras and torch.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable

import numpy as np

BATCH, CLASSES = 64, 10

KERAS = """
import json, os, sys, time
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy as np, torch
torch.set_num_threads(int(sys.argv[3]))
torch.set_flush_denormal(True)
n, rounds = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
L = keras.layers
dense = sys.argv[4] == "dense"
shape = (784,) if dense else (28, 28, 1)
x, y = rng.random((n, *shape), dtype=np.float32), rng.integers(0, 10, n)
body = [L.Dense(128, activation="relu")] if dense else [L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(),
    L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()]
net = keras.Sequential([keras.Input(shape), *body, L.Dense(10, activation="softmax")])
net.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
net.fit(x[:640], y[:640], batch_size=64, verbose=0)
times = []
for _ in range(rounds):
    began = time.perf_counter()
    net.fit(x, y, batch_size=64, verbose=0)
    times.append(time.perf_counter() - began)
print(json.dumps(times))
"""


def data(n: int, network: str) -> tuple[np.ndarray, np.ndarray]:
    rng, shape = np.random.default_rng(0), (784,) if network == "dense" else (28, 28, 1)
    return rng.random((n, *shape), dtype=np.float32), rng.integers(0, CLASSES, n)


def layers(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    from glasshouse.layers import Conv2D, Dense, Flatten, MaxPooling2D, Network

    dense = [Dense(128, activation="relu")]
    conv = [
        Conv2D(32, 3, activation="relu"), MaxPooling2D(), Conv2D(64, 3, activation="relu"), MaxPooling2D(), Flatten(),
    ]  # fmt: skip
    body = dense if x.ndim == 2 else conv
    net = Network([*body, Dense(CLASSES, activation="softmax")], input_shape=x.shape[1:])
    net.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return lambda: net.fit(x, y, batch_size=BATCH, verbose=0) and None


def plain(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    """What a person writes in torch: tensors in memory, an order drawn anew each epoch, the same numbers kept."""
    import torch
    from torch import nn

    dense = [nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, CLASSES)]
    conv = [
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(1600, CLASSES),
    ]  # fmt: skip
    net = nn.Sequential(*(dense if x.ndim == 2 else conv))
    optimizer, criterion = torch.optim.RMSprop(net.parameters(), lr=0.001, alpha=0.9), nn.CrossEntropyLoss()
    pictures, labels = torch.from_numpy(x), torch.from_numpy(y)
    if x.ndim == 4:
        pictures = pictures.permute(0, 3, 1, 2).contiguous()

    def epoch() -> None:
        total, right = torch.zeros(()), torch.zeros(())
        for rows in torch.randperm(len(x)).split(BATCH):
            a, b = pictures[rows], labels[rows]
            scores = net(a)
            loss = criterion(scores, b)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(b)
            right += (scores.argmax(1) == b).sum()

    return epoch


def timed(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=("dense", "conv"), default="dense")
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keras", help="an interpreter with keras and torch")
    given = parser.parse_args()
    import torch

    torch.set_flush_denormal(True)  # else torch.optim.RMSprop slows down by 2 as its averages of unused weights fade
    x, y = data(given.samples, given.network)
    ways = {"plain torch": plain(x, y), "glasshouse.layers": layers(x, y)}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in ways.values():
        run()
    for number in range(given.rounds):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            times[name].append(timed(ways[name]))
        if given.keras:
            times.setdefault("Keras on torch", []).extend(
                keras(given.keras, given.samples, torch.get_num_threads(), given.network)
            )
    print("| way | fastest s | median s | ratio to plain torch |\n|---|---|---|---|")
    for name, found in times.items():
        ratio = statistics.median(a / b for a, b in zip(found, times["plain torch"]))
        print(f"| {name} | {min(found):.2f} | {statistics.median(found):.2f} | {ratio:.2f} |")
    threads = f"{torch.get_num_threads()} threads, {given.rounds} rounds in turn"
    print(f"\n{given.network}: {given.samples:,} samples, batch {BATCH}, {threads}")


def keras(python: str, samples: int, threads: int, network: str) -> list[float]:
    command = [python, "-c", KERAS, str(samples), "1", str(threads), network]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    return list(json.loads(ended.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
