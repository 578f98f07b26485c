"""A source with separate sources for validation and test."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Item, Listed, Source
from glasshouse.data.sources.file_source import FileSource
from glasshouse.data.sources.labels import well_named

__all__ = ["JoinedSource"]

_PREFIXES = {"val": "@valid/", "test": "@test/"}


class JoinedSource:
    """The main source's items keep their split; those of ``parts`` (``val``, ``test``) have that one.

    Paths of ``parts`` begin with ``@valid/`` and ``@test/``, so that no two items share one.
    """

    def __init__(self, main: Source, parts: Mapping[str, Source]) -> None:
        sources: dict[str, tuple[str | None, Source]] = {"": (None, main)}
        sources.update({_PREFIXES[split]: (split, source) for split, source in parts.items()})
        self.rejected: list[Rejected] = []
        self.warnings: list[Finding] = []
        self._places: dict[str, tuple[Source, Item]] = {}
        items: list[Item] = []
        for prefix, (split, source) in sources.items():
            for item in source.items:
                items.append(replace(item, path=prefix + item.path, split=split or item.split))
                self._places[prefix + item.path] = (source, item)
            self.rejected += [Rejected(prefix + one.path, one.reason) for one in source.rejected]
            self.warnings += source.warnings
        self._sources = {prefix: source for prefix, (_, source) in sources.items()}
        self.items, stated, findings = well_named(items, main.classes, all(map(_folds, self._sources.values())))
        self.warnings += [one for one in findings if one not in self.warnings]
        self.named: Sequence[str] = [name for _, source in sources.values() for name in source.named]
        self.classes = self._joined_classes(stated)

    def read(self, item: Item) -> bytes | np.ndarray:
        """Return what the part that the picture is of gives; a PictureError tells why it cannot."""
        source, inner = self._places[item.path]
        return source.read(inner)

    def listing(self) -> list[Listed]:
        """Return the files of all parts, under their items' paths."""
        return [
            replace(file, path=prefix + file.path)
            for prefix, source in self._sources.items()
            for file in source.listing()
        ]

    def _joined_classes(self, stated: Sequence[str] | None) -> list[str] | None:
        if stated is None:
            return None
        return [*stated, *sorted({item.label for item in self.items} - set(stated))]


def _folds(source: Source) -> bool:
    return isinstance(source, FileSource) and source.fold
