"""The vocabulary of sources: an item, a source, and what Python hands over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from glasshouse.data.check import Finding, Rejected

__all__ = ["Given", "Item", "Labelled", "Listed", "Source"]


@dataclass(frozen=True)
class Item:
    """One picture of a source that has a label; nothing of it was decoded yet.

    ``path`` is posix, unique within the source and relative to it (pictures of ``valid_source`` and ``test_source``
    begin with ``@valid/`` and ``@test/``; a picture that a table names outside of its folder keeps its absolute path).
    ``split`` is ``train``, ``val`` or ``test`` where the source says so; ``group`` is a table's word for a series;
    ``time`` is the file's time in seconds since 1970.
    """

    path: str
    label: str
    split: str | None = None
    group: str | None = None
    time: float | None = None


@dataclass(frozen=True)
class Listed:
    """One file as it was found: path, bytes, and the time of its last change (0 where unknown).

    ``path`` is composed (Unicode NFC); ``written`` is how the disk or archive has it, if that differs.
    """

    path: str
    size: int
    mtime_ns: int
    written: str | None = None


@dataclass(frozen=True)
class Labelled:
    """What a labelling rule made of a list of files.

    ``classes`` is an order that the source itself states; ``named`` are the paths that a table or list names, as it has
    them and as they were found; ``fold`` tells that labels which differ only in case are one class.
    """

    items: Sequence[Item]
    rejected: Sequence[Rejected] = ()
    warnings: Sequence[Finding] = ()
    classes: Sequence[str] | None = None
    named: Sequence[str] = ()
    fold: bool = False


class Source(Protocol):
    """Pictures with labels, ready to be read in any order and from several threads and forked processes."""

    @property
    def items(self) -> Sequence[Item]:
        """The pictures, sorted by path (by line, for tables, lists and arrays)."""

    @property
    def rejected(self) -> list[Rejected]:
        """What was left out already, before any decoding."""

    @property
    def warnings(self) -> list[Finding]:
        """What is odd about the source."""

    @property
    def classes(self) -> list[str] | None:
        """The classes in the order that the source states, None if it states none (then sorted by name)."""

    @property
    def named(self) -> Sequence[str]:
        """The paths that a table or list names, as it has them and as they were found; none without a list."""

    def read(self, item: Item) -> bytes | np.ndarray:
        """Return the bytes of a picture's file, or its array.

        Raises:
            PictureError: the file cannot be read; the text is the reason.
        """

    def listing(self) -> list[Listed]:
        """Return all files that the items come from, for noticing a change of the source."""


@dataclass(frozen=True)
class Given:
    """Labels or pictures that Python hands over.

    Either ``labels``: (path, label) pairs, paths relative to the recipe's source, None for a file that has no label,
    and perhaps ``splits``, which has ``train``, ``val`` or ``test`` for each of the pairs; or
    ``images`` (N, H, W) or (N, H, W, C), or a sequence of arrays, with one label for each in ``targets`` (strings, or
    numbers that index ``classes`` where given).
    """

    labels: Sequence[tuple[str, str | None]] | None = None
    splits: Sequence[str] | None = None
    images: Sequence[np.ndarray] | np.ndarray | None = None
    targets: Sequence[str | int] | np.ndarray | None = None
    classes: Sequence[str] | None = None
