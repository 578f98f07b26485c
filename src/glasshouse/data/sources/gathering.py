"""Pictures to classify, whatever they lie in: a folder, an archive, a table, a list; their label if it is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.archives.archive import open_archive
from glasshouse.data.archives.files import DiskFiles, Files
from glasshouse.data.items import Item, Source
from glasshouse.data.names import cleaned, natural
from glasshouse.data.sources.file_source import FileSource
from glasshouse.data.sources.source import LABELS, LISTS, TABLES, open_named, open_named_in, open_source
from glasshouse.errors import PictureError, SourceError
from glasshouse.recipe import DatasetRecipe

__all__ = ["Pictures", "find_pictures"]


@dataclass(frozen=True)
class Pictures:
    """Pictures to classify, with their truth if it is known (else None).

    ``read`` returns the picture of an index; its PictureError tells why it cannot be read. ``named`` are the paths that
    a table or list names, as it has them and as they were found.
    """

    paths: Sequence[str]
    truths: Sequence[str | None]
    read: Callable[[int], bytes | NDArray[np.generic]]
    named: Sequence[str] = ()


def find_pictures(source: str, classes: Sequence[str]) -> Pictures:
    """Return the pictures of a source; their labels are the truth where most of them are of ``classes``.

    A table or list may name them with labels or without; one at the top of a folder or an archive names those in it,
    where their folders do not tell the truth. Pictures beside class folders have none.

    Raises:
        SourceError: the source is missing, or has no pictures.
    """
    root = Path(source)
    if root.is_file() and _is_list(source):
        return _with_rejected(*_listed(partial(open_named, root), classes))
    try:
        labelled = open_source(DatasetRecipe(source=source, min_per_class=1))
    except SourceError as error:
        return _unlabelled(source, classes, error)
    truths = _trusted([item.label for item in labelled.items], classes)
    if not any(truths) and (files := _files(root)) and (named := _by_list(files, classes)):
        return named
    return _with_rejected(labelled, truths)


def _is_list(path: str) -> bool:
    return Path(path).suffix.lower() in (*LISTS, *TABLES)


def _files(root: Path) -> Files | None:
    """Return the tree of a folder or an archive; None if it is neither."""
    if root.is_dir():
        return DiskFiles(root)
    return open_archive(root) if root.is_file() else None


def _trusted(labels: Sequence[str], classes: Sequence[str]) -> list[str | None]:
    """Return labels as the truth, or None for each where most of them are of other classes.

    A model that was made of names in another spelling of Unicode, or with blanks at their ends, keeps its names.
    """
    known = {cleaned(name): name for name in classes} | {name: name for name in classes}
    trusted = sum(label in known for label in labels) * 2 > len(labels)
    return [known.get(label) if trusted else None for label in labels]


def _with_rejected(source: Source, truths: list[str | None]) -> Pictures:
    """Return the source's pictures, behind them files without a label, and what it could not use: nothing vanishes."""
    loose = source.unlabelled() if isinstance(source, FileSource) else []
    order = sorted(range(len(source.items)), key=lambda k: natural(source.items[k].path) if not source.named else k)
    truths = [truths[k] for k in order]
    items = [*(source.items[k] for k in order), *(Item(path, "") for path in sorted(loose, key=natural))]
    rejected = [one for one in source.rejected if one.path not in set(loose)]
    paths = [item.path for item in items] + [one.path for one in rejected]

    def read(index: int) -> bytes | NDArray[np.generic]:
        if index >= len(items):
            raise PictureError(rejected[index - len(items)].reason)
        return source.read(items[index])

    return Pictures(paths, truths + [None] * (len(paths) - len(truths)), read, source.named)


def _listed(opened: Callable[..., Source], classes: Sequence[str]) -> tuple[Source, list[str | None]]:
    """Return the pictures of a table or list with their truth, or of one that has no labels."""
    try:
        named = opened()
    except SourceError:
        return (bare := opened(labels=False)), [None] * len(bare.items)
    if not named.items and (bare := opened(labels=False)).items:
        return bare, [None] * len(bare.items)
    return named, _trusted(_numbered(named.items, classes), classes)


def _numbered(items: Sequence[Item], classes: Sequence[str]) -> list[str]:
    """Return the labels; if all are numbers and no class is called so, as in DIGITS, the classes that they count."""
    labels = [item.label for item in items]
    if set(labels) & set(classes) or not all(_counts(label, len(classes)) for label in labels):
        return labels
    return [classes[int(label)] for label in labels]


def _counts(label: str, classes: int) -> bool:
    return label.isdecimal() and len(label) < 10 and int(label) < classes


def _unlabelled(source: str, classes: Sequence[str], error: SourceError) -> Pictures:
    root = Path(source)
    files = _files(root)
    if files is not None:
        paths = sorted((file.path for file in files.tree.files), key=natural)
        return _by_list(files, classes) or _of_tree(files.read, paths, classes, error)
    if root.is_file():
        return Pictures([root.name], [None], lambda _: DiskFiles(root.parent).read(root.name))
    raise error


def _by_list(files: Files, classes: Sequence[str]) -> Pictures | None:
    """Return the pictures that the one list at the top names, with their truth, then the others; None without one."""
    paths = [file.path for file in files.tree.files]
    top = "" if isinstance(files, DiskFiles) else _top(paths)
    lists = [path for path in paths if path.rpartition("/")[0] == top.rstrip("/") and _is_list(path)]
    lists = [path for path in lists if path != f"{top}{LABELS}"]
    if len(lists) != 1:
        return None
    opened: Callable[..., Source] = partial(open_named_in, files, lists[0])
    if isinstance(files, DiskFiles):
        written = next(file.written or file.path for file in files.tree.files if file.path == lists[0])
        opened = partial(open_named, files.root / written)
    try:
        source, truths = _listed(opened, classes)
    except SourceError:
        return None  # it is then told among the files that are no picture
    return _and_others(source, truths, files, {f"{top}{LABELS}", lists[0]}) if source.items else None


def _top(paths: Sequence[str]) -> str:
    """Return the folder that all files of an archive lie in, with a slash; "" if there is none."""
    first = {path.partition("/")[0] if "/" in path else "" for path in paths}
    return f"{first.pop()}/" if len(first) == 1 and "" not in first else ""


def _and_others(source: Source, truths: list[str | None], files: Files, lists: set[str]) -> Pictures:
    """Return the pictures of a list, and behind them the files that neither it names nor are lists."""
    items, rejected = source.items, source.rejected
    used = {*lists, *(item.path for item in items), *(one.path for one in rejected)}
    others = [file.path for file in files.tree.files if file.path not in used]
    paths = [*(item.path for item in items), *(one.path for one in rejected), *others]

    def read(index: int) -> bytes | NDArray[np.generic]:
        if index < len(items):
            return source.read(items[index])
        if index < len(items) + len(rejected):
            raise PictureError(rejected[index - len(items)].reason)
        return files.read(others[index - len(items) - len(rejected)])

    return Pictures(paths, [*truths, *[None] * (len(paths) - len(truths))], read, source.named)


def _of_tree(read: Callable[[str], bytes], paths: list[str], classes: Sequence[str], error: SourceError) -> Pictures:
    """Return all files of a tree; one class folder alone still tells the truth."""
    if not paths:
        raise error
    folders = [cleaned(path.split("/")[-2]) if "/" in path else None for path in paths]
    known = {cleaned(name): name for name in classes}
    truths = [known.get(folder) if folder is not None else None for folder in folders]
    return Pictures(paths, truths, lambda index: read(paths[index]))
