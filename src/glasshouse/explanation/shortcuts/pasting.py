"""Does a model go by a mark? It is pasted on pictures of other classes, beside a control, and answers are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.shortcuts.marks import Mark

__all__ = ["Answers", "Pasted", "paste_test"]

PICTURES = 300  # of other classes that a mark is pasted on
Answers = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Pasted:
    """What a mark does to the answers to ``pictures`` pictures of other classes.

    ``changed`` of them get the mark's class by the mark, ``control`` by pixels of another picture at the same place.
    ``p`` is that of the one-sided sign test on whether the class's log-odds rise more by the mark than by the control.
    """

    pictures: int
    changed: int
    control: int
    p: float


def paste_test(
    answers: Answers, pictures: NDArray[np.uint8], labels: NDArray[np.int64], mark: Mark, column: int
) -> Pasted:
    """Return what pasting the mark does; ``answers`` gives probabilities (n, K), ``column`` is the mark's class there.

    The control takes the same region from another picture that is of no mark's class, so that seams and what is hidden
    are alike.
    """
    others = np.flatnonzero(labels != mark.label)
    if len(others) > PICTURES:
        others = others[np.linspace(0, len(others) - 1, PICTURES).round().astype(np.int64)]
    rows = pictures[others]
    donors = rows[np.random.default_rng(mark.label).permutation(len(rows))]
    before, by_mark, by_control = (
        answers(shown) for shown in (rows, _pasted(rows, mark.mask, mark.patch), _pasted(rows, mark.mask, donors))
    )
    new = before.argmax(1) != column
    rise = _log_odds(by_mark[:, column]) - _log_odds(by_control[:, column])
    return Pasted(
        len(rows), int((new & (by_mark.argmax(1) == column)).sum()),
        int((new & (by_control.argmax(1) == column)).sum()), _sign_test(int((rise > 0).sum()), int((rise < 0).sum())),
    )  # fmt: skip


def _pasted(rows: NDArray[np.uint8], mask: NDArray[np.bool_], patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return rows (n, H, W, C) with the pixels of ``patch`` (H, W, C) or (n, H, W, C) where the mask (H, W) is true."""
    return np.where(mask[..., None], patch, rows)


def _log_odds(p: NDArray[np.float32]) -> NDArray[np.float64]:
    kept = np.clip(p.astype(np.float64), 1e-7, 1 - 1e-7)
    found: NDArray[np.float64] = np.log(kept / (1 - kept))
    return found


def _sign_test(up: int, down: int) -> float:
    """Return the chance of ``up`` heads or more in up + down tosses of a fair coin."""
    tosses = up + down
    return float(sum(comb(tosses, k) for k in range(up, tosses + 1)) / 2**tosses)
