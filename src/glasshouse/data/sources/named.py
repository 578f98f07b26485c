"""Pictures that a table or a list names one by one: finding the file, and one item for each."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from glasshouse.data.archives.files import Tree, is_hidden
from glasshouse.data.check import REASON_OF_LINE, Finding, Rejected
from glasshouse.data.items import Item, Labelled, Listed
from glasshouse.data.names import composed
from glasshouse.data.sources.lookup import Found, Lookup, Several
from glasshouse.messages import Message

__all__ = ["Named", "NamedInArchive", "NamedPictures", "decoded_text", "encoding_finding", "read_text"]


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
    rejected: list[Rejected] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    found: dict[str, "_Taken"] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)

    @property
    def items(self) -> list[Item]:
        """The pictures that were found, in the order of their lines."""
        return [one.item for one in self.found.values()]

    @property
    def empty(self) -> bool:
        """Whether no line named anything."""
        return not self.found and not self.rejected

    def add(self, named: Named) -> None:
        """Add one picture, or what is wrong with it."""
        self.named.append(named.path)
        place = self.place(named.path)
        if place is None:
            self.reject(named, Message("there is no such file under {base}", base=self.base))
        elif isinstance(place, Several):
            self.named.extend(place.paths)
            paths = " and ".join(place.paths[:3])
            shown = Message("{paths} and more", paths=paths) if len(place.paths) > 3 else paths
            self.reject(named, Message("it may mean more than one file: {shown}", shown=shown))
        else:
            self._take(named, *place)

    def _take(self, named: Named, file: Listed, how: str | None) -> None:
        first = self.found.get(file.path)
        if file.path in self.spoiled and how is not None:
            self.reject(named, Message("several lines with other labels mean the file {path}", path=file.path))
        elif first is None:
            self._keep(named, file, how)
        elif first.named.label != named.label and first.how is not None:  # a guess that proves wrong
            del self.found[file.path]
            self.spoiled.add(file.path)
            self.reject(first.named, Message("several lines with other labels mean the file {path}", path=file.path))
            self._take(named, file, how)
        else:
            also = (
                "" if first.named.label == named.label else Message(" with the label {label}", label=first.named.label)
            )
            self.reject(named, Message("named before in {line}{also}", line=first.named.line, also=also))

    def _keep(self, named: Named, file: Listed, how: str | None) -> None:
        time = file.mtime_ns / 1e9 if file.mtime_ns else None
        item = Item(file.path, named.label, named.split, named.group, time)
        self.found[file.path] = _Taken(named, item, file, how)
        self.named.append(file.path)

    def reject(self, named: Named, reason: str) -> None:
        """List a line that gives no picture."""
        self.named.append(named.path)
        self.rejected.append(Rejected(named.path, Message(REASON_OF_LINE, line=named.line, reason=reason)))

    def tree(self) -> Tree:
        """Return the files that were found."""
        return Tree([one.file for one in self.found.values()])

    def labelled(self, classes: list[str] | None = None, warnings: Iterable[Finding] = ()) -> Labelled:
        """Return the items in the order of their lines."""
        return Labelled(self.items, self.rejected, [*warnings, *self._findings()], classes, self.named)

    def is_inside(self, written: str) -> bool:
        """Return whether a name means a file within the folder; nothing outside of it is looked at."""
        return self._lookup.find(written) is not None

    def place(self, written: str) -> tuple[Listed, str | None] | Several | None:
        """Return the file of a picture by the path that items have, and how it was found; None if it is nowhere."""
        for spelling, how in ((written, None), (_at_home(written), Message("from the folder of the user"))):
            if how is not None and spelling == written:
                continue
            if how is not None:
                self.named.append(spelling)
            if (file := self._exact(spelling)) is not None:
                return file, how
        found = self._lookup.find(written)
        if not isinstance(found, Found):
            return found
        file = self._exact(found.path)
        return None if file is None else (file, found.how)

    def _exact(self, written: str) -> Listed | None:
        candidate = self.base / written
        try:
            found = candidate.stat()
        except (OSError, ValueError):
            return None
        if stat.S_ISDIR(found.st_mode):
            return None
        full = Path(os.path.normpath(candidate.absolute()))
        base = Path(os.path.normpath(self.base.absolute()))
        path = (full.relative_to(base) if full.is_relative_to(base) else full).as_posix()
        plain = composed(path)
        return Listed(plain, found.st_size, found.st_mtime_ns, None if plain == path else path)

    @cached_property
    def _lookup(self) -> Lookup:
        def names(folder: str) -> list[str]:
            try:
                return [one.name for one in (self.base / folder).iterdir() if not is_hidden(one.name)]
            except OSError:
                return []

        def is_file(path: str) -> bool:
            try:
                return (self.base / path).is_file()
            except (OSError, ValueError):
                return False

        return Lookup(names, is_file, Path(os.path.normpath(self.base.absolute())).parts)

    def _findings(self) -> Iterator[Finding]:
        ways: dict[str, list[tuple[str, str]]] = {}
        for one in self.found.values():
            if one.how is not None:
                ways.setdefault(one.how, []).append((one.named.path, one.file.path))
        for how, pairs in ways.items():
            written, path = pairs[0]
            yield Finding(
                "found-names",
                Message(
                    "{pairs} pictures of the list were found {how}: {written} is {path}",
                    pairs=f"{len(pairs):,}",
                    how=how,
                    written=written,
                    path=path,
                ),
            )


@dataclass(frozen=True)
class _Taken:
    """A picture that a line names, with its file and how that was found."""

    named: Named
    item: Item
    file: Listed
    how: str | None


@dataclass
class NamedInArchive(NamedPictures):
    """Collects the lines of a list in an archive; ``base`` is the archive, and no path leads out of it.

    ``entries`` are its files by their path, ``top`` the folder in it that paths start from ("" or with a slash).
    """

    entries: Mapping[str, Listed] = field(default_factory=dict)
    top: str = ""

    def place(self, written: str) -> tuple[Listed, str | None] | Several | None:
        """Return the entry of a picture, and how it was found; None if the archive has none."""
        for spelling in dict.fromkeys((written, composed(written))):
            if (path := os.path.normpath(f"{self.top}{spelling}")) in self.entries:
                return self.entries[path], None
        found = self._lookup.find(written)
        if not isinstance(found, Found):
            return Several([self.top + path for path in found.paths]) if found is not None else None
        return self.entries[self.top + found.path], found.how

    @cached_property
    def _lookup(self) -> Lookup:
        inside: dict[str, set[str]] = {}
        for path in self.entries:
            if path.startswith(self.top):
                parts = path[len(self.top) :].split("/")
                for depth, name in enumerate(parts):
                    inside.setdefault("".join(f"{part}/" for part in parts[:depth]), set()).add(name)
        own = [part for part in self.top.split("/") if part]
        return Lookup(lambda folder: inside.get(folder, ()), lambda path: self.top + path in self.entries, own)


def _at_home(written: str) -> str:
    try:
        return str(Path(written).expanduser()) if written.startswith("~") else written
    except RuntimeError:  # no such user
        return written


def read_text(path: Path) -> str:
    """Return a text file, UTF-8 with or without a mark, else UTF-16 with a mark, else Korean or Western Windows."""
    return decoded_text(path.read_bytes())[0]


def decoded_text(data: bytes) -> tuple[str, str]:
    """Return the text of a file and its encoding; see ``read_text``."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), "utf-16"
    for encoding in ("utf-8-sig", "cp949", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def encoding_finding(text: str, encoding: str) -> Iterator[Finding]:
    """Yield what is reported of a table or list that is not Unicode, with a line to see whether it was read well."""
    if encoding not in ("utf-8-sig", "utf-16"):
        line = next((line.strip() for line in text.splitlines() if not line.isascii()), "")[:80]
        yield Finding(
            "encoding",
            Message("the list is not Unicode (UTF-8) and was read as {encoding}: {line}", encoding=encoding, line=line),
        )
