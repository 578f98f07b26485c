"""What is reported of values that had to be interpreted: brightness of more than 8 bits, and times of pictures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from glasshouse.data.check import Finding
from glasshouse.data.decoding.values import KINDS, Kind, Range, ValueRanges, Values
from glasshouse.data.items import Item
from glasshouse.messages import Message, joined

__all__ = ["range_findings", "time_findings"]

_DARK = 32  # a picture that uses less than this part of the range is nearly black


class _Record(Protocol):
    @property
    def item(self) -> Item: ...
    @property
    def values(self) -> Values | None: ...
    @property
    def dated(self) -> str: ...


def range_findings(records: Sequence[_Record], ranges: ValueRanges | None) -> Iterator[Finding]:
    """Yield a finding for each kind of values above 8 bits, for pictures nearly black in its range, and for NaN."""
    for kind in KINDS if ranges is not None else ():
        scale = ranges.of(kind) if ranges is not None else None
        found = [(r.item.path, r.values) for r in records if r.values is not None and r.values.kind == kind]
        as_they_are = kind == "integers" and scale == (0.0, 255.0)
        if scale is not None and found and not as_they_are:
            yield Finding("value-range", _decided(kind, scale, [values for _, values in found]))
            yield from _dark(scale, found)
            yield from _missing(found)


def _decided(kind: Kind, scale: Range, values: Sequence[Values]) -> str:
    low, high = min(v.low for v in values), max(v.high for v in values)
    what = "floats" if kind == "floats" else Message("whole numbers of more than 8 bits")
    beyond = low < scale[0] or high > scale[1]
    cut = Message("; what lies outside is cut off") if beyond else ""
    return Message(
        "{values} pictures hold {what}, from {low} to {high} over all of them: {scale} becomes black and "
        "{scale2} white in every one{cut}, and a model keeps this. If another range is meant, bring the values "
        "to it before making the dataset.",
        values=f"{len(values):,}",
        what=what,
        low=f"{low:g}",
        high=f"{high:g}",
        scale=f"{scale[0]:g}",
        scale2=f"{scale[1]:g}",
        cut=cut,
    )


def _dark(scale: Range, found: Sequence[tuple[str, Values]]) -> Iterator[Finding]:
    most = scale[0] + (scale[1] - scale[0]) / _DARK
    dark = [(path, values) for path, values in found if values.high <= most]
    if dark and len(dark) < len(found):
        path, values = dark[0]
        yield Finding(
            "value-range",
            Message(
                "{dark} of {found} pictures become nearly black in the range {scale} to {scale2} (such as {path}, "
                "whose values end at {high}). If they are of another scale, bring all pictures to one scale.",
                dark=f"{len(dark):,}",
                found=f"{len(found):,}",
                scale=f"{scale[0]:g}",
                scale2=f"{scale[1]:g}",
                path=path,
                high=f"{values.high:g}",
            ),
        )


def _missing(found: Sequence[tuple[str, Values]]) -> Iterator[Finding]:
    holed = [(path, values) for path, values in found if values.missing]
    if holed:
        path, values = max(holed, key=lambda one: one[1].missing / (one[1].missing + one[1].count))
        yield Finding(
            "value-range",
            Message(
                "{holed} of {found} pictures hold pixels without a finite number (NaN or infinite), the most in "
                "{path}: {share} of its values. NaN becomes the least value of its picture, infinity the end of the"
                " range; if these pixels mean that nothing was measured, fill them before making the dataset.",
                holed=f"{len(holed):,}",
                found=f"{len(found):,}",
                path=path,
                share=f"{values.missing / (values.missing + values.count):.1%}",
            ),
        )


def time_findings(records: Sequence[_Record]) -> Iterator[Finding]:
    """Yield a finding where the times of pictures rest on different things, which need not agree."""
    counts = Counter(record.dated for record in records if record.dated)
    if len(counts) > 1:
        words = {
            "exif": Message("the EXIF part"),
            "name": Message("the date in the name"),
            "file": Message("the time of the file"),
        }
        told = joined(
            ", ",
            [
                Message("{word} ({count})", word=Message(words[by]), count=f"{counts[by]:,}")
                for by in words
                if counts[by]
            ],
        )
        rest = min(counts, key=lambda by: counts[by])
        path = next(record.item.path for record in records if record.dated == rest)
        yield Finding(
            "times",
            Message(
                "The dates of the pictures come from different sources: {told}. They need not agree, and the time of "
                "a file is often only that of its copy; look at where {path} and its like are in the order.",
                told=told,
                path=path,
            ),
        )
