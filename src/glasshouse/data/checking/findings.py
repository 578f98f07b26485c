"""What is odd about a source's pictures: told as warnings, and left to the person."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.check import Finding
from glasshouse.data.checking.series import Series, series_finding
from glasshouse.data.checking.survey import Record
from glasshouse.data.splitting.twins import Twins
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe

__all__ = ["ROW_KINDS", "Dealt", "find_odd", "odd_rows"]

ROW_KINDS = ("leak", "label-conflict", "twins", "near-twins", "imbalance", "class-missing", "tiny")

_RARE = 5  # a class this many times rarer than the commonest is reported
_ENLARGED = 4  # pictures enlarged more than this are tiny
_BLANK = 5  # levels of 255 between the darkest and the brightest place


@dataclass(frozen=True)
class Dealt:
    """Pictures that were dealt out: all are as long as ``records``; ``thumbs`` is by the records' row.

    ``groups`` is what had to stay together: twins, series, and groups of a table; ``series`` are those that names
    tell, if nobody said what a series is; ``edited``: a person moved or labelled some by hand.
    """

    recipe: DatasetRecipe
    records: Sequence[Record]
    sides: Sequence[str]
    twins: Twins
    groups: Sequence[int]
    thumbs: NDArray[np.uint8]
    series: Series | None = None
    edited: bool = False


def find_odd(dealt: Dealt) -> list[Finding]:
    """Return the warnings about a source's usable pictures and their sides, the gravest first."""
    return [
        *_leaks(dealt),
        *_conflicts(dealt),
        *_series(dealt),
        *_twins(dealt),
        *_imbalance(dealt),
        *_missing(dealt),
        *_tiny(dealt),
        *_blank(dealt),
    ]


def odd_rows(dealt: Dealt) -> list[Finding]:
    """Return the warnings of the kinds ``ROW_KINDS``: those for which no pixels have to be seen."""
    found = (_leaks, _conflicts, _twins, _imbalance, _missing, _tiny)
    return [finding for look in found for finding in look(dealt)]


def _leaks(dealt: Dealt) -> Iterator[Finding]:
    torn = [ids for ids in _shared_groups(dealt.groups) if len({dealt.sides[i] for i in ids}) > 1]
    if torn:
        held = sum(dealt.sides[i] != "train" for ids in torn for i in ids)
        if dealt.edited:
            yield Finding("leak", _edited_leak(held, _example(dealt, torn[0])))
            return
        yield Finding(
            "leak",
            Message(
                "{held} pictures outside of training look the same as a picture of another part, or are of its group "
                "({dealt}), so scores will be too good. The parts were given by the source and are left as they are; "
                "dataset show --twins lists pictures that look the same.",
                held=f"{held:,}",
                dealt=_example(dealt, torn[0]),
            ),
        )


def _edited_leak(held: int, example: str) -> Message:
    return Message(
        "{held} pictures outside of training look the same as a picture of another part, or are of its group "
        "({example}), so scores will be too good. Edits or the source put them there; move all of a group together.",
        held=f"{held:,}",
        example=example,
    )


def _conflicts(dealt: Dealt) -> Iterator[Finding]:
    torn = [ids for ids in _shared_groups(dealt.twins.groups) if len({dealt.records[i].item.label for i in ids}) > 1]
    if torn:
        yield Finding(
            "label-conflict",
            Message(
                "{torn} groups of pictures that look the same have several classes ({dealt}). One of the labels is "
                "wrong, or the classes overlap; dataset show --twins lists them.",
                torn=f"{len(torn):,}",
                dealt=_example(dealt, torn[0]),
            ),
        )


def _series(dealt: Dealt) -> list[Finding]:
    if dealt.series is None:
        return []
    return [series_finding(dealt.series, [record.item for record in dealt.records], dealt.sides)]


