"""What a run's curves say, found as a teacher would: memorising, still getting better, or come to rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Remark", "remark"]

CLEAR = 0.03  # a change of the loss by less than this part is noise


@dataclass(frozen=True)
class Remark:
    """``kind`` is memorising, improving, resting, stuck or early; ``epoch`` is where it began."""

    kind: str
    epoch: int


def remark(epochs: Sequence[Mapping[str, Any]]) -> Remark | None:
    """Return what the losses of the epochs say; None without validation pictures or before the third epoch."""
    held = [(e["epoch"], e["train_loss"], e["valid_loss"]) for e in epochs if e["valid_loss"] is not None]
    if not held:
        return None
    if len(held) < 3:
        return Remark("early", held[-1][0])
    best = min(range(len(held)), key=lambda k: held[k][2])
    epoch, train, valid = held[best]
    _, last_train, last_valid = held[-1]
    if best <= len(held) - 3 and last_valid > valid * (1 + CLEAR) and last_train < train:
        return Remark("memorising", epoch)
    if last_train > held[0][1] * (1 - CLEAR):
        return Remark("stuck", held[-1][0])
    if best >= len(held) - 2 and last_valid < held[-3][2] * (1 - CLEAR):
        return Remark("improving", held[-1][0])
    return Remark("resting", epoch)
