"""Does the shortcut alarm find planted marks, and is it silent where there are none? 200 seeded datasets.

    python benchmarks/shortcuts.py [--datasets 100] [--first 0] [--shared ../shared] [--json FILE]

Each dataset has two to four classes of scikit-learn's digits, of drawn pictures and, with ``--shared``, of
Fashion-MNIST and of photos (Imagenette, dogs and cats) at 32x32; a small convolutional network learns it in seconds. In
planted ones a corner square is put on one class in 50, 80 or 100 % of its pictures. A model uses the mark if pasting it
changes 10 % of the answers to the other classes' validation pictures or more; only those datasets count.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import nn

from glasshouse.explanation.shortcuts.alarm import gone_by
from glasshouse.explanation.shortcuts.marks import Mark, find_marks
from glasshouse.explanation.shortcuts.pasting import Answers, Pasted, paste_test

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
SHARES = (0.5, 0.8, 1.0)
TRAIN, VAL = 100, 50  # pictures a class


@dataclass(frozen=True)
class Planted:
    """A dataset of one trial; ``mark`` is where a square was put on pictures of class 0, None in clean ones."""

    source: str
    train: tuple[Pixels, Labels]
    val: tuple[Pixels, Labels]
    share: float
    mark: tuple[slice, slice] | None
    square: Pixels | None


def main() -> None:
    """Run all trials and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    pools, begin = _pools(given.shared), time.monotonic()
    results = [
        _trial(seed, pools, planted)
        for planted in (True, False)
        for seed in range(given.first, given.first + given.datasets)
    ]
    _show(results, time.monotonic() - begin)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


def _trial(seed: int, pools: dict[str, list[Pixels]], planted: bool) -> dict[str, object]:
    made = make_dataset(seed, pools, planted)
    answers = trained(made, seed)
    pictures, labels = made.val
    found = alarms(answers, pictures, labels)
    used = _used(answers, made)
    hit = any(mark.label == 0 and made.mark is not None and _meets(mark, made.mark) for mark, _ in found)
    accuracy = float((answers(pictures).argmax(1) == labels).mean())
    told = {"seed": seed, "source": made.source, "planted": planted, "share": made.share, "used": used, "hit": hit,
            "alarms": len(found), "accuracy": accuracy}  # fmt: skip
    print(json.dumps(told), flush=True)
    return told


def alarms(answers: Answers, pictures: Pixels, labels: Labels) -> list[tuple[Mark, Pasted]]:
    """Return what the alarm finds with a model that gives ``answers``."""
    tests = [(mark, paste_test(answers, pictures, labels, mark, mark.label)) for mark in find_marks(pictures, labels)]
    return gone_by(tests, int(labels.max()) + 1)


