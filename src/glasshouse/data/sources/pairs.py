"""Labels that Python hands over for files, such as the answers of a function."""

import os
from collections.abc import Sequence
from pathlib import Path

from glasshouse.data.archives.files import Tree
from glasshouse.data.check import Rejected
from glasshouse.data.items import Given, Item, Labelled
from glasshouse.data.names import composed
from glasshouse.data.sources.labels import label_text
from glasshouse.messages import Message

__all__ = ["label_by_pairs"]


def label_by_pairs(tree: Tree, given: Given, root: Path | None = None) -> Labelled:
    """Label the files that the pairs name, by paths relative to the source (or absolute ones under ``root``).

    A label of None, a file that is not there, and a file that is named twice are rejected.
    """
    pairs: Sequence[tuple[str, object]] = given.labels or ()
    splits = given.splits if given.splits is not None else [None] * len(pairs)
    files = {file.path: file for file in tree.files}
    items: dict[str, Item] = {}
    rejected: list[Rejected] = []
    for (written, label), split in zip(pairs, splits, strict=True):
        path = composed(_relative(written, root))
        text = label_text(label)
        reason = _reason(path, text, path in files, items)
        if reason is None:
            items[path] = Item(path, str(text), split, time=files[path].mtime_ns / 1e9 or None)
        else:
            rejected.append(Rejected(path, reason))
    ordered = [items[path] for path in sorted(items)]
    return Labelled(ordered, rejected, classes=given.classes)


def _relative(written: str, root: Path | None) -> str:
    path = Path(written)
    if root is not None and path.is_absolute():
        base = Path(os.path.normpath(root.absolute()))
        full = Path(os.path.normpath(path))
        return full.relative_to(base).as_posix() if full.is_relative_to(base) else full.as_posix()
    return Path(os.path.normpath(path)).as_posix()


def _reason(path: str, label: str | None, there: bool, items: dict[str, Item]) -> str | None:
    if path in items:
        return Message("given twice, before with the label {label}", label=items[path].label)
    if not there:
        return Message("there is no such file in the source")
    return None if label is not None else Message("it was given no label")
