"""Edits applied to the rows of a dataset: the same from its source as from the version before, edit by edit.

The rows are in the order of the splits; a picture that moves goes to the end of its new split. The mean and the spread
of the pixels stay those of the first version, so that the versions of a dataset see their pictures alike.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glasshouse.data.check import Finding
from glasshouse.data.checking.findings import ROW_KINDS, Dealt, odd_rows
from glasshouse.data.checking.survey import Record
from glasshouse.data.names import alike_finding, missing_look, natural
from glasshouse.data.preparing.writing import Draft, Edited
from glasshouse.data.splitting.twins import Twins
from glasshouse.data.stored.manifest import SPLITS
from glasshouse.errors import DatasetError
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe
from glasshouse.recipe.edits import Edit

__all__ = ["First", "edited_draft"]

_AGAIN = (*ROW_KINDS, "alike-classes", "missing-name", "edits-unused")  # findings that are looked for again


@dataclass(frozen=True)
class First:
    """What edits leave as it is: the statistics of the pixels; ``parent`` is as in ``Edited``, ``order`` too."""

    parent: Mapping[str, str]
    mean: list[float]
    std: list[float]
    order: Sequence[str]
    descriptions: Mapping[str, str]


def edited_draft(draft: Draft, edits: Sequence[Edit], recipe: DatasetRecipe, first: First) -> Draft:
    """Return the dataset that ``edits`` make of ``draft``; ``recipe`` holds them, and those of before.

    Raises:
        DatasetError: nothing is left to learn from, for all classes or for some.
    """
    rows = _Rows(draft, first)
    for edit in edits:
        rows.apply(edit)
    kept = rows.in_order()
    records = [replace(draft.records[i], item=replace(draft.records[i].item, label=rows.labels[i])) for i in kept]
    sides = [rows.sides[i] for i in kept]
    _check_learnable(records, sides)
    used = {record.item.label for record in records}
    classes = [name for name in rows.order if name in used]
    twins = _twins(draft.twins, kept)
    groups = [draft.groups[i] for i in kept]
    dealt = Dealt(recipe, records, sides, twins, groups, np.zeros((0, 32, 32, 3), np.uint8), edited=True)
    again = [*odd_rows(dealt), *_named(classes), *rows.findings()]
    told = Edited(first.parent, rows.order, {name: rows.told[name] for name in classes if name in rows.told},
                  first.mean, first.std, rows.test_changes)  # fmt: skip
    return replace(
        draft, recipe=recipe, records=records, sides=sides, classes=classes, counted=True, twins=twins, groups=groups,
        failures=sorted([*draft.failures, *rows.failures()], key=lambda one: (natural(one[0]), one)), edited=told,
        warnings=[*again, *(one for one in draft.warnings if one.kind not in _AGAIN)],
    )  # fmt: skip


class _Rows:
    """Labels and sides of a draft's records while edits are applied to them."""

    def __init__(self, draft: Draft, first: First) -> None:
        self.draft, self.told = draft, dict(first.descriptions)
        self.version = draft.recipe.version
        self.order = list(first.order)
        self.labels = [record.item.label for record in draft.records]
        self.sides = list(draft.sides)
        self.out: dict[int, Edit] = {}
        self.unused: list[str] = []
        self.test_changes = 0
        self._places = list(range(len(self.sides)))
        self._next = len(self.sides)
        self._by_content: dict[str, list[int]] = defaultdict(list)
        for i in self.in_order():
            self._by_content[draft.records[i].sha256].append(i)

    def in_order(self) -> list[int]:
        """Return the records that are left, split by split."""
        left = (i for i in range(len(self.sides)) if i not in self.out)
        return sorted(left, key=lambda i: (SPLITS.index(self.sides[i]), self._places[i]))

    def apply(self, edit: Edit) -> None:
        """Apply one edit; content that is not there is passed over and told in the end."""
        if edit.class_name is not None:
            self._change_class(edit, edit.class_name)
            return
        if edit.label is not None:
            self._add_class(edit.label)
        for content, path in edit.pictures.items():
            found = [i for i in self._by_content.get(content, ()) if i not in self.out]
            if not found:
                self.unused.append(path or content)
            for i in found:
                self._change(i, edit)

    def failures(self) -> Iterator[tuple[str, str, str]]:
        """Yield (path, reason, sha256) of what edits left out."""
        for i, edit in self.out.items():
            reason = Message("left out by an edit: {why}", why=edit.why) if edit.why else Message("left out by an edit")
            yield self.draft.records[i].item.path, reason, self.draft.records[i].sha256

    def findings(self) -> Iterator[Finding]:
        """Yield what is odd about the edits."""
        if self.unused:
            yield Finding(
                "edits-unused",
                Message(
                    "{count} edits are of pictures that are not there (such as {path}), and change nothing.",
                    count=f"{len(self.unused):,}",
                    path=self.unused[0],
                ),
            )
        if self.test_changes:
            yield Finding(
                "test-edited",
                Message(
                    "{count} pictures were moved into or out of the sealed test split, left out of it or labelled "
                    "anew in it. Scores on it are of another test than before; this is written down.",
                    count=f"{self.test_changes:,}",
                ),
            )

    def _change(self, i: int, edit: Edit) -> None:
        before = (self.labels[i], self.sides[i])
        self.labels[i] = edit.label or self.labels[i]
        if edit.split is not None and edit.split != self.sides[i]:
            self.sides[i] = edit.split
            self._places[i], self._next = self._next, self._next + 1
        if edit.exclude:
            self.out[i] = edit
        touched = edit.exclude or before != (self.labels[i], self.sides[i])
        self.test_changes += touched and "test" in (before[1], self.sides[i])

    def _change_class(self, edit: Edit, name: str) -> None:
        found = [i for i, label in enumerate(self.labels) if label == name and i not in self.out]
        if not found:
            self.unused.append(name)
        if edit.description is not None:
            self.told[name] = edit.description
        if edit.exclude:
            self.out.update(dict.fromkeys(found, edit))
            self.test_changes += sum(self.sides[i] == "test" for i in found)
        elif edit.label is not None and edit.label != name:
            self._rename(name, edit.label)
            for i in found:
                self.labels[i] = edit.label

    def _rename(self, name: str, label: str) -> None:
        """Put the new name where the old one was, unless it is that of another class."""
        was_sorted = self._is_sorted()
        if label not in self.order:
            self.order = [label if one == name else one for one in self.order]
            self.told |= {label: self.told[name]} if name in self.told else {}
            self._sort(was_sorted)

    def _add_class(self, label: str) -> None:
        if label not in self.order:
            was_sorted = self._is_sorted()
            self.order.append(label)
            self._sort(was_sorted)

    def _is_sorted(self) -> bool:
        return self.order == self._sorted()

    def _sort(self, was_sorted: bool) -> None:
        self.order = self._sorted() if was_sorted else self.order

    def _sorted(self) -> list[str]:
        return sorted(self.order) if self.version == 1 else sorted(self.order, key=natural)


