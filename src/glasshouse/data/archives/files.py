"""A tree of files, wherever it lies: what is in it, what was passed over, and the bytes of each file."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Listed
from glasshouse.data.names import composed
from glasshouse.errors import PictureError
from glasshouse.messages import Message

__all__ = [
    "FILE_LIMIT", "DiskFiles", "Files", "Tree", "check_regular", "compose_paths", "hidden_finding", "is_hidden",
    "read_regular", "walk",
]  # fmt: skip

FILE_LIMIT = 1 << 29
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_HIDDEN = frozenset({
    "__macosx", "icon\r", "network trash folder", "temporary items",  # macOS
    "thumbs.db", "desktop.ini", "ehthumbs.db", "ehthumbs_vista.db", "$recycle.bin",
    "system volume information", "folder.htt", "zbthumbnail.info",  # Windows, and cameras' programs
    "lost+found",
    "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@tmp", "@__thumb",  # Synology, QNAP
    "__pycache__", "picasa.ini", "picasaoriginals",
})  # fmt: skip
_KINDS = {
    stat.S_IFIFO: Message("a named pipe"),
    stat.S_IFSOCK: Message("a socket"),
    stat.S_IFCHR: Message("a device"),
    stat.S_IFBLK: Message("a device"),
}


@dataclass
class Tree:
    """What a walk found: files sorted by path, what cannot be used, hidden names passed over, and empty folders."""

    files: list[Listed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


class Files(Protocol):
    """Files by their posix path, from a folder or an archive."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def tree(self) -> Tree:
        """What is in it."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes, on any thread; a PictureError tells why not."""


def is_hidden(name: str) -> bool:
    """Return whether a file or folder belongs to the system and not to the pictures (``.DS_Store``, ``@eaDir``)."""
    return name.startswith((".", "~$", "._")) or name.lower() in _HIDDEN


def compose_paths(files: Sequence[Listed]) -> list[Listed]:
    """Return files with their paths in composed Unicode (NFC), once each, sorted by path.

    Of two files whose paths differ only in how Unicode spells them, the composed one keeps its path, and the other
    stays as it is written.
    """
    taken = {file.path for file in files if composed(file.path) == file.path}
    found = []
    for file in files:
        path = composed(file.path)
        if path != file.path and path not in taken:
            taken.add(path)
            file = replace(file, path=path, written=file.path)
        found.append(file)
    return sorted(found, key=lambda file: file.path)


def hidden_finding(hidden: list[str]) -> Iterator[Finding]:
    """Yield the sentence on hidden files, if there are any."""
    if hidden:
        shown = ", ".join(sorted(hidden)[:5]) + (", ..." if len(hidden) > 5 else "")
        word = Message("file or folder was") if len(hidden) == 1 else Message("files or folders were")
        yield Finding(
            "hidden", Message("{hidden} hidden {word} passed over: {shown}", hidden=len(hidden), word=word, shown=shown)
        )


class DiskFiles:
    """Files under a folder of this machine; ``tree`` may be given where only some files count."""

    def __init__(self, root: Path, tree: Tree | None = None) -> None:
        self.root = root
        self.name = str(root)
        self.tree = walk(root) if tree is None else tree
        self._written = {file.path: file.written for file in self.tree.files if file.written is not None}

    def read(self, path: str) -> bytes:
        """Return a file's bytes; an absolute path stays what it is.

        Raises:
            PictureError: it cannot be read; the text is the reason.
        """
        return read_regular(self.root / self._written.get(path, path))


def read_regular(path: Path, limit: int = FILE_LIMIT) -> bytes:
    """Return the bytes of a plain file of at most ``limit`` bytes, never waiting on a pipe.

    Raises:
        PictureError: it cannot be read; the text is the reason.
    """
    with _opened(path) as file:
        if (size := os.fstat(file.fileno()).st_size) > limit:
            raise PictureError(
                "{size} bytes, a picture has at most {FILE_LIMIT}", size=f"{size:,}", FILE_LIMIT=f"{limit:,}"
            )
        try:
            return file.read(size)
        except OSError as error:
            raise PictureError("cannot be read: {error}", error=error.strerror or error) from None


def check_regular(path: Path) -> None:
    """Refuse what is no plain file: a pipe, which would have its reader wait, a device, a folder.

    Raises:
        PictureError: it is none, or cannot be opened; the text is the reason.
    """
    _opened(path).close()


