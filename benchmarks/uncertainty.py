"""Does a model notice pictures of something else, and do its lists of answers hold the right one as promised?

    python benchmarks/uncertainty.py

EfficientNetLite0's frozen features with the weights that come with Glasshouse. Familiarity is learned from ``train``
alone; at 5 % of the known pictures rejected, the share of strangers that are accepted, and of ``val`` that is kept:
dogs-vs-cats against imagenette without its English springers, imagenette against photos of cats, and, since the weights
were trained on pictures of imagenette's classes, two sets that they do not know: five kinds of clothes of Fashion-MNIST
against the other five, and the spectrograms of five spoken digits against the other five.

Then lists of answers at 80, 90 and 95 %, on 100 splits of pictures that the model did not learn from into 200 for
calibration and the rest: the mean coverage, its standard error, and how many classes a list has.
"""

import gzip
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import wavfile  # type: ignore[import-untyped]
from scipy.signal import spectrogram  # type: ignore[import-untyped]

from glasshouse.data.splitting.folds import fold_numbers
from glasshouse.export.blocks import softmax
from glasshouse.export.features import FeatureInference
from glasshouse.networks.build import build
from glasshouse.networks.weights import load_weights
from glasshouse.training.linear_head import solve
from glasshouse.training.uncertainty_fitting import compared_with_itself
from glasshouse.uncertainty.conformal import COVERAGES, AnswerSets
from glasshouse.uncertainty.familiarity import REJECTED

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
SPRINGER = "n02102040"
PHOTO, SMALL = 224, 96  # pixels of photos, and of clothes and spectrograms
FOLDS = 5
CALIBRATION, SPLITS = 200, 100
Labelled = tuple[NDArray[np.float32], NDArray[np.int64]]  # features (n, F) and labels (n,)


class Extracted:
    """Features of pictures of one size."""

    def __init__(self, side: int) -> None:
        built = build("EfficientNetLite0", 2, 3, side, side)
        load_weights(built, "pretrained")
        self.side, self.network = side, FeatureInference(built.module.eval(), (side, side, 3))

    def __call__(self, pictures: Iterator[Image.Image]) -> NDArray[np.float32]:
        rows = [np.asarray(one.convert("RGB").resize((self.side, self.side), Image.Resampling.BILINEAR))
                for one in pictures]  # fmt: skip
        half = [0.5] * 3
        return np.concatenate([self.network.features(np.stack(rows[at : at + 64]), half, half)
                               for at in range(0, len(rows), 64)])  # fmt: skip


def photos(of: Extracted, folder: Path, without: str = "") -> Labelled:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.parent.name != without)
    names = sorted({file.parent.name for file in files})
    return of(Image.open(file) for file in files), np.array([names.index(file.parent.name) for file in files])


def clothes(of: Extracted, part: str, count: int) -> Labelled:
    """The first pictures of each kind."""
    folder = SHARED / "fashion-mnist"
    labels = np.frombuffer(gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    data = np.frombuffer(gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    rows = np.sort(np.argsort(labels, kind="stable").reshape(10, -1)[:, :count].ravel())
    pictures = data.reshape(-1, 28, 28)
    return of(Image.fromarray(pictures[row]) for row in rows), labels[rows].astype(np.int64)


def digits(of: Extracted, part: str) -> Labelled:
    """Spectrograms in decibels, 8 kHz, of the recordings of ten digits."""
    files = sorted((SHARED / "spoken-digits" / part).rglob("*.wav"))

    def drawn(file: Path) -> Image.Image:
        rate, sound = wavfile.read(file)
        _, _, power = spectrogram(sound.astype(np.float64), rate, nperseg=200, noverlap=120)
        level = 10 * np.log10(power + 1e-3)
        scaled = np.clip((level - level.max() + 60) / 60, 0, 1)
        return Image.fromarray((255 * scaled[::-1]).astype(np.uint8))

    return of(map(drawn, files)), np.array([int(file.parent.name) for file in files])


def some(of: Labelled, classes: Sequence[int]) -> Labelled:
    chosen = np.isin(of[1], classes)
    return of[0][chosen], np.searchsorted(classes, of[1][chosen])


def strangers(name: str, train: Labelled, val: Labelled, others: NDArray[np.float32]) -> str:
    features, labels = train
    groups = np.arange(len(labels))
    fold = fold_numbers(labels, groups, [str(row) for row in groups], FOLDS)
    known = compared_with_itself(features, labels, fold, int(labels.max()) + 1)
    accepted, kept = known.shares(others) >= REJECTED, known.shares(val[0]) >= REJECTED
    shares = f"{accepted.mean():.1%} of {len(others):,}", f"{kept.mean():.1%} of {len(val[1]):,}"
    return "| " + " | ".join((name, f"{len(labels):,}", *shares)) + " |"


def lists(name: str, train: Labelled, val: Labelled) -> Iterator[str]:
    classes = int(train[1].max()) + 1
    head = solve(train[0], train[1], np.ones(len(train[1])), classes, 0.1)
    p = softmax((val[0] @ head[:-1] + head[-1]).astype(np.float32))
    right = (p.argmax(1) == val[1]).mean()
    for coverage in COVERAGES:
        draw, held, sizes = np.random.default_rng(0), [], []
        for _ in range(SPLITS):
            order = draw.permutation(len(p))
            own, new = order[:CALIBRATION], order[CALIBRATION:]
            found = AnswerSets.calibrated(p[own], val[1][own]).sets(p[new], coverage)
            held.append(np.mean([label in one for label, one in zip(val[1][new], found)]))
            sizes.append(np.mean([len(one) for one in found]))
        error = np.std(held, ddof=1) / SPLITS**0.5
        mean = f"{np.mean(held):.2%} (standard error {error:.2%})"
        yield f"| {name}, {right:.1%} right | {coverage:.0%} | {mean} | {np.mean(sizes):.2f} |"


def main() -> None:
    photo, small = Extracted(PHOTO), Extracted(SMALL)
    cats, nets = SHARED / "dogs-vs-cats", SHARED / "imagenette"
    both = [photos(photo, cats / part) for part in ("train", "val")]
    ten = [photos(photo, nets / part) for part in ("train", "val")]
    no_dogs = np.concatenate([photos(photo, nets / part, SPRINGER)[0] for part in ("train", "val")])
    only_cats = np.concatenate([features[labels == 0] for features, labels in both])
    worn = [clothes(small, part, count) for part, count in (("train", 300), ("t10k", 200))]
    said = [digits(small, part) for part in ("train", "test")]
    print("| own pictures against strangers | training pictures | strangers accepted | own pictures kept |")
    print("|---|---|---|---|")
    print(strangers("dogs-vs-cats against imagenette without dogs", *both, no_dogs))
    print(strangers("imagenette against cats", *ten, only_cats), flush=True)
    low, high = range(5), range(5, 10)
    for name, (train, val) in (("Fashion-MNIST", worn), ("spoken digits", said)):
        print(strangers(f"{name}, kinds 0 to 4 against 5 to 9", some(train, low), some(val, low), some(val, high)[0]))
        print(strangers(f"{name}, kinds 5 to 9 against 0 to 4", some(train, high), some(val, high), some(val, low)[0]))
    print("\n| pictures | promised | mean coverage | classes in a list |\n|---|---|---|---|")
    for name, (train, val) in (("imagenette", ten), ("Fashion-MNIST", worn), ("spoken digits", said)):
        print("\n".join(lists(name, train, val)))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
