"""What a search tries, in which order: a function of what is known, so that the same answers give the same list."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from glasshouse.data.dataset import Dataset
from glasshouse.layers.classics import mini_xception
from glasshouse.networks.catalogue import CATALOGUE, catalogued, plain
from glasshouse.networks.pretrained import at_hand
from glasshouse.networks.shelf.items import Card, items
from glasshouse.search.candidates import Candidate, Score
from glasshouse.search.sides import other_sides

__all__ = ["Start", "next_candidate", "starts"]

PLAIN_SIDE = (
    64  # smaller pictures are not what published weights were trained on; grey photos are (a filter adds its colours)
)
FEW = 600  # training pictures that a first look may take; of more, it takes a part
PART, GROWTH = 300, 4  # pictures of the first part, and by what the next one is larger
FLIPS = {"horizontal_flip": True}
CROPS = {"horizontal_flip": True, "crop_scale": [0.6, 1.0]}
SHIFTS = {"rotation": 10, "width_shift": 0.08, "height_shift": 0.08, "zoom": 0.1}
LONGER = (4, 6, 8, 12, 16, 24, 32, 48, 64)  # epochs from scratch, of all pictures
STEADY_FROM = 16  # epochs
MINI = "MiniXception"
SCRATCH_PART = 2400  # pictures: fewer tell nothing about what is learned from many
STEADY = {"dropout": 0.25, "ema_decay": 0.998, "objective": {"label_smoothing": 0.05}}  # of longer trainings
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Start:
    """A network with weights at hand: its name, the recipe's ``weights``, and the side (pixels) of its pictures."""

    network: str
    weights: str
    parameters: int
    side: int = 224


def next_candidate(dataset: Dataset, scores: Sequence[Score], seed: int, *, timed: bool = False) -> Iterator[Candidate]:
    """Yield what to try next, the most promising first; the caller takes the first that there is time for.

    ``timed``: the time ends, so the longest training that fits into it comes before shorter ones.
    """
    tried = [score.candidate for score in scores]
    for candidate in _rounds(dataset, scores, seed, timed):
        if candidate not in tried:
            yield candidate


def starts(dataset: Dataset) -> list[Start]:
    """Return the networks whose weights are at hand and help with such pictures: the box's first, then the smallest.

    Those of the catalogue, and of the shelf any whose licence does not forbid commercial use.
    """
    side = min(dataset.width, dataset.height)
    if side <= PLAIN_SIDE:
        return []
    boxed = [e for e in CATALOGUE.values() if e.package is not None and at_hand(e)]
    others = [e for e in CATALOGUE.values() if e.package is None and at_hand(e)]
    found = [Start(e.name, "pretrained", e.parameters, e.height) for e in (*boxed, *others) if e.least <= side]
    for item in items():
        known = catalogued(item.card.network)
        fits = item.card.commercial is not False and (known is None or known.least <= side)
        if fits and plain(item.card.network) not in {plain(start.network) for start in found} and known is None:
            found.append(_start_of(item.card, item.file))
    first = len([e for e in boxed if e.least <= side])
    return [*found[:first], *sorted(found[first:], key=lambda start: (start.parameters, start.network))]


def _start_of(card: Card, file: Path) -> Start:
    return Start(card.network, str(file.resolve()), card.parameters, card.height)


def _rounds(dataset: Dataset, scores: Sequence[Score], seed: int, timed: bool) -> Iterator[Candidate]:
    found, parts = starts(dataset), _parts(len(dataset.splits["train"]))
    if not found:
        yield from _from_scratch(dataset, scores, seed, timed)
        return
    if parts:
        yield from (_frozen(start, seed, part=parts[0]) for start in found)
    leaders = [start for name in _ranked(scores) for start in found if start.network == name]
    for start in _better_half(leaders) if parts else found:
        yield _frozen(start, seed)
    for part in reversed(parts[1:]):  # if there is no time for all pictures
        yield from (_frozen(start, seed, part=part) for start in leaders[:1])
    for start in _better_half(leaders):
        yield _frozen(start, seed, views=2, augmentation=FLIPS)
        yield _frozen(start, seed, views=4, augmentation=CROPS)
    for start in leaders[:1]:
        for side in other_sides(dataset, start.side):
            yield _frozen(start, seed, side=side)
        yield from _close(start, seed, _best_side(start, scores))


def _close(start: Start, seed: int, side: int | None) -> Iterator[Candidate]:
    """The best network at its best size: another head, and all of its weights trained, with what time is left."""
    if side is not None:
        yield _frozen(start, seed, views=4, augmentation=CROPS, side=side)
    yield _tuned(start, seed, 1, 1e-3, side=side)
    yield _frozen(start, seed, head="steps", side=side)
    yield _tuned(start, seed, 3, 1e-3, augmentation=CROPS, side=side)
    yield _tuned(start, seed, 3, 3e-3, augmentation=CROPS, side=side)
    yield _frozen(start, seed, views=8, augmentation=CROPS, side=side)
    yield _tuned(start, seed, 8, 1e-3, augmentation=CROPS, side=side)
    if side is not None:  # if there is no time for that: at the dataset's own size
        yield _tuned(start, seed, 1, 1e-3)
        yield _tuned(start, seed, 3, 1e-3, augmentation=CROPS)


def _best_side(start: Start, scores: Sequence[Score]) -> int | None:
    """Return the size at which plain frozen features of a network were best, None for the dataset's own."""
    plain = [s for s in scores if s.candidate.of_network == start.network and s.candidate.plain and s.whole]
    best = min(plain, key=lambda score: score.rank, default=None)
    return None if best is None else best.candidate.side


