"""Labels from a regular expression on the file's name, as fastai's ``from_name_re``."""

import re

from glasshouse.data.check import Rejected
from glasshouse.data.files import Tree
from glasshouse.data.items import Item, Labelled
from glasshouse.data.sources.layout import find_parts

__all__ = ["label_by_pattern"]


def label_by_pattern(tree: Tree, pattern: str) -> Labelled:
    """Label every file with the first group of ``pattern``, searched in its name without the folders.

    Folders of train, val and test at the top, or below one folder, give the split where they are there.
    """
    search = re.compile(pattern).search
    top, parts, findings = find_parts(tree)
    items: list[Item] = []
    rejected: list[Rejected] = []
    for file in tree.files:
        folder, name = file.path.removeprefix(top).split("/")[0], file.path.rsplit("/", 1)[-1]
        found = search(name)
        if found is None or not found.group(1):
            rejected.append(Rejected(file.path, f"its name does not match the pattern {pattern}"))
            continue
        items.append(Item(file.path, found.group(1), parts.get(folder), time=file.mtime_ns / 1e9 or None))
    return Labelled(items, rejected, findings)
