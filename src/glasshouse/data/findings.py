"""What is odd about a source's pictures: told as warnings, and left to the person."""

from collections import Counter
from collections.abc import Sequence

from glasshouse.data.check import Finding
from glasshouse.data.survey import Record

__all__ = ["find_odd"]


def find_odd(records: Sequence[Record], sides: Sequence[str]) -> list[Finding]:
    """Return the warnings about a source's usable pictures and their sides."""
    counts = Counter(record.item.label for record in records)
    return [*_imbalance(counts)]


def _imbalance(counts: Counter[str]) -> list[Finding]:
    (common, most), (rare, least) = counts.most_common()[0], counts.most_common()[-1]
    if most < 5 * least:
        return []
    text = f"Class {rare!r} has {least} pictures, class {common!r} has {most}: accuracy alone will hide the rare one."
    return [Finding("imbalance", text)]
