"""Making a folder beside its place and moving it there when it is whole."""

import errno
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from glasshouse.errors import DatasetError
from glasshouse.messages import Message, Option

__all__ = ["clean_stale", "install", "staging", "way_between"]

_MARK = ".making-"
_OLD = ".replaced-"


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Give an empty folder beside ``out``; whatever ends the block (Ctrl-C too), nothing of it is left.

    A full disk or a missing permission inside the block becomes one DatasetError.
    """
    folder = out.parent / f".{out.name}{_MARK}{_owner()}-{secrets.token_hex(3)}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        clean_stale(out)
        folder.mkdir()
        yield folder
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DatasetError(_full(out)) from None
        if isinstance(error, PermissionError | FileExistsError | NotADirectoryError) or error.errno == errno.EROFS:
            raise DatasetError(
                "The dataset cannot be written to {out}: {error}. Choose another --out.", out=out, error=error
            ) from None
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install(folder: Path, out: Path) -> None:
    """Move the whole folder to ``out``; a dataset that is there is put aside first and removed after."""
    old = out.parent / f".{out.name}{_OLD}{_owner()}-{secrets.token_hex(3)}"
    aside = out.exists()
    if aside:
        out.rename(old)
    try:
        folder.rename(out)
    except BaseException:
        if aside:
            old.rename(out)
        raise
    if aside:
        shutil.rmtree(old, ignore_errors=True)


def clean_stale(out: Path) -> None:
    """Remove what killed processes of this machine left beside ``out``; put a dataset back that lost its place."""
    for path in sorted(out.parent.glob(f".{_escaped(out.name)}.*-*-*-*")):
        name = path.name.removeprefix(f".{out.name}")
        mark = next((m for m in (_MARK, _OLD) if name.startswith(m)), None)
        if mark is None or _alive(name.removeprefix(mark)):
            continue
        if mark == _OLD and not out.exists():
            path.rename(out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def way_between(place: Path, other: Path) -> str:
    """Return the way from one folder to the other, so that both can be moved together."""
    try:
        return Path(os.path.relpath(other.absolute(), place.absolute())).as_posix()
    except ValueError:  # another drive
        return other.absolute().as_posix()


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _owner() -> str:
    return f"{os.getpid()}-{int(psutil.Process().create_time())}-{_host()}"


def _host() -> str:
    return "".join(c if c.isalnum() else "_" for c in socket.gethostname())[:40]


def _alive(name: str) -> bool:
    """Return whether the process that a staging folder's name names may still work on it (also: on another machine)."""
    pid, created, host, *_ = [*name.split("-"), "", "", ""]
    if host != _host() or not (pid.isdigit() and created.isdigit()):
        return True
    try:
        return int(psutil.Process(int(pid)).create_time()) == int(created)
    except psutil.Error:
        return False


def _full(out: Path) -> str:
    free = shutil.disk_usage(out.parent).free
    return Message(
        "The disk (or what you may use of it) is full: the dataset could not be written to {out} ({free} MB are "
        "free now). Free some space, choose another --out, a smaller {size}, or {encoding}. Nothing "
        "half-made was left.",
        out=out,
        free=f"{free / 2**20:,.0f}",
        size=Option("size"),
        encoding=Option("encoding", "jpeg"),
    )
