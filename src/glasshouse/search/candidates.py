"""What a search tries, in which order: a function of what is known, so that the same answers give the same list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.networks.catalogue import CATALOGUE, Entry
from glasshouse.networks.pretrained import at_hand

__all__ = ["Candidate", "Score", "next_candidate", "starters"]

PLAIN_SIDE = 64  # smaller pictures, and grey ones, are not what published weights were trained on
FLIPS = {"horizontal_flip": True}
CROPS = {"horizontal_flip": True, "crop_scale": [0.6, 1.0]}
GENTLE = {"rotation": 10, "width_shift": 0.08, "height_shift": 0.08, "zoom": 0.1}
PHOTO = {"horizontal_flip": True, "crop_scale": [0.6, 1.0]}
LONGEST = 64  # epochs from scratch


@dataclass(frozen=True)
class Candidate:
    """Fields of a training recipe, without what they learn from; ``cost`` is its work in looks at a picture.

    A look is one forward pass of the network ``of_network``; what was measured of a network tells the seconds.
    """

    fields: Mapping[str, Any]
    cost: float
    of_network: str

    @property
    def strategy(self) -> str:
        return str(self.fields["strategy"])


@dataclass(frozen=True)
class Score:
    """How good a candidate is on pictures left out: accuracy and cross-entropy, on all folds or only the first."""

    candidate: Candidate
    accuracy: float
    loss: float
    whole: bool

    @property
    def rank(self) -> tuple[float, float]:
        return -self.accuracy, self.loss


def next_candidate(dataset: Dataset, scores: Sequence[Score], seed: int) -> Iterator[Candidate]:
    """Yield what to try next, the most promising first; the caller takes the first that there is time for."""
    tried = [score.candidate.fields for score in scores]
    for candidate in _rounds(dataset, scores, seed):
        if candidate.fields not in tried:
            yield candidate


def starters(dataset: Dataset) -> list[Entry]:
    """Return the networks whose weights are at hand and help with such pictures, the quickest first."""
    if min(dataset.width, dataset.height) <= PLAIN_SIDE or dataset.channels == 1:
        return []
    fitting = [e for e in CATALOGUE.values() if e.least <= min(dataset.width, dataset.height) and at_hand(e)]
    return sorted(fitting, key=lambda entry: (entry.package is None, entry.parameters))


def _rounds(dataset: Dataset, scores: Sequence[Score], seed: int) -> Iterator[Candidate]:
    names = [entry.name for entry in starters(dataset)]
    if not names:
        yield from _from_scratch(dataset, scores, seed)
        return
    for name in names:
        yield _frozen(name, seed)
    leaders = [name for name in _ranked(scores) if name in names]
    for name in leaders[: max(1, len(leaders) // 2)]:  # halving: the better half is looked at more closely
        yield _frozen(name, seed, views=2, augmentation=FLIPS)
        yield _frozen(name, seed, views=4, augmentation=CROPS)
    for name in leaders[:1]:
        yield _tuned(name, seed, 1, 1e-3)
        yield _tuned(name, seed, 3, 1e-3, augmentation=PHOTO)
        yield _tuned(name, seed, 3, 3e-3, augmentation=PHOTO)
        yield _frozen(name, seed, views=8, augmentation=CROPS)
        yield _tuned(name, seed, 8, 1e-3, augmentation=PHOTO)


def _ranked(scores: Sequence[Score]) -> list[str]:
    """Return the networks in the order of their best frozen score."""
    order = sorted((s for s in scores if s.candidate.strategy == "features"), key=lambda score: score.rank)
    return list(dict.fromkeys(score.candidate.of_network for score in order))


def _frozen(name: str, seed: int, views: int = 1, augmentation: Mapping[str, Any] | None = None) -> Candidate:
    fields = {"network": name, "weights": "pretrained", "strategy": "features", "head": "linear", "seed": seed}
    changed = {"views": views, "augmentation": dict(augmentation)} if augmentation else {}
    return Candidate({**fields, **changed}, float(views - (views > 1)), name)


def _tuned(name: str, seed: int, epochs: int, rate: float, augmentation: Mapping[str, Any] | None = None) -> Candidate:
    fields = {"network": name, "weights": "pretrained", "strategy": "fine-tune", "epochs": epochs, "batch_size": 32,
              "optimizer": {"lr": rate}, "seed": seed}  # fmt: skip
    return Candidate({**fields, **({"augmentation": dict(augmentation)} if augmentation else {})},
                     1.5 + 4.0 * epochs, name)  # fmt: skip


def _from_scratch(dataset: Dataset, scores: Sequence[Score], seed: int) -> Iterator[Candidate]:
    """Short trainings of each small network, then longer ones of the better half, then of the best."""
    names = _scratch_networks(dataset)
    for name in names:
        yield _fresh(name, seed, 2)
    epochs = 4
    while epochs <= LONGEST:
        order = sorted((s for s in scores if s.candidate.strategy == "scratch"), key=lambda score: score.rank)
        ranked = list(dict.fromkeys(score.candidate.of_network for score in order))
        names = ranked[: max(1, len(names) // 2)] or names
        for name in names:
            yield _fresh(name, seed, epochs, augmentation=GENTLE if epochs > 8 else None)
        epochs *= 2


def _scratch_networks(dataset: Dataset) -> list[str]:
    side = min(dataset.width, dataset.height)
    small = ("Dense128", "LeNet") if side <= PLAIN_SIDE else ("LeNet", "ConvNet4", "ResNet18")
    return [name for name in (*small, *(["ResNet18"] if side <= PLAIN_SIDE else [])) if CATALOGUE[name].least <= side]


def _fresh(name: str, seed: int, epochs: int, augmentation: Mapping[str, Any] | None = None) -> Candidate:
    fields = {"network": name, "weights": "none", "strategy": "scratch", "epochs": epochs, "batch_size": 64,
              "seed": seed}  # fmt: skip
    return Candidate({**fields, **({"augmentation": dict(augmentation)} if augmentation else {})},
                     3.0 * epochs, name)  # fmt: skip
