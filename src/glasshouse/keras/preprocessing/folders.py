"""The pictures of a folder with a folder for each class, or of a table, in Keras' order: classes by name."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from glasshouse.data.sources.lookup import ENDINGS
from glasshouse.errors import SourceError

__all__ = ["Labelled", "in_folders", "in_table"]


@dataclass(frozen=True)
class Labelled:
    """Files with the number of their class, int64 (N,); ``classes`` are the names, ``root`` is what paths begin at."""

    root: Path
    files: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]

    def only(self, rows: Sequence[int] | np.ndarray) -> Self:
        """Some of them, in that order."""
        return replace(self, files=tuple(self.files[i] for i in rows), labels=self.labels[list(rows)])

    def part(self, subset: str | None, share: float) -> Self:
        """The share that comes first in each class, or the rest, as ImageDataGenerator divides; all for None."""
        if subset is None:
            return self
        kept: list[int] = []
        for number in range(len(self.classes)):
            rows = np.flatnonzero(self.labels == number)
            cut = int(len(rows) * share)
            kept += list(rows[:cut] if subset == "validation" else rows[cut:])
        return self.only(kept)


def in_folders(directory: str | Path, classes: Sequence[str] | None = None) -> Labelled:
    """All pictures under the folders of ``classes``, or of all folders in ``directory``.

    Raises:
        SourceError: there is no such folder, or no picture in it.
    """
    root = Path(directory)
    if not root.is_dir():
        raise SourceError("{path} is no folder; give one that holds a folder for each class", path=root)
    names = sorted(p.name for p in root.iterdir() if p.is_dir()) if classes is None else list(classes)
    files: list[str] = []
    labels: list[int] = []
    for number, name in enumerate(names):
        found = _pictures(root / name)
        files += [f"{name}/{file}" for file in found]
        labels += [number] * len(found)
    if not files:
        raise SourceError("{path} holds no pictures in the folders {names}; expected a folder for each class with "
                          "pictures in it", path=root, names=", ".join(names[:20]) or "-")  # fmt: skip
    return Labelled(root, tuple(files), np.array(labels, np.int64), tuple(names))


def in_table(
    table: Any, directory: str | Path | None, x_col: str, y_col: str | None, classes: Sequence[str] | None, look: bool
) -> Labelled:
    """The files that a table names, in its order; ``look``: leave out those that are not there, with a warning.

    Raises:
        SourceError: there is no such column, a class is none of ``classes``, or no file is left.
    """
    columns = [str(name) for name in table]
    for name in filter(None, (x_col, y_col)):
        if name not in columns:
            raise SourceError("the table has no column {name}; it has {columns}", name=name, columns=", ".join(columns))
    root = Path(directory or ".")
    said = ["" if y_col is None else str(value) for value in table[y_col or x_col]]
    rows = [(str(file), label) for file, label in zip(table[x_col], said)]
    kept = [row for row in rows if not look or (root / row[0]).is_file()]
    if not kept:
        raise SourceError("none of the {count} files of the table is in {root}", count=len(rows), root=root)
    there = set(kept)
    if missing := [row[0] for row in rows if row not in there]:
        text = f"{len(missing)} files of the table are not there and left out: {', '.join(missing[:5])}"
        warnings.warn(text, UserWarning, stacklevel=4)
    found = {label for _, label in kept} if y_col else set()
    names = sorted(found) if classes is None else list(classes)
    if unknown := sorted(found - set(names)):
        raise SourceError("classes does not name {unknown}", unknown=", ".join(unknown[:20]))
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers.get(label, 0) for _, label in kept], np.int64)
    return Labelled(root, tuple(file for file, _ in kept), labels, tuple(names))


def _pictures(folder: Path) -> list[str]:
    found = []
    for place, inner, names in os.walk(folder):
        inner.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in ENDINGS:
                found.append(Path(place, name).relative_to(folder).as_posix())
    return found
