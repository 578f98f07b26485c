"""The entries of an archive as a tree of files: which are taken, which are rejected, and when it is a bomb."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from glasshouse.data.archives.files import FILE_LIMIT, Tree, compose_paths, is_hidden
from glasshouse.data.check import Rejected
from glasshouse.data.items import Listed
from glasshouse.data.names import composed
from glasshouse.errors import SourceError
from glasshouse.messages import Message

__all__ = ["Entry", "Limits", "check_bomb", "entry_path", "tree_of"]

_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: entries, bytes when unpacked, and bytes for each byte of the archive.

    The ratio counts from ``ratio_from`` unpacked bytes on: small archives of plain pictures may shrink a lot.
    """

    count: int = 5_000_000
    total: int = 1 << 40
    ratio: int = 200
    ratio_from: int = 1 << 30


@dataclass(frozen=True)
class Entry:
    """One entry: its name in the archive, its kind (``file``, ``folder``, or what else it is), size and time."""

    name: str
    kind: str
    size: int
    packed: int
    mtime_ns: int


def check_bomb(archive: Path, count: int, total: int, limits: Limits) -> None:
    """Refuse an archive that would unpack to more than ``limits`` allow.

    Raises:
        SourceError: it would; the text has both numbers.
    """
    size = max(1, archive.stat().st_size)
    if count > limits.count:
        raise SourceError(
            "{archive} has more than {count} entries; split it into several archives",
            archive=archive,
            count=f"{limits.count:,}",
        )
    if total > limits.total:
        raise SourceError(
            "{archive} unpacks to {total} bytes, the limit is {total2}; give a folder instead",
            archive=archive,
            total=f"{total:,}",
            total2=f"{limits.total:,}",
        )
    if total > limits.ratio_from and total > limits.ratio * size:
        raise SourceError(
            "{archive} has {size} bytes and unpacks to at least {total}: pictures do not shrink that much, this "
            "looks like a decompression bomb. Unpack it yourself and give the folder if you trust it.",
            archive=archive,
            size=f"{size:,}",
            total=f"{total:,}",
        )


def entry_path(name: str) -> str:
    """Return the path of an entry, with slashes and without ``./``, as the archive spells it."""
    return str(PurePosixPath(name.replace("\\", "/")))


def tree_of(entries: Iterable[Entry], limits: Limits) -> Tree:
    """Return the tree of an archive's entries; what would leave the archive or is no file is rejected."""
    tree = Tree()
    taken: set[str] = set()
    for entry in entries:
        path = entry_path(entry.name)
        reason = _reason(entry, limits) or (Message("a second entry of this name") if path in taken else None)
        if any(is_hidden(part) for part in path.split("/") if part not in ("..", ".")):
            tree.hidden.append(path)
        elif entry.kind == "folder" and reason is None:
            tree.folders.append(path)
        elif reason is not None:
            tree.rejected.append(Rejected(entry.name or "(no name)", reason))
        else:
            taken.add(path)
            tree.files.append(Listed(path, entry.size, entry.mtime_ns))
    return _finished(tree)


def _reason(entry: Entry, limits: Limits) -> str | None:
    name = entry.name.replace("\\", "/")
    if not name.strip("/. ") or "\0" in name:
        return None if entry.kind == "folder" and name in (".", "./") else Message("it has no usable name")
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return Message("its name would leave the archive's folder")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return Message("its name is not valid Unicode")
    if entry.kind not in ("file", "folder"):
        return Message("not a file but {kind}", kind=entry.kind)
    if entry.size > FILE_LIMIT:
        return Message(
            "{size} bytes, a picture has at most {FILE_LIMIT}", size=f"{entry.size:,}", FILE_LIMIT=f"{FILE_LIMIT:,}"
        )
    if entry.packed and entry.size > 1 << 26 and entry.size > limits.ratio * entry.packed:
        return Message(
            "{packed} bytes that unpack to {size}: this looks like a decompression bomb",
            packed=f"{entry.packed:,}",
            size=f"{entry.size:,}",
        )
    return None


def _finished(tree: Tree) -> Tree:
    """Add the folders that only files' names imply, and sort."""
    tree.files = compose_paths(tree.files)
    folders = {composed(path) for path in tree.folders if path != "."}
    for file in tree.files:
        folders.update(str(parent) for parent in PurePosixPath(file.path).parents if str(parent) != ".")
    tree.folders = sorted(folders)
    tree.hidden = [composed(path) for path in tree.hidden]
    return tree
