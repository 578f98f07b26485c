"""Pictures to classify, whatever they lie in: a folder, an archive, a table, a list; their truth where it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.archive import open_archive
from glasshouse.data.files import DiskFiles
from glasshouse.data.items import Item, Source
from glasshouse.data.source import LISTS, TABLES, open_named, open_source
from glasshouse.errors import PictureError, SourceError
from glasshouse.recipe import DatasetRecipe

__all__ = ["Pictures", "find_pictures"]

NAMES = "labels.txt"  # beside a list: the names of its numbers


@dataclass(frozen=True)
class Pictures:
    """Pictures to classify, with their truth where it is known (else None).

    ``read`` returns the picture of an index; its PictureError tells why it cannot be read.
    """

    paths: Sequence[str]
    truths: Sequence[str | None]
    read: Callable[[int], bytes | NDArray[np.generic]]


def find_pictures(source: str, classes: Sequence[str]) -> Pictures:
    """Return the pictures of a source; their labels are the truth where most of them are of ``classes``.

    A table or list may name them with labels or without; one that lies among pictures in a folder names those.

    Raises:
        SourceError: the source is missing, or has no pictures.
    """
    if Path(source).is_file() and _is_list(Path(source)):
        return _with_rejected(*_listed(Path(source), classes))
    try:
        labelled = open_source(DatasetRecipe(source=source, min_per_class=1))
    except SourceError as error:
        return _unlabelled(source, classes, error)
    return _with_rejected(labelled, _trusted([item.label for item in labelled.items], classes))


def _is_list(path: Path) -> bool:
    return path.suffix.lower() in (*LISTS, *TABLES)


def _trusted(labels: Sequence[str], classes: Sequence[str]) -> list[str | None]:
    """Return labels as the truth, or None for each where most of them are of other classes."""
    known = set(classes)
    trusted = sum(label in known for label in labels) * 2 > len(labels)
    return [label if trusted and label in known else None for label in labels]


def _with_rejected(source: Source, truths: list[str | None]) -> Pictures:
    """Return the source's pictures, and behind them what it could not use: nothing vanishes silently."""
    items, rejected = source.items, source.rejected
    paths = [item.path for item in items] + [one.path for one in rejected]

    def read(index: int) -> bytes | NDArray[np.generic]:
        if index >= len(items):
            raise PictureError(rejected[index - len(items)].reason)
        return source.read(items[index])

    return Pictures(paths, truths + [None] * len(rejected), read)


def _listed(path: Path, classes: Sequence[str]) -> tuple[Source, list[str | None]]:
    """Return the pictures of a table or list with their truth, or of one that has no labels."""
    try:
        named = open_named(path)
    except SourceError:
        return (bare := open_named(path, labels=False)), [None] * len(bare.items)
    if not named.items and (bare := open_named(path, labels=False)).items:
        return bare, [None] * len(bare.items)
    return named, _trusted(_numbered(named.items, classes), classes)


def _numbered(items: Sequence[Item], classes: Sequence[str]) -> list[str]:
    """Return the labels; where all are numbers and no class is called so, as in DIGITS, the classes that they count."""
    labels = [item.label for item in items]
    if set(labels) & set(classes) or not all(_counts(label, len(classes)) for label in labels):
        return labels
    return [classes[int(label)] for label in labels]


def _counts(label: str, classes: int) -> bool:
    return label.isdecimal() and len(label) < 10 and int(label) < classes


def _unlabelled(source: str, classes: Sequence[str], error: SourceError) -> Pictures:
    root = Path(source)
    if root.is_dir():
        return _of_folder(root, classes, error)
    if root.is_file() and (archive := open_archive(root)) is not None:
        return _of_tree(archive.read, [file.path for file in archive.tree.files], classes, error)
    if root.is_file():
        return Pictures([root.name], [None], lambda _: DiskFiles(root.parent).read(root.name))
    raise error


def _of_folder(root: Path, classes: Sequence[str], error: SourceError) -> Pictures:
    """Return the pictures of a folder: those that the one list in it names first, with their truth, then the others."""
    files = DiskFiles(root)
    paths = [file.path for file in files.tree.files]
    lists = [path for path in paths if "/" not in path and path != NAMES and _is_list(root / path)]
    if len(lists) != 1:
        return _of_tree(files.read, paths, classes, error)
    source, truths = _listed(root / lists[0], classes)
    if not source.items:
        return _of_tree(files.read, paths, classes, error)
    named = _with_rejected(source, truths)
    used = {*named.paths, NAMES, lists[0]}
    others = [path for path in paths if path not in used]

    def read(index: int) -> bytes | NDArray[np.generic]:
        count = len(named.paths)
        return named.read(index) if index < count else files.read(others[index - count])

    return Pictures([*named.paths, *others], [*named.truths, *[None] * len(others)], read)


def _of_tree(read: Callable[[str], bytes], paths: list[str], classes: Sequence[str], error: SourceError) -> Pictures:
    """Return all files of a tree; one class folder alone still tells the truth."""
    if not paths:
        raise error
    folders = [path.split("/")[-2] if "/" in path else None for path in paths]
    truths = [folder if folder in set(classes) else None for folder in folders]
    return Pictures(paths, truths, lambda index: read(paths[index]))
