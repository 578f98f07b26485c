"""Which paths on the server a person may name: only those inside the configured folders, links resolved."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from glasshouse.errors import MissingError, RefusedError
from glasshouse.messages import Message
from glasshouse.store.database import Store

__all__ = ["Grounds", "Places", "allowed_path", "check_named", "complete_path", "from_runs", "is_allowed", "is_inside"]


class Places(Protocol):
    """What a store knows of paths."""

    @property
    def home(self) -> Path:
        """The Studio's own folder."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders whose files may be named."""


@dataclass(frozen=True)
class Grounds:
    """Places without a database, for a process that only reads files."""

    home: Path
    folders: tuple[Path, ...]


def allowed_path(store: Store, path: str) -> Path:
    """Return the real place of a server path that a person named.

    Raises:
        RefusedError: it is not absolute, or lies outside of the configured folders or inside the Studio's own home.
        MissingError: there is nothing.
    """
    if "\0" in path or not Path(path).is_absolute():
        raise RefusedError(
            "{path} is no absolute path; give one inside {store}.", path=repr(path), store=_folders(store)
        )
    place = Path(os.path.realpath(path))
    if not is_allowed(store, place):
        raise RefusedError(
            "{path} lies outside of the folders that may be used here: {store}.", path=path, store=_folders(store)
        )
    if not place.exists():
        raise MissingError("There is nothing at {path}.", path=path)
    return place


def is_allowed(store: Places, place: Path) -> bool:
    """Whether ``place``, already resolved, lies in a configured folder and not in the Studio's home."""
    return any(is_inside(place, folder) for folder in store.folders) and not is_inside(place, store.home)


def is_inside(place: Path, folder: Path) -> bool:
    """Whether ``place`` is ``folder`` or lies below it."""
    return place == folder or folder in place.parents


def complete_path(store: Store, start: str, limit: int = 50) -> list[str]:
    """Return folders and files on the server that begin with ``start``, folders with a slash behind.

    An empty ``start`` gives the configured folders. What may not be used is not listed, nor are hidden files.
    """
    if not start:
        return [f"{folder}/" for folder in store.folders]
    parent, _, name = start.rpartition("/")
    if "\0" in start or not parent.startswith("/"):
        return [f"{folder}/" for folder in store.folders if str(folder).startswith(start)]
    place = Path(os.path.realpath(parent))
    if not is_allowed(store, place):
        return [f"{folder}/" for folder in store.folders if str(folder).startswith(start)]
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:
        return []
    found = [e for e in entries if e.name.startswith(name) and not e.name.startswith(".")]
    kept = [e for e in found if is_allowed(store, Path(os.path.realpath(e.path)))]
    return [f"{parent}/{e.name}" + ("/" if e.is_dir() else "") for e in kept[:limit]]


def check_named(store: Places, sources: Sequence[str], paths: Iterable[str]) -> None:
    """Refuse a table or list in one of ``sources`` that names pictures outside of the folders that may be used.

    ``paths`` are as items have them or as the list has them, of pictures that are there and of others: whether a
    file outside exists is not told.

    Raises:
        RefusedError: the first such path is named.
    """
    bases = [Path(os.path.realpath(source)) for source in sources]
    bases = [base if base.is_dir() else base.parent for base in bases]
    for path in paths:
        plain = path.removeprefix("@valid/").removeprefix("@test/")  # which a joined source puts before
        if not any(_may_be(store, plain, base, bases) for base in bases):
            raise RefusedError(
                "The list names {plain}, which lies outside of the folders that may be used here. Name pictures "
                "relative to the list, or have the folder allowed (glasshouse studio --folder DIR).",
                plain=plain,
            )


def _may_be(store: Places, path: str, base: Path, bases: Sequence[Path]) -> bool:
    """Whether a path, absolute or from ``base``, stays within ``bases`` and the folders that may be used."""
    plain = path.replace("\\", "/")
    if not plain.startswith("/") and ".." not in plain.split("/"):
        return True
    place = Path(os.path.realpath(base / plain))
    return is_allowed(store, place) or any(is_inside(place, one) for one in bases)


def from_runs(folder: str) -> str:
    """Return a folder of the home (``datasets/ID``) as a path relative to ``runs``, where jobs work."""
    return f"../{folder}"


def _folders(store: Store) -> str:
    return ", ".join(map(str, store.folders)) or Message("none is configured (glasshouse studio --folder DIR)")
