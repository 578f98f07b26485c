"""Pictures to classify, whatever they lie in: a folder, an archive, a table, a list; their truth where it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.archive import open_archive
from glasshouse.data.files import DiskFiles
from glasshouse.data.items import Source
from glasshouse.data.source import open_source
from glasshouse.errors import PictureError, SourceError
from glasshouse.recipe import DatasetRecipe

__all__ = ["Pictures", "find_pictures"]

LISTS = (".txt", ".lst", ".list")


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

    Raises:
        SourceError: the source is missing, or has no pictures.
    """
    try:
        labelled = open_source(DatasetRecipe(source=source, min_per_class=1))
    except SourceError as error:
        return _unlabelled(source, classes, error)
    known = set(classes)
    fitting = sum(item.label in known for item in labelled.items)
    trusted = fitting * 2 > len(labelled.items)
    truths = [item.label if trusted and item.label in known else None for item in labelled.items]
    return _with_rejected(labelled, truths)


def _with_rejected(source: Source, truths: list[str | None]) -> Pictures:
    """Return the source's pictures, and behind them what it could not use: nothing vanishes silently."""
    items, rejected = source.items, source.rejected
    paths = [item.path for item in items] + [one.path for one in rejected]

    def read(index: int) -> bytes | NDArray[np.generic]:
        if index >= len(items):
            raise PictureError(rejected[index - len(items)].reason)
        return source.read(items[index])

    return Pictures(paths, truths + [None] * len(rejected), read)


def _unlabelled(source: str, classes: Sequence[str], error: SourceError) -> Pictures:
    root = Path(source)
    if root.is_dir():
        files = DiskFiles(root)
    elif root.is_file() and root.suffix.lower() in LISTS:
        return _listed(root, error)
    elif root.is_file() and (archive := open_archive(root)) is not None:
        return _of_tree(archive.read, [file.path for file in archive.tree.files], classes, error)
    elif root.is_file():
        return Pictures([root.name], [None], lambda _: DiskFiles(root.parent).read(root.name))
    else:
        raise error
    return _of_tree(files.read, [file.path for file in files.tree.files], classes, error)


def _of_tree(read: Callable[[str], bytes], paths: list[str], classes: Sequence[str], error: SourceError) -> Pictures:
    """Return all files of a tree; one class folder alone still tells the truth."""
    if not paths:
        raise error
    folders = [path.split("/")[-2] if "/" in path else None for path in paths]
    truths = [folder if folder in set(classes) else None for folder in folders]
    return Pictures(paths, truths, lambda index: read(paths[index]))


def _listed(path: Path, error: SourceError) -> Pictures:
    """Return the pictures of a list without labels: a path a line, relative to the list's folder."""
    names = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not names:
        raise error
    inside = [name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts]
    files = DiskFiles(path.parent)
    return Pictures(inside, [None] * len(inside), lambda index: files.read(inside[index]))
