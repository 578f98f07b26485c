"""Which file a name means that a table or list has, when programs and systems write names in different ways.

A name is first taken as it is written. Then, within the folder of the pictures only: without quotes, as a URI, with
percent-encoding undone, from the folder itself (a leading slash), in another spelling of Unicode or case, without or
with another ending of a picture, and last by the end of a path that another machine wrote.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from glasshouse.data.names import cleaned, composed
from glasshouse.messages import Message

__all__ = ["CHOOSABLE", "ENDINGS", "Found", "Lookup", "Several"]

ENDINGS = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".gif",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".webp",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".heic",
        ".heif",
        ".avif",
        ".jp2",
        ".j2k",
        ".ico",
        ".tga",
        ".pcx",
    ]
)
CHOOSABLE = "image/*,.heic,.heif,.avif,.tif,.tiff,.jp2"  # in a browser, for which the last ones may be no pictures
_DRIVE = re.compile(r"^[A-Za-z]:/|^//")
_URI = re.compile(r"^(?:file|https?|s3|gs|hdfs)://", re.IGNORECASE)
_FORMULA = "=+-@"


@dataclass(frozen=True)
class Found:
    """The one file that a name means, by its path; ``how`` it was found, None if it is written so."""

    path: str
    how: str | None = None


@dataclass(frozen=True)
class Several:
    """Two or more files that a name may mean."""

    paths: Sequence[str]


class Lookup:
    """Finds files by their names; ``names`` lists a folder ("" or with a slash), ``is_file`` tests a path."""

    def __init__(
        self, names: Callable[[str], Iterable[str]], is_file: Callable[[str], bool], own: Sequence[str] = ()
    ) -> None:
        self._listed = names
        self._is_file = is_file
        self._own = own  # the names of the folder and of those around it, which a path may begin with
        self._names: dict[str, dict[str, list[str]]] = {}

    def find(self, written: str) -> Found | Several | None:
        """Return the file that ``written`` means, several where it may mean more than one, None if there is none."""
        for how, paths in self._ways(written):
            found = list(dict.fromkeys(paths))
            if len(found) > 1:
                return Several(found)
            if found:
                return Found(found[0], how)
        return None

    def _ways(self, written: str) -> Iterator[tuple[str, list[str]]]:
        readings = list(_readings(written))
        for how, path in readings:
            if self._is_file(path):
                yield how, [path]
        near = [path for _, path in readings]
        yield Message("in another spelling of Unicode, case or blanks"), self._each(near, self._alike)
        yield Message("without its ending, or with another one"), self._each(near, self._other_ending)
        ends = list(_ends(written, self._own))
        here = [found for end in ends for found in ([end] if self._is_file(end) else self._alike(end))]
        yield Message("by the end of its path"), here
        yield Message("by the end of its path, with another ending"), self._each(ends, self._other_ending)

    def _each(self, paths: Iterable[str], find: Callable[[str], list[str]]) -> list[str]:
        return [found for path in paths for found in find(path)]

    def _alike(self, path: str) -> list[str]:
        """Return the files whose path has the same letters, composed alike or at least without case and blanks."""
        folders = [""]
        *parents, name = path.split("/")
        for parent in parents:
            folders = [f"{folder}{one}/" for folder in folders for one in self._like(folder, parent)]
        return [
            f"{folder}{one}"
            for folder in folders
            for one in self._like(folder, name)
            if self._is_file(f"{folder}{one}")
        ]

    def _like(self, folder: str, name: str) -> list[str]:
        names = self._in(folder)
        exact = [one for one in names.get(_key(name), ()) if composed(one) == composed(name)]
        return exact or names.get(_key(name), [])

    def _other_ending(self, path: str) -> list[str]:
        """Return the pictures of the same name without its ending; of a name with an ending, those with another one."""
        parent, _, name = path.rpartition("/")
        place = PurePosixPath(name)
        stems = [_key(name)] + ([_key(place.stem)] if place.suffix.lower() in ENDINGS else [])
        for stem in stems:
            found = []
            for folder in self._folders(parent):
                choices = (one for names in self._in(folder).values() for one in names)
                found += [f"{folder}{one}" for one in choices if _stem(one) == stem and self._is_file(f"{folder}{one}")]
            if found:
                return sorted(found)
        return []

    def _folders(self, path: str) -> list[str]:
        folders = [""]
        for part in path.split("/") if path else ():
            folders = [f"{folder}{one}/" for folder in folders for one in self._like(folder, part)]
        return folders

    def _in(self, folder: str) -> dict[str, list[str]]:
        if folder not in self._names:
            found: dict[str, list[str]] = {}
            for name in sorted(self._listed(folder)):
                found.setdefault(_key(name), []).append(name)
            self._names[folder] = found
        return self._names[folder]


def _key(name: str) -> str:
    return cleaned(name).casefold()


def _stem(name: str) -> str | None:
    place = PurePosixPath(name)
    return _key(place.stem) if place.suffix.lower() in ENDINGS else None


def _readings(written: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to read a name as a path within the folder, each with its words; none leads out of it."""
    plain = written.replace("\\", "/")
    bare = written.strip().strip("\"'`‘’“”").strip().replace("\\", "/")
    if bare[:1] == "'" and bare[1:2] in _FORMULA:
        bare = bare[1:]
    readings = [(Message("with other slashes"), plain), (Message("without quotes and blanks"), bare)]
    if "%" in bare or _URI.match(bare):
        readings.append((Message("as a web address or URI writes it"), unquote(_URI.sub("", bare))))
    if "+" in bare and _URI.match(bare):
        readings.append((Message("as a web address or URI writes it"), unquote(_URI.sub("", bare)).replace("+", " ")))
    for how, path in readings:
        inner = _inner(path)
        if inner is not None and not _DRIVE.match(path):
            yield (how if not path.startswith("/") else Message("from the folder of the pictures"), inner)


def _inner(path: str) -> str | None:
    """Return a path from the folder, without ``./``; None if it leads out of it or has no name."""
    parts: list[str] = []
    for part in path.lstrip("/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) if parts and "\0" not in path else None


def _ends(written: str, own: Sequence[str]) -> Iterator[str]:
    """Yield the ends of a path of another machine or the web, the longest first; of others, those after the folder."""
    bare = written.strip().strip("\"'").replace("\\", "/")
    foreign = bare.startswith("/") or _DRIVE.match(bare) or _URI.match(bare) or ".." in bare.split("/")
    path = unquote(_URI.sub("", bare).partition("?")[0]) if _URI.match(bare) else bare
    parts = [part for part in path.split("/") if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]
    if foreign:
        yield from ("/".join(parts[start:]) for start in range(len(parts)))
        return
    for count in range(1, min(len(own), len(parts) - 1, 4) + 1):
        if list(map(composed, parts[:count])) == list(map(composed, own[-count:])):
            yield "/".join(parts[count:])