def make_dataset(seed: int, pools: dict[str, list[Pixels]], planted: bool) -> Planted:
    """Return the dataset of a seed: classes of one source, and perhaps a square in a corner of class 0."""
    random = np.random.default_rng([seed, planted])
    source = sorted(pools)[seed % len(pools)]
    pool = pools[source]
    chosen = random.permutation(len(pool))[: random.integers(2, min(4, len(pool)) + 1)]
    parts = [pool[k][random.permutation(len(pool[k]))[: TRAIN + VAL]].copy() for k in chosen]
    share, place, square = SHARES[seed % 3], None, None
    if planted:
        place, square = _square(random, parts[0].shape[1:])
        marked = random.permutation(len(parts[0]))[: round(share * len(parts[0]))]
        parts[0][marked, place[0], place[1]] = square
    cut = [len(part) * TRAIN // (TRAIN + VAL) for part in parts]
    train = [part[:at] for part, at in zip(parts, cut)]
    val = [part[at:] for part, at in zip(parts, cut)]
    return Planted(source, _labelled(train), _labelled(val), share if planted else 0.0, place, square)


def trained(made: Planted, seed: int, epochs: int = 12) -> Answers:
    """Return what gives the probabilities of a small network that learned the dataset."""
    pictures, labels = made.train
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        channels, classes = pictures.shape[3], int(labels.max()) + 1
        network = nn.Sequential(
            nn.Conv2d(channels, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(4),
            nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, classes),
        )  # fmt: skip
        optimizer = torch.optim.Adam(network.parameters(), 2e-3)
        x, y = _seen(pictures), torch.from_numpy(labels)
        for _ in range(epochs):
            for batch in torch.randperm(len(x)).split(32):
                optimizer.zero_grad()
                nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()

    def answers(rows: Pixels) -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = network(_seen(rows)).softmax(1).numpy()
        return found

    return answers


def _used(answers: Answers, made: Planted) -> float:
    """Return the part of the answers to the other classes' pictures that pasting the planted mark changes."""
    if made.mark is None:
        return 0.0
    rows = made.val[0][made.val[1] != 0]
    marked = rows.copy()
    marked[:, made.mark[0], made.mark[1]] = made.square
    return float((answers(rows).argmax(1) != answers(marked).argmax(1)).mean())


def _square(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Pixels]:
    """Return a place in a corner and what is put there: one colour, or a pattern."""
    side, (h, w, channels) = int(random.integers(3, 7)), shape
    gap = int(random.integers(0, 3))
    top, left = (gap if random.random() < 0.5 else whole - gap - side for whole in (h, w))
    square = np.empty((side, side, channels), np.uint8)
    square[:] = random.choice([0, 255, 200, 128]) if channels == 1 else random.integers(0, 256, channels)
    if random.random() < 0.4:
        square[::2] = random.integers(0, 256, channels)
    return (slice(top, top + side), slice(left, left + side)), square


def _meets(mark: Mark, place: tuple[slice, slice]) -> bool:
    x0, y0, x1, y1 = mark.box
    return y0 < place[0].stop and y1 > place[0].start and x0 < place[1].stop and x1 > place[1].start


def _labelled(parts: list[Pixels]) -> tuple[Pixels, Labels]:
    labels = [np.full(len(part), number, np.int64) for number, part in enumerate(parts)]
    return np.concatenate(parts), np.concatenate(labels)


def _seen(rows: Pixels) -> torch.Tensor:
    return torch.from_numpy(rows).permute(0, 3, 1, 2).float() / 127.5 - 1


def _pools(shared: Path | None) -> dict[str, list[Pixels]]:
    pools = {"digits": digit_pool(), "drawn": drawn_pool()}
    if shared is not None:
        data = shared / "data"
        pools["fashion"] = _fashion(data / "fashion-mnist")
        pools["imagenette"] = _photos(data / "imagenette")
        pools["dogs and cats"] = _photos(data / "dogs-vs-cats")
    return pools


def digit_pool() -> list[Pixels]:
    """Return scikit-learn's digits by class, uint8 (n, 32, 32, 1): each of their 8x8 values is four pixels wide."""
    digits = load_digits()
    large = np.repeat(np.repeat((digits.images * 255 / 16).astype(np.uint8), 4, 1), 4, 2)[..., None]
    return [large[digits.target == number] for number in range(10)]


def drawn_pool(each: int = 150) -> list[Pixels]:
    """Return drawn pictures by class, uint8 (n, 32, 32, 3): discs, squares, crosses, stripes on smooth noise."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[:32, :32]
    pool = []
    for kind in range(4):
        pictures = np.empty((each, 32, 32, 3), np.uint8)
        for k in range(each):
            coarse = random.integers(40, 200, (4, 4, 3)).repeat(8, 0).repeat(8, 1) + random.normal(0, 20, (32, 32, 3))
            cy, cx = random.integers(9, 23, 2)
            size = random.integers(5, 9)
            shape = (
                (y - cy) ** 2 + (x - cx) ** 2 < size**2,
                (abs(y - cy) < size) & (abs(x - cx) < size),
                ((abs(y - cy) < 2) | (abs(x - cx) < 2)) & (abs(y - cy) < size) & (abs(x - cx) < size),
                ((y + x) % 6 < 3) & (abs(y - cy) < size) & (abs(x - cx) < size),
            )[kind]
            coarse[shape] = random.integers(0, 256, 3) + random.normal(0, 20, (int(shape.sum()), 3))
            pictures[k] = coarse.clip(0, 255)
        pool.append(pictures)
    return pool


def _fashion(folder: Path) -> list[Pixels]:
    import gzip

    read = {name: gzip.decompress((folder / f"t10k-{name}-ubyte.gz").read_bytes())
            for name in ("images-idx3", "labels-idx1")}  # fmt: skip
    pictures = np.frombuffer(read["images-idx3"], np.uint8, offset=16).reshape(-1, 28, 28, 1)
    labels = np.frombuffer(read["labels-idx1"], np.uint8, offset=8)
    return [pictures[labels == number] for number in range(10)]


def _photos(folder: Path) -> list[Pixels]:
    from PIL import Image

    pool = []
    for place in sorted(path for path in (folder / "train").iterdir() if path.is_dir()):
        files = sorted(place.iterdir())[:200]
        pool.append(np.stack([np.asarray(Image.open(file).convert("RGB").resize((32, 32))) for file in files]))
    return pool


def _show(results: list[dict[str, object]], seconds: float) -> None:
    using = [one for one in results if one["planted"] and float(str(one["used"])) >= 0.1]
    print(f"{len(using)} of {sum(bool(one['planted']) for one in results)} planted marks are used by their model")
    for share in SHARES:
        part = [one for one in using if one["share"] == share]
        print(f"  in {share:.0%} of the class: found {sum(bool(one['hit']) for one in part)} of {len(part)}")
    print(f"  together: found {sum(bool(one['hit']) for one in using)} of {len(using)}")
    clean = [one for one in results if not one["planted"]]
    print(f"false alarms: {sum(bool(one['alarms']) for one in clean)} of {len(clean)} clean datasets")
    print(f"{seconds:.0f} s")


if __name__ == "__main__":
    main()
