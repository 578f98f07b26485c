"""From a recipe to a source: what it is (folder, archive, table, arrays) is seen here; nothing is decoded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.files import DiskFiles, Files, hidden_finding
from glasshouse.data.items import Given, Item, Labelled, Listed, Source
from glasshouse.data.sources.folders import label_by_folder
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe

__all__ = ["Given", "Item", "Source", "open_source"]


class FileSource:
    """A tree of files and the labels that a rule gave them."""

    def __init__(self, files: Files, labelled: Labelled) -> None:
        self._files = files
        self.items: Sequence[Item] = labelled.items
        self.rejected: list[Rejected] = sorted([*files.tree.rejected, *labelled.rejected], key=lambda one: one.path)
        self.warnings: list[Finding] = [*labelled.warnings, *hidden_finding(files.tree.hidden)]
        self.classes = list(labelled.classes) if labelled.classes is not None else None

    def read(self, item: Item) -> bytes | np.ndarray:
        """Return the bytes of a picture's file; a PictureError tells why not."""
        return self._files.read(item.path)

    def listing(self) -> list[Listed]:
        """Return the files that the items come from."""
        used = {item.path for item in self.items}
        return [file for file in self._files.tree.files if file.path in used]


def open_source(recipe: DatasetRecipe, given: Given | None = None) -> Source:
    """Return the source of a recipe, read but not decoded.

    Raises:
        SourceError: it is missing, of an unknown kind, or has no two classes; the text has the next step.
    """
    root = Path(recipe.source).expanduser()
    if not root.exists():
        raise SourceError(f"there is no source {root}; give a folder of class folders, an archive or a table")
    if not root.is_dir():
        raise SourceError(f"{root} is a file of unknown kind")
    files = DiskFiles(root)
    return _checked(root, FileSource(files, label_by_folder(files.tree)))


def _checked(root: Path, source: Source) -> Source:
    classes = {item.label for item in source.items}
    if len(classes) < 2:
        raise SourceError(f"{root} has {len(classes)} classes; at least two are needed")
    return source
