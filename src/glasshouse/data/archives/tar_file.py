"""A tar file, packed or not, as a tree of files."""

import bz2
import gzip
import lzma
import os
import tarfile
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from glasshouse.data.archives.entries import Entry, Limits, check_bomb, entry_path, tree_of
from glasshouse.data.check import Finding
from glasshouse.data.items import Listed
from glasshouse.errors import PictureError, SourceError
from glasshouse.messages import Message

__all__ = ["UNPACKERS", "TarFiles"]

UNPACKERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_DAMAGE = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError)
_KINDS = {
    tarfile.SYMTYPE: Message("a link"), tarfile.LNKTYPE: Message("a link"), tarfile.FIFOTYPE: Message("a named pipe"),
    tarfile.CHRTYPE: Message("a device"), tarfile.BLKTYPE: Message("a device"),
}  # fmt: skip


class TarFiles:
    """The files in a tar; a packed one is unpacked once, as one nameless temporary file.

    Reading is by position (pread), so threads and forked processes do not disturb each other.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.path, self.name = path, str(path)
        self.findings: list[Finding] = []
        self._places: dict[str, tuple[int, int]] = {}
        with _unpacked(path, limits) as file:
            try:
                self.tree = tree_of(self._entries(file, limits), limits)
            except SourceError:
                raise
            except _DAMAGE as error:
                raise SourceError(
                    "{path} is damaged or not whole ({error}); copy or fetch it once more", path=path, error=error
                ) from None
            self._fd = os.dup(file.fileno())
        written = [(file.path, file.written) for file in self.tree.files if file.written is not None]
        self._places |= {path: self._places[name] for path, name in written}
        weakref.finalize(self, os.close, self._fd)

    def _entries(self, file: IO[bytes], limits: Limits) -> Iterator[Entry]:
        end = os.fstat(file.fileno()).st_size
        with tarfile.open(fileobj=file, mode="r:") as archive:
            count = 0
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # they would all stay in memory
                count += 1
                check_bomb(self.path, count, 0, limits)
                if member.isfile() and member.offset_data + member.size > end:
                    raise tarfile.ReadError(Message("it ends within {name}", name=member.name))
                name = _korean(member.name)
                self._places.setdefault(entry_path(name), (member.offset_data, member.size))
                yield Entry(name, _kind(member), member.size, 0, int(member.mtime * 10**9))
            file.seek(archive.offset)
            if any(file.read(tarfile.BLOCKSIZE)):  # tarfile takes a damaged head for the end
                raise tarfile.ReadError(Message("no head of an entry at byte {offset}", offset=f"{archive.offset:,}"))

    def read(self, path: str) -> bytes:
        """Return the bytes of an entry.

        Raises:
            PictureError: there is no such entry, or the disk fails.
        """
        if path not in self._places:
            raise PictureError("there is no such file in the archive")
        start, size = self._places[path]
        try:
            return os.pread(self._fd, size, start)
        except OSError as error:
            raise PictureError("cannot be read: {error}", error=error.strerror) from None

    def stamp(self) -> list[Listed]:
        """Return what changes when the archive does."""
        found = self.path.stat()
        return [Listed(self.path.name, found.st_size, found.st_mtime_ns)]


def _korean(name: str) -> str:
    """Return a name that is not UTF-8 as Korean Windows writes it (CP949), if that is possible."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("cp949") if not _valid(name) else name
    except UnicodeDecodeError:
        return name


def _valid(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _kind(member: tarfile.TarInfo) -> str:
    if member.isdir():
        return "folder"
    if member.issparse():
        return Message("a file with holes")
    return "file" if member.isreg() else _KINDS.get(member.type, Message("something special"))


def _unpacked(path: Path, limits: Limits) -> IO[bytes]:
    try:
        with path.open("rb") as file:
            head = file.read(6)
        unpack = next((opener for magic, opener in UNPACKERS.items() if head.startswith(magic)), None)
        if unpack is None:
            return path.open("rb")
        with unpack(path) as packed:
            return _copied(path, packed, limits)
    except SourceError:
        raise
    except PermissionError:
        raise SourceError("no permission to read {path}; change its rights, or copy it", path=path) from None
    except _DAMAGE as error:
        raise SourceError(
            "{path} cannot be unpacked ({error}); copy or fetch it once more", path=path, error=error
        ) from None


def _copied(path: Path, packed: IO[bytes], limits: Limits) -> IO[bytes]:
    target = tempfile.TemporaryFile(prefix="glasshouse-")  # noqa: SIM115  (lives as long as the source)
    total = 0
    try:
        while piece := packed.read(1 << 20):
            total += len(piece)
            check_bomb(path, 0, total, limits)
            target.write(piece)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return target
