"""What a run's curves say, found as a teacher would; nothing is said that the numbers do not carry.

Losses are cross-entropies in nats, so guessing among K classes costs ln K. A change by less than ``CLEAR`` of a value
is noise. If training is made harder than validation (mixup, cutmix, label smoothing), the two losses are not set
against each other.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from glasshouse.evaluation.intervals import wilson
from glasshouse.recipe.augmentation import MIXING
from glasshouse.store.points import Point, RunPoints

__all__ = ["MOST", "Circumstances", "Remark", "remarks"]

CLEAR = 0.03  # a change of the loss by less than this part is noise
GAP = 2.0  # validation loss over training loss, from which on the model knows its pictures much better than new ones
JUMP = 1.5  # times the loss at the beginning
FEW = 0.05  # half an interval of the accuracy, from which on there are too few validation pictures
MOST = 3  # remarks at once


@dataclass(frozen=True)
class Remark:
    """``kind`` is a key of ``curve_texts.remark_words``, whose placeholders ``numbers`` fill; ``warm`` warns."""

    kind: str
    warm: bool = False
    numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Circumstances:
    """What must be known beside the curves: validation pictures, classes, whether it ended, and its recipe."""

    pictures: int | None = None
    classes: int | None = None
    ended: bool = True
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def comparable(self) -> bool:
        """Whether training and validation loss measure the same thing."""
        augmentation, objective = self.recipe.get("augmentation") or {}, self.recipe.get("objective") or {}
        mixed = any(augmentation.get(name) for name in MIXING)
        weighted = objective.get("class_weights", "none") != "none"
        return not (mixed or weighted or objective.get("label_smoothing"))


@dataclass(frozen=True)
class _Epoch:
    number: int
    train: float
    valid: float | None
    accuracy: float | None


def remarks(run: RunPoints, known: Circumstances) -> list[Remark]:
    """Return what the curves say, what matters most first, at most ``MOST``."""
    epochs = [_Epoch(e["epoch"], e["train_loss"], e.get("valid_loss"), e.get("valid_accuracy"))
              for e in list(run.epochs) if e.get("train_loss") is not None]  # fmt: skip
    found = [_jumping(run.steps, epochs), *_course(epochs, known), _unsure(epochs, known)]
    return [one for one in found if one is not None][:MOST]


def _course(epochs: Sequence[_Epoch], known: Circumstances) -> list[Remark | None]:
    """Say how it goes: one of stuck, memorising, underfitting, improving, resting; or that it is early."""
    if not epochs:
        return []
    held = [epoch for epoch in epochs if epoch.valid is not None]
    if len(epochs) < 3:
        return [Remark("early")]
    if _stuck(epochs):
        return [Remark("stuck", True, {"loss": _short(epochs[-1].train)} | _guessing(known))]
    if not held:
        return [Remark("unseen", True)]
    if len(held) < 3:
        return [Remark("early")]
    course = _memorising(held) or _underfitting(held, known) or _trend(held, known)
    return [course, None if course and course.kind in ("memorising", "underfitting") else _gap(held, known)]


def _jumping(steps: Sequence[Point], epochs: Sequence[_Epoch]) -> Remark | None:
    """Look for a loss that leaps far above where the training began: the rate is too high."""
    losses = [(step["epoch"], step["loss"]) for step in steps if step.get("loss") is not None and "epoch" in step]
    begin = [loss for epoch, loss in losses if epoch == 1][:20]
    if len(begin) < 3:
        return None
    high = JUMP * max(median(begin), begin[0])
    leaps = [(epoch, loss) for epoch, loss in losses[len(begin) :] if loss > high]
    leaps += [(epoch.number, epoch.train) for epoch in epochs if epoch.number > 1 and epoch.train > high]
    if not leaps:
        return None
    epoch, loss = max(leaps, key=lambda leap: leap[1])
    return Remark("jumping", True, {"epoch": str(epoch), "loss": _short(loss), "begin": _short(begin[0])})


def _stuck(epochs: Sequence[_Epoch]) -> bool:
    return min(epoch.train for epoch in epochs) > epochs[0].train * (1 - CLEAR)


def _memorising(held: Sequence[_Epoch]) -> Remark | None:
    """Look for a validation loss that rises clearly since its best epoch, while the training loss falls on."""
    best = min(held, key=_valid)
    after = [epoch for epoch in held if epoch.number > best.number]
    if len(after) < 2 or after[-1].train >= best.train:
        return None
    if min(map(_valid, after[-2:])) <= _valid(best) * (1 + CLEAR):
        return None
    if median(map(_valid, after)) <= _valid(best) * (1 + CLEAR):  # mostly as good as the best: a wobble
        return None
    return Remark("memorising", True, {"epoch": str(best.number), "low": _short(_valid(best)),
                                       "now": _short(_valid(held[-1]))})  # fmt: skip


def _underfitting(held: Sequence[_Epoch], known: Circumstances) -> Remark | None:
    """Look for both losses flat close together, and nearer to guessing than to 0."""
    if not known.comparable or not known.classes or known.classes < 2 or not _rests(held):
        return None
    last, guess = held[-1], math.log(known.classes)
    if last.train < guess / 2 or _valid(last) > last.train * 1.2:
        return None
    return Remark("underfitting", True, {"train": _short(last.train), "valid": _short(_valid(last)),
                                         "guess": _short(guess)})  # fmt: skip


def _trend(held: Sequence[_Epoch], known: Circumstances) -> Remark | None:
    best = min(held, key=_valid)
    recent = _recent(held)
    if best.number == held[-1].number and _valid(best) < _valid(recent[0]) * (1 - CLEAR):
        return Remark("improving" if known.ended else "falling", False, {"epoch": str(held[-1].number)})
    if _rests(held):
        return Remark("resting", False, {"epoch": str(best.number), "low": _short(_valid(best))})
    return None


def _gap(held: Sequence[_Epoch], known: Circumstances) -> Remark | None:
    last = held[-1]
    if not known.comparable or _valid(last) < GAP * last.train or _valid(last) - last.train < CLEAR:
        return None
    return Remark("gap", False, {"train": _short(last.train), "valid": _short(_valid(last))})


def _unsure(epochs: Sequence[_Epoch], known: Circumstances) -> Remark | None:
    """Say how far chance alone moves the accuracy, if that is far."""
    accuracy = next((e.accuracy for e in reversed(epochs) if e.accuracy is not None), None)
    if accuracy is None or not known.pictures:
        return None
    low, high = wilson(round(accuracy * known.pictures), known.pictures)
    if (high - low) / 2 < FEW:
        return None
    return Remark("few", True, {"count": str(known.pictures), "points": f"{50 * (high - low):.0f}"})


def _rests(held: Sequence[_Epoch]) -> bool:
    """Whether neither loss moved clearly over the recent epochs, or the validation loss found nothing better."""
    recent = _recent(held)
    before = [epoch for epoch in held if epoch.number < recent[0].number]
    best = min(map(_valid, recent))
    if before and best < min(map(_valid, before)) * (1 - CLEAR):
        return False
    return before != [] or max(map(_valid, recent)) < best * (1 + CLEAR)


def _recent(held: Sequence[_Epoch]) -> Sequence[_Epoch]:
    """Return the last quarter of the epochs, three at least."""
    return held[-max(3, len(held) // 4) :]


def _guessing(known: Circumstances) -> dict[str, str]:
    return {"guess": _short(math.log(known.classes)) if known.classes and known.classes > 1 else "–"}


def _valid(epoch: _Epoch) -> float:
    return math.inf if epoch.valid is None else epoch.valid


def _short(value: float) -> str:
    return f"{value:.3g}"
