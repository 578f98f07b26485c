"""A zip file as a tree of files."""

import calendar
import lzma
import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from glasshouse.data.archives.entries import Entry, Limits, check_bomb, entry_path, tree_of
from glasshouse.data.check import Finding
from glasshouse.data.items import Listed
from glasshouse.errors import PictureError, SourceError
from glasshouse.messages import Message

__all__ = ["ZipFiles"]

_UNICODE, _ENCRYPTED = 0x800, 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError, struct.error)


class ZipFiles:
    """The files in a zip; every process opens it for itself, threads share it.

    Names that are not marked as Unicode are read as UTF-8 where all of them are valid so, else as Korean (CP949), which
    archives made on Korean Windows have, else as the standard says (CP437).
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.path, self.name = path, str(path)
        self._lock = threading.Lock()
        self._opened: dict[int, zipfile.ZipFile] = {}
        infos = self._zip().infolist()
        check_bomb(path, len(infos), sum(info.file_size for info in infos), limits)
        names = _names(infos)
        self.tree = tree_of((_entry(name, info) for name, info in zip(names, infos)), limits)
        places = {entry_path(name): info for name, info in reversed(list(zip(names, infos)))}
        self._infos = {file.path: places[file.written or file.path] for file in self.tree.files}
        self.findings = list(_renamed(names, infos))

    def read(self, path: str) -> bytes:
        """Return the bytes of an entry, no more than its header states.

        Raises:
            PictureError: it is damaged, encrypted, or packed in an unknown way.
        """
        info = self._infos.get(path)
        if info is None:
            raise PictureError("there is no such file in the archive")
        if info.flag_bits & _ENCRYPTED:
            raise PictureError("encrypted in the archive")
        try:
            with self._zip().open(info) as file:
                return file.read(info.file_size)
        except NotImplementedError as error:
            raise PictureError("packed in a way that is not known here: {error}", error=error) from None
        except _DAMAGE as error:
            raise PictureError("damaged in the archive: {error}", error=error) from None

    def stamp(self) -> list[Listed]:
        """Return what changes when the archive does."""
        found = self.path.stat()
        return [Listed(self.path.name, found.st_size, found.st_mtime_ns)]

    def _zip(self) -> zipfile.ZipFile:
        with self._lock:
            if os.getpid() not in self._opened:
                self._opened[os.getpid()] = _opened(self.path)
            return self._opened[os.getpid()]


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except PermissionError:
        raise SourceError("no permission to read {path}; change its rights, or copy it", path=path) from None
    except (*_DAMAGE, NotImplementedError) as error:
        raise SourceError(
            "{path} is damaged or not whole ({error}); copy or fetch it once more", path=path, error=error
        ) from None


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Return the entries' names; one encoding is chosen for all that are not marked as Unicode."""
    raw = {id(info): info.filename.encode("cp437", "surrogateescape") for info in infos if not _certain(info)}
    encoding = next((one for one in ("utf-8", "cp949") if _fits(raw.values(), one)), None)
    if encoding is None:
        return [info.filename for info in infos]
    return [raw[id(info)].decode(encoding) if id(info) in raw else info.filename for info in infos]


def _certain(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & _UNICODE) or info.filename.isascii()


def _fits(names: Iterable[bytes], encoding: str) -> bool:
    try:
        for name in names:
            name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _renamed(names: list[str], infos: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    changed = [name for name, info in zip(names, infos) if name != info.filename]
    if changed:
        message = Message(
            "{changed} names in the zip are not marked as Unicode; they were read as {changed2}",
            changed=len(changed),
            changed2=changed[0],
        )
        yield Finding("names", message if len(changed) == 1 else Message("{message} and so on", message=message))


def _entry(name: str, info: zipfile.ZipInfo) -> Entry:
    mode = info.external_attr >> 16
    kind = "folder" if info.is_dir() or name.endswith("\\") else "file"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = Message("a link") if stat.S_ISLNK(mode) else Message("something special")
    return Entry(name, kind, info.file_size, info.compress_size, _time(info) * 10**9)


def _time(info: zipfile.ZipInfo) -> int:
    """Return the time of an entry, read as UTC; 0 if it has none (1980) or an impossible one."""
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0)) if info.date_time[0] > 1980 else 0
    except ValueError:
        return 0