def _twins(dealt: Dealt) -> Iterator[Finding]:
    counts, groups = dealt.twins.counts(), _shared_groups(dealt.twins.groups)
    torn = bool(list(_leaks(dealt)))
    by_source = Message("their sides were given by the source")
    given = Message("edits put some on other sides") if dealt.edited else by_source
    kept = given if torn else Message("each group was kept in the same subset")
    if counts["equal"]:
        yield Finding(
            "twins",
            Message(
                "{counts} pictures have a twin with the same content; {kept}.", counts=f"{counts['equal']:,}", kept=kept
            ),
        )
    if counts["near"]:
        example = next(ids for ids in groups if any(dealt.twins.equal[i] is None for i in ids))
        yield Finding(
            "near-twins",
            Message(
                "{counts} pictures look nearly the same as another one ({dealt}); {kept}.",
                counts=f"{counts['near']:,}",
                dealt=_example(dealt, example),
                kept=kept,
            ),
        )


def _imbalance(dealt: Dealt) -> Iterator[Finding]:
    counts = Counter(record.item.label for record in dealt.records).most_common()
    (common, most), (rare, least) = counts[0], counts[-1]
    if most >= _RARE * least:
        yield Finding(
            "imbalance",
            Message(
                "Class {rare} has {least} pictures, class {common} has {most}: look at the scores of each class, "
                "accuracy alone hides the rare one.",
                rare=repr(rare),
                least=f"{least:,}",
                common=repr(common),
                most=f"{most:,}",
            ),
        )


def _missing(dealt: Dealt) -> Iterator[Finding]:
    classes = {record.item.label for record in dealt.records}
    for side in sorted(set(dealt.sides) - {"train"}):
        absent = sorted(classes - {r.item.label for r, s in zip(dealt.records, dealt.sides) if s == side})
        if absent and side == "val":
            names = ", ".join(map(repr, absent[:10]))
            yield Finding(
                "class-missing",
                Message(
                    "The validation part has no picture of these classes ({absent}): {names}.",
                    absent=len(absent),
                    names=names,
                ),
            )


def _tiny(dealt: Dealt) -> Iterator[Finding]:
    least = min(dealt.recipe.width, dealt.recipe.height)
    tiny = [r for r in dealt.records if min(r.width, r.height) * _ENLARGED < least]
    if tiny:
        example = f"{tiny[0].item.path}: {tiny[0].width}x{tiny[0].height}"
        yield Finding(
            "tiny",
            Message(
                "{tiny} enlarged more than {ENLARGED} times to reach the size ({example}).",
                tiny=_pictures(len(tiny)),
                ENLARGED=_ENLARGED,
                example=example,
            ),
        )


def _blank(dealt: Dealt) -> Iterator[Finding]:
    rows = np.array([record.row for record in dealt.records])
    blank: list[int] = []
    for start in range(0, len(rows), 4096):
        part = dealt.thumbs[rows[start : start + 4096]]
        even = np.flatnonzero(np.ptp(part[:, ::8, ::8], axis=(1, 2)).max(1) <= _BLANK)
        even = even[np.ptp(part[even], axis=(1, 2)).max(1) <= _BLANK]
        blank += (start + even).tolist()
    if blank:
        path = dealt.records[blank[0]].item.path
        yield Finding(
            "blank",
            Message("{blank} blank, of one colour all over (such as {path}).", blank=_pictures(len(blank)), path=path),
        )


def _shared_groups(groups: Sequence[int | None]) -> list[list[int]]:
    """Return the positions of the members of each group of two or more."""
    found: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        if group is not None:
            found[group].append(index)
    return [ids for ids in found.values() if len(ids) > 1]


def _example(dealt: Dealt, ids: Sequence[int]) -> str:
    first = ids[0]
    here = (dealt.sides[first], dealt.records[first].item.label)
    other = next((i for i in ids[1:] if (dealt.sides[i], dealt.records[i].item.label) != here), ids[1])
    return Message(
        "such as {path} and {path2}", path=dealt.records[first].item.path, path2=dealt.records[other].item.path
    )


def _pictures(count: int) -> str:
    return Message("1 picture is") if count == 1 else Message("{count} pictures are", count=f"{count:,}")