def _check_learnable(records: Sequence[Record], sides: Sequence[str]) -> None:
    taught = {record.item.label for record, side in zip(records, sides) if side == "train"}
    poor = sorted({record.item.label for record in records} - taught)
    if not taught:
        raise DatasetError("The edits leave no picture in the training part: nothing is left to learn from.")
    if len(taught | set(poor)) < 2:
        raise DatasetError("The edits leave one class, {name}; a classifier needs two or more.", name=min(taught))
    if poor:
        raise DatasetError(
            "The edits leave no training picture of {names}. Move some of its pictures to train, give them another "
            "label, or leave the class out.",
            names=", ".join(map(repr, poor[:10])),
        )


def _twins(twins: Twins, kept: Sequence[int]) -> Twins:
    """Return the twins among the records ``kept``; one whose twins are gone is none."""

    def shared(groups: Sequence[int | None]) -> tuple[int | None, ...]:
        counts = Counter(groups[i] for i in kept)
        return tuple(groups[i] if counts[groups[i]] > 1 else None for i in kept)

    return Twins(shared(twins.groups), shared(twins.equal))


def _named(classes: Sequence[str]) -> Iterator[Finding]:
    yield from alike_finding(classes)
    odd = [name for name in classes if missing_look(name)]
    if odd:
        text = Message(
            "the class {odd} is called as programs write a missing label; leave the cell empty if it means that",
            odd=odd[0],
        )
        yield Finding("missing-name", text)
