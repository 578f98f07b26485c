"""A source whose pictures are files."""

from collections.abc import Sequence

import numpy as np

from glasshouse.data.archives.files import Files, hidden_finding
from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Item, Labelled, Listed
from glasshouse.data.sources.labels import well_named

__all__ = ["FileSource"]


class FileSource:
    """A tree of files and the labels that a rule gave them; ``stamp`` stands for the files where they are one file."""

    def __init__(
        self, files: Files, labelled: Labelled, findings: Sequence[Finding] = (), stamp: Sequence[Listed] = ()
    ) -> None:
        self._files = files
        self._stamp = list(stamp)
        items, classes, told = well_named(labelled.items, labelled.classes, labelled.fold)
        self.items: Sequence[Item] = items
        self.named: Sequence[str] = labelled.named
        self.fold = labelled.fold
        self.rejected: list[Rejected] = sorted([*files.tree.rejected, *labelled.rejected], key=lambda one: one.path)
        self.warnings: list[Finding] = [
            *findings, *labelled.warnings, *told, *hidden_finding(files.tree.hidden)
        ]  # fmt: skip
        self.classes = classes

    def unlabelled(self) -> list[str]:
        """Return the paths of the files that the rule gave no label, such as pictures beside class folders."""
        labelled = {item.path for item in self.items}
        return [file.path for file in self._files.tree.files if file.path not in labelled]

    def read(self, item: Item) -> bytes | np.ndarray:
        """Return the bytes of a picture's file; a PictureError tells why not."""
        return self._files.read(item.path)

    def listing(self) -> list[Listed]:
        """Return the files that the items come from."""
        used = {item.path for item in self.items}
        return self._stamp or [file for file in self._files.tree.files if file.path in used]
