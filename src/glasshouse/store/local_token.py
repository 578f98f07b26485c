"""The token of a Studio without accounts: a secret in its home that keeps other users of the same computer out."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from glasshouse.errors import StoreError

__all__ = ["local_token", "token_file"]

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
OTHERS = 0o077  # the bits of a mode that let other users in


def local_token(home: Path) -> str:
    """Return the token of the Studio at ``home``: the same at each start, made if there is none.

    The file can be read by its owner alone from the moment it is made. One that others could read, or that holds
    something else, is replaced by a new one.

    Raises:
        StoreError: the file cannot be read or written.
    """
    path = token_file(home)
    try:
        for _ in range(3):
            if (found := _kept(path)) is not None:
                return found
            _make(path)
    except OSError as error:
        raise StoreError(
            "The Studio's token {path} cannot be read or written: {strerror}. Give its owner the right to, or "
            "start without one: --no-token (every user of this computer may then use the Studio).",
            path=path,
            strerror=error.strerror,
        ) from None
    raise StoreError(
        "The Studio's token {path} holds something else than a token. Delete that file and start again.", path=path
    )


def token_file(home: Path) -> Path:
    """Return where the token is kept."""
    return home / "token"


def _kept(path: Path) -> str | None:
    """Return the token in the file; a file that is of no use is taken away."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with os.fdopen(file, encoding="ascii", errors="replace") as source:
        text = source.read(1000).strip()
        exposed = os.fstat(source.fileno()).st_mode & OTHERS
        if exposed:
            os.fchmod(source.fileno(), 0o600)
            exposed = not os.fstat(source.fileno()).st_mode & OTHERS  # a file system that knows no modes keeps its own
    if TOKEN.fullmatch(text) and not exposed:
        return text
    path.unlink(missing_ok=True)
    return None


def _make(path: Path) -> None:
    """Write a new token beside its place and put it there whole; one that another process put there first stays."""
    beside = path.with_name(f".token-{secrets.token_hex(8)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as target:
        target.write(secrets.token_urlsafe(32))
        target.flush()
        os.fsync(target.fileno())
    try:
        with suppress(FileExistsError):
            os.link(beside, path)
    except OSError:  # a file system without links
        if not path.exists():
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
