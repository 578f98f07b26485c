"""Labels from a regular expression on the file's name, as fastai's ``from_name_re``."""

from glasshouse.data.archives.files import Tree
from glasshouse.data.check import Rejected
from glasshouse.data.items import Item, Labelled
from glasshouse.data.sources.layout import find_parts
from glasshouse.errors import SourceError
from glasshouse.messages import Message
from glasshouse.recipe.patterns import Pattern, PatternError

__all__ = ["label_by_pattern"]


def label_by_pattern(tree: Tree, pattern: str) -> Labelled:
    """Label every file with the first group of ``pattern``, searched in its name without the folders.

    Folders of train, val and test at the top, or below one folder, give the split where they are there.

    Raises:
        SourceError: the pattern cannot be used.
    """
    try:
        search = Pattern(pattern).search
    except PatternError as error:
        raise SourceError("the label pattern {pattern} {error}", pattern=repr(pattern[:200]), error=error) from None
    top, parts, findings = find_parts(tree)
    items: list[Item] = []
    rejected: list[Rejected] = []
    for file in tree.files:
        folder, name = file.path.removeprefix(top).split("/")[0], file.path.rsplit("/", 1)[-1]
        found = search(name)
        label = found.group(1) if found is not None else None
        if not label:
            rejected.append(
                Rejected(file.path, Message("its name does not match the pattern {pattern}", pattern=pattern))
            )
            continue
        items.append(Item(file.path, label, parts.get(folder), time=file.mtime_ns / 1e9 or None))
    return Labelled(items, rejected, findings)