def _better_half(ranked: Sequence[Kind]) -> Sequence[Kind]:
    """Halving: of the candidates so far, only the better half is looked at more closely."""
    return ranked[: max(1, len(ranked) // 2)]


def _parts(count: int) -> list[int]:
    """Return the parts, 1 in N, that pictures are tried in first, the smallest part first; none of few."""
    found, part = [], count // PART
    while count > FEW and part > 1:
        found.append(min(part, 9999))
        part //= GROWTH
    return found


def _ranked(scores: Sequence[Score]) -> list[str]:
    """Return the networks in the order of their best score, those that were tried on more pictures first."""
    order = sorted(scores, key=lambda score: (score.candidate.part, not score.whole, score.rank))
    return list(dict.fromkeys(score.candidate.of_network for score in order))


def _frozen(
    start: Start, seed: int, part: int = 1, head: str = "linear", views: int = 1,
    augmentation: Mapping[str, Any] | None = None, side: int | None = None,
) -> Candidate:  # fmt: skip
    fields = {"network": start.network, "weights": start.weights, "strategy": "features", "head": head, "seed": seed}
    changed = {"views": views, "augmentation": dict(augmentation)} if augmentation else {}
    return Candidate({**fields, **changed}, start.network, part, side)


def _tuned(
    start: Start, seed: int, epochs: int, rate: float, augmentation: Mapping[str, Any] | None = None,
    side: int | None = None,
) -> Candidate:  # fmt: skip
    fields = {"network": start.network, "weights": start.weights, "strategy": "fine-tune", "epochs": epochs,
              "batch_size": 32, "optimizer": {"lr": rate}, "seed": seed}  # fmt: skip
    changed = {"augmentation": dict(augmentation)} if augmentation else {}
    return Candidate({**fields, **changed}, start.network, side=side)


def _from_scratch(dataset: Dataset, scores: Sequence[Score], seed: int, timed: bool) -> Iterator[Candidate]:
    """Small networks on few pictures, the better half on more; then the best for longer, in the way that suited it.

    The network that learns slowly at first and goes farthest is tried for longer in any case.
    """
    fresh = partial(_fresh, dataset, seed)
    names, parts = _scratch_networks(dataset), _scratch_parts(len(dataset.splits["train"]))
    rungs = [_Rung(part, 8) for part in parts] + ([] if timed and parts else [_Rung(1, 4)])
    for rung in rungs:
        for name in names:
            yield fresh(name, rung)
        ranked = [name for name in _ranked(_on(scores, rung)) if name in names]
        names = list(dict.fromkeys([*_better_half(ranked), *names[-1:]])) if ranked else names
    best = names[-1]
    for changes in (FLIPS, SHIFTS):
        yield fresh(best, rungs[-1], changes)
    suited = _best_changes(_on(scores, rungs[-1]), best)
    for name, epochs in _longer(names, timed):
        yield fresh(name, _Rung(1, epochs), suited)


def _longer(names: Sequence[str], timed: bool) -> Iterator[tuple[str, int]]:
    """Yield network and epochs: for longer and longer, or, where the time ends, first the longest of the last one."""
    if timed:
        yield from ((name, epochs) for name in reversed(names) for epochs in reversed(LONGER))
    else:
        yield from ((name, epochs) for epochs in LONGER for name in reversed(names))


@dataclass(frozen=True)
class _Rung:
    part: int
    epochs: int


def _on(scores: Sequence[Score], rung: _Rung) -> list[Score]:
    return [s for s in scores if s.candidate.part == rung.part and s.candidate.fields.get("epochs") == rung.epochs]


def _best_changes(scores: Sequence[Score], network: str) -> Mapping[str, Any]:
    """Return the augmentation that was best for a network."""
    own = [score for score in scores if score.candidate.of_network == network]
    best = min(own, key=lambda score: score.rank, default=None)
    found: Mapping[str, Any] = {} if best is None else best.candidate.fields.get("augmentation", {})
    return found


def _scratch_networks(dataset: Dataset) -> list[str]:
    """Return the networks to learn from scratch, last the one that learns slowly at first and goes farthest."""
    side = min(dataset.width, dataset.height)
    names = ("LeNet", "Dense128") if side <= PLAIN_SIDE else ("ConvNet4", "ResNet18")
    return [*(name for name in names if CATALOGUE[name].least <= side), MINI]


def _scratch_parts(count: int) -> list[int]:
    """Return the parts, 1 in N, that are learned from scratch first; none of few pictures."""
    found, part = [], count // SCRATCH_PART
    while part >= GROWTH:
        found.append(min(part, 9999))
        part //= 2 * GROWTH
    return found


@lru_cache(maxsize=4)
def _mini(width: int, height: int, channels: int, classes: int) -> str:
    """Return the layers of the small Xception as JSON; larger pictures are halved first."""
    strides = 1 if min(width, height) <= PLAIN_SIDE else 2
    return json.dumps(mini_xception((height, width, channels), classes, strides).to_dict())


def _fresh(
    dataset: Dataset, seed: int, name: str, rung: _Rung, augmentation: Mapping[str, Any] | None = None
) -> Candidate:
    layers = (dataset.width, dataset.height, dataset.channels, len(dataset.classes))
    network = json.loads(_mini(*layers)) if name == MINI else name
    fields = {"network": network, "weights": "none", "strategy": "scratch", "epochs": rung.epochs, "batch_size": 64,
              "optimizer": {"lr": 2e-3, "weight_decay": 0.1}, "seed": seed}  # fmt: skip
    changed = {"augmentation": dict(augmentation)} if augmentation else {}
    return Candidate({**fields, **changed, **(STEADY if rung.epochs >= STEADY_FROM else {})}, name, rung.part)
