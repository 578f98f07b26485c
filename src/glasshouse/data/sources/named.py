"""Pictures that a table or a list names one by one: finding the file, and one item for each."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.files import Tree
from glasshouse.data.items import Item, Labelled, Listed

__all__ = ["Named", "NamedInArchive", "NamedPictures", "read_text"]

_ENDINGS = ("", ".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Named:
    """What one line (such as ``line 3`` or ``val.txt line 3``) says of a picture."""

    line: str
    path: str
    label: str
    split: str | None = None
    group: str | None = None


@dataclass
class NamedPictures:
    """Collects the lines of one or more lists; ``base`` is the folder that relative paths start from."""

    base: Path
    items: list[Item] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    files: list[Listed] = field(default_factory=list)
    seen: dict[str, Named] = field(default_factory=dict)

    def add(self, named: Named) -> None:
        """Add one picture, or what is wrong with it."""
        place = self.place(named.path)
        if place is None:
            self.reject(named, f"there is no such file under {self.base}")
            return
        first = self.seen.setdefault(place.path, named)
        if first is not named:
            also = "" if first.label == named.label else f" with the label {first.label}"
            self.reject(named, f"named before in {first.line}{also}")
            return
        self.files.append(place)
        time = place.mtime_ns / 1e9 if place.mtime_ns else None
        self.items.append(Item(place.path, named.label, named.split, named.group, time))

    def reject(self, named: Named, reason: str) -> None:
        """List a line that gives no picture."""
        self.rejected.append(Rejected(named.path, f"{named.line}: {reason}"))

    def tree(self) -> Tree:
        """Return the files that were found."""
        return Tree(self.files)

    def labelled(self, classes: list[str] | None = None, warnings: list[Finding] | None = None) -> Labelled:
        """Return the items in the order of their lines."""
        return Labelled(self.items, self.rejected, warnings or [], classes)

    def place(self, written: str) -> Listed | None:
        """Return the file of a picture, by the path that items have; None where it is nowhere."""
        for candidate in (self.base / spelling for spelling in _spellings(written)):
            try:
                found = candidate.stat()
            except (OSError, ValueError):
                continue
            full = Path(os.path.normpath(candidate.absolute()))
            base = Path(os.path.normpath(self.base.absolute()))
            path = (full.relative_to(base) if full.is_relative_to(base) else full).as_posix()
            return Listed(path, found.st_size, found.st_mtime_ns)
        return None


@dataclass
class NamedInArchive(NamedPictures):
    """Collects the lines of a list in an archive; ``base`` is the archive, and no path leads out of it.

    ``entries`` are its files by their path, ``top`` the folder in it that paths start from ("" or with a slash).
    """

    entries: Mapping[str, Listed] = field(default_factory=dict)
    top: str = ""

    def place(self, written: str) -> Listed | None:
        """Return the entry of a picture; None where the archive has none."""
        paths = (os.path.normpath(f"{self.top}{spelling}") for spelling in _spellings(written))
        return next((self.entries[path] for path in paths if path in self.entries), None)


def _spellings(written: str) -> Iterator[str]:
    for spelling in dict.fromkeys((written, written.replace("\\", "/"))):
        for ending in _ENDINGS:
            yield f"{spelling}{ending}"


def read_text(path: Path) -> str:
    """Return a text file, UTF-8 with or without a mark, else UTF-16 with a mark, else Korean or Western Windows."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "cp949", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