def _opened(path: Path) -> BinaryIO:
    """Open a plain file; a pipe is opened without waiting for who writes into it, and closed again."""
    try:
        number = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise PictureError("there is no such file") from None
    except PermissionError:
        raise PictureError("no permission to read it") from None
    except (OSError, ValueError) as error:
        raise PictureError("cannot be read: {error}", error=getattr(error, "strerror", None) or error) from None
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):
        os.close(number)
        raise PictureError(
            "a folder, not a picture" if stat.S_ISDIR(mode) else Message("not a file but {kind}", kind=_kind(mode))
        )
    return os.fdopen(number, "rb")


def walk(root: Path) -> Tree:
    """Return what lies under ``root``, links followed, every real folder read once.

    Real folders are walked before links, so that a link never hides the folder that it points to; a link to a folder
    that was read already, or that contains the link, is rejected with that reason.
    """
    tree = Tree()
    seen: dict[tuple[int, int], str] = {}
    queue: list[tuple[str, bool]] = [("", False)]
    links: list[tuple[str, bool]] = []
    while queue or links:
        if not queue:
            links.sort(reverse=True)
            queue.append(links.pop())
        path, linked = queue.pop()
        if _enter(root, path, linked, seen, tree):
            _read_folder(root, path, tree, queue, links)
    tree.files = compose_paths(tree.files)
    tree.rejected.sort(key=lambda one: one.path)
    tree.folders = sorted({composed(path) for path in tree.folders})
    tree.hidden = [composed(path) for path in tree.hidden]
    return tree


def _enter(root: Path, path: str, linked: bool, seen: dict[tuple[int, int], str], tree: Tree) -> bool:
    """Return whether the folder is new, and note it."""
    try:
        found = (root / path).stat()
    except OSError as error:
        tree.rejected.append(Rejected(path, Message("the folder cannot be read: {strerror}", strerror=error.strerror)))
        return False
    key = (found.st_dev, found.st_ino)
    if linked and key in seen:
        target = seen[key] or Message("the source itself")
        tree.rejected.append(
            Rejected(path, Message("a link to a folder that is read already: {target}", target=target))
        )
        return False
    if linked and root.resolve().is_relative_to((root / path).resolve()):
        tree.rejected.append(Rejected(path, "a link to a folder that contains the source itself"))
        return False
    seen[key] = path
    if path:
        tree.folders.append(path)
    return True


def _read_folder(
    root: Path, path: str, tree: Tree, queue: list[tuple[str, bool]], links: list[tuple[str, bool]]
) -> None:
    try:
        with os.scandir(root / path) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        tree.rejected.append(Rejected(path, "no permission to read the folder"))
        return
    except OSError as error:
        tree.rejected.append(Rejected(path, Message("the folder cannot be read: {strerror}", strerror=error.strerror)))
        return
    for entry in found:
        inner = f"{path}/{entry.name}" if path else entry.name
        if is_hidden(entry.name):
            tree.hidden.append(inner)
        elif _unwritable(inner):
            tree.rejected.append(Rejected(inner.encode(errors="replace").decode(), "its name is not valid Unicode"))
        else:
            _sort_in(entry, inner, tree, queue, links)


def _sort_in(
    entry: os.DirEntry[str], path: str, tree: Tree, queue: list[tuple[str, bool]], links: list[tuple[str, bool]]
) -> None:
    """Put one entry where it belongs: among the folders, links, files or what is rejected."""
    try:
        found = entry.stat()
    except OSError as error:
        loop = entry.is_symlink()
        tree.rejected.append(
            Rejected(path, "a link that leads nowhere" if loop else Message("cannot be read: {error}", error=error))
        )
        return
    if stat.S_ISDIR(found.st_mode):
        (links if entry.is_symlink() else queue).append((path, entry.is_symlink()))
    elif stat.S_ISREG(found.st_mode):
        tree.files.append(Listed(path, found.st_size, found.st_mtime_ns))
    else:
        tree.rejected.append(Rejected(path, Message("not a file but {kind}", kind=_kind(found.st_mode))))


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), Message("a folder") if stat.S_ISDIR(mode) else Message("something special"))


def _unwritable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return True
    return False
