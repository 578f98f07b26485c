"""Comparing models: where their recipes differ, and whether their answers on the same pictures can be distinguished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glasshouse.evaluation.paired import CHANCE, exact
from glasshouse.store.results import SplitAnswers
from glasshouse.web.framework.form_values import flat
from glasshouse.web.models.recipe_texts import network_words

__all__ = ["Changed", "Paired", "changes", "differences", "paired"]

HIDDEN = frozenset({"data", "fingerprint", "version", "kind", "device"})


@dataclass(frozen=True)
class Paired:
    """Two models on the same ``count`` pictures: which only the first or only the second got right, and p.

    ``p`` is the exact two-sided McNemar test (McNemar 1947): the probability of a split as uneven as this one, or
    more so, if both models were equally good. ``changed`` are the rows whose answer differs.
    """

    count: int
    only_first: int
    only_second: int
    p: float
    changed: tuple[int, ...]

    @property
    def told_apart(self) -> bool:
        """Whether the difference is more than chance would give in one of twenty cases."""
        return self.p < CHANCE


def paired(first: SplitAnswers, second: SplitAnswers) -> Paired | None:
    """Compare the answers of two models on one split; None if the pictures are not the same."""
    if len(first.labels) != len(second.labels) or not np.array_equal(first.labels, second.labels):
        return None
    right = first.top[:, 0] == first.labels, second.top[:, 0] == second.labels
    one, other = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    changed = np.flatnonzero(first.top[:, 0] != second.top[:, 0])
    return Paired(len(first.labels), one, other, exact(one, other), tuple(changed.tolist()))


@dataclass(frozen=True)
class Changed:
    """A picture for which two models answer differently: its row, the truth and both answers as class numbers."""

    row: int
    truth: int
    first: int
    second: int


def changes(first: SplitAnswers, second: SplitAnswers, most: int) -> list[Changed]:
    """Return pictures whose answer differs: those that only the second got right, only the first, then neither."""
    rows = np.flatnonzero(first.top[:, 0] != second.top[:, 0])
    truth, one, other = first.labels[rows], first.top[rows, 0], second.top[rows, 0]
    order = np.argsort(np.where(other == truth, 0, np.where(one == truth, 1, 2)), kind="stable")[:most]
    chosen = (part[order].tolist() for part in (rows, truth, one, other))
    return [Changed(*numbers) for numbers in zip(*chosen)]


def differences(recipes: Sequence[Mapping[str, object]]) -> list[tuple[str, list[str], bool]]:
    """Return each field of the recipes with its value in each, those that differ first and are marked.

    Custom layers are one field, by their words: two networks of the same layers may still differ in a setting.
    """
    forms = [flat({**recipe, "network": network_words(recipe.get("network"))}, frozenset()) for recipe in recipes]
    names = sorted({name for form in forms for name in form if name.split(".")[0] not in HIDDEN})
    rows = [(name, [form.get(name, "–") or "–" for form in forms]) for name in names]
    marked = [(name, values, len(set(values)) > 1) for name, values in rows]
    return sorted(marked, key=lambda row: not row[2])
