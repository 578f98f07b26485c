"""Labels from folders: class folders, and class folders within train, val and test."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.files import Tree
from glasshouse.data.items import Item, Labelled, Listed

__all__ = ["SPLIT_WORDS", "label_by_folder", "merge_spellings", "split_folders", "split_of_folder"]

SPLIT_WORDS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


def label_by_folder(tree: Tree, look_through: bool = False) -> Labelled:
    """Label every file with the first folder of its path, or the second where the first are train, val and test.

    ``look_through`` passes over a single folder at the top, as archives have it.
    """
    top = _single_top(tree) if look_through else ""
    splits = split_folders(tree, top)
    items: list[Item] = []
    rejected: list[Rejected] = []
    for file in tree.files:
        item = _item(file, file.path.removeprefix(top).split("/"), splits)
        (items if isinstance(item, Item) else rejected).append(item)  # type: ignore[arg-type]
    items, unicode_findings = merge_spellings(items)
    return Labelled(items, rejected, [*unicode_findings, *_empty_classes(tree, top, splits, items)])


def split_of_folder(name: str) -> str | None:
    """Return ``train``, ``val`` or ``test`` for a folder's name that means one of them."""
    return SPLIT_WORDS.get(name.casefold())


def _item(file: Listed, parts: Sequence[str], splits: frozenset[str]) -> Item | Rejected:
    time = file.mtime_ns / 1e9 if file.mtime_ns else None
    if not splits:
        if len(parts) < 2:
            return Rejected(file.path, "not in a class folder")
        return Item(file.path, parts[0], time=time)
    if parts[0] not in splits:
        return Rejected(file.path, f"not in one of the folders {', '.join(sorted(splits))}")
    if len(parts) < 3:
        return Rejected(file.path, f"not in a class folder of {parts[0]}")
    return Item(file.path, parts[1], split=split_of_folder(parts[0]), time=time)


def _children(tree: Tree, top: str) -> list[str]:
    """Return the names of the folders directly under ``top`` ("" or a path that ends in a slash)."""
    inside = (path.removeprefix(top) for path in tree.folders if path.startswith(top))
    return [path for path in inside if path and "/" not in path]


def _single_top(tree: Tree) -> str:
    top = ""
    while True:
        children = _children(tree, top)
        beside = any("/" not in file.path.removeprefix(top) for file in tree.files)
        if len(children) != 1 or beside or split_of_folder(children[0]):
            return top
        if not _children(tree, f"{top}{children[0]}/"):
            return top
        top = f"{top}{children[0]}/"


def split_folders(tree: Tree, top: str, of_classes: bool = True) -> frozenset[str]:
    """Return the folders under ``top`` that mean train, val and test; empty where there is no training folder.

    One that is alone must be the only folder; with ``of_classes`` a folder counts only if it has folders inside.
    """
    children = _children(tree, top)
    found = [name for name in children if split_of_folder(name)]
    meanings = {split_of_folder(name) for name in found if not of_classes or _children(tree, f"{top}{name}/")}
    if "train" in meanings and (len(meanings) > 1 or len(children) == 1):
        return frozenset(found)
    return frozenset()


def merge_spellings(items: Iterable[Item]) -> tuple[list[Item], list[Finding]]:
    """Give classes whose names differ only in how Unicode spells them (NFC, NFD) one name, the composed one if there.

    Class names stay unchanged otherwise.
    """
    kept = list(items)
    spellings: dict[str, set[str]] = {}
    for label in {item.label for item in kept}:
        spellings.setdefault(unicodedata.normalize("NFC", label), set()).add(label)
    chosen = {
        label: composed if composed in labels else min(labels)
        for composed, labels in spellings.items() if len(labels) > 1
        for label in labels
    }  # fmt: skip
    names = sorted(set(chosen.values()))
    message = "folders spell the class {} in two ways of Unicode; they are one class"
    findings = [Finding("spelling", message.format(name)) for name in names]
    if not chosen:
        return kept, []
    return [_relabelled(item, chosen.get(item.label, item.label)) for item in kept], findings


def _relabelled(item: Item, label: str) -> Item:
    return Item(item.path, label, item.split, item.group, item.time)


def _empty_classes(tree: Tree, top: str, splits: frozenset[str], items: Sequence[Item]) -> Iterator[Finding]:
    parents = [f"{top}{name}/" for name in sorted(splits)] if splits else [top]
    depth = 1 + parents[0].count("/")
    filled = {"/".join(item.path.split("/", depth)[:depth]) for item in items}
    for parent in parents:
        for name in _children(tree, parent):
            if f"{parent}{name}" not in filled:
                yield Finding("empty-class", f"the class folder {parent}{name} holds no files")
