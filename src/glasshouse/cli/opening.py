"""Opening a browser at the Studio, so that no other user of the computer sees its token in the list of processes."""

import html
import os
import secrets
import threading
import webbrowser
from pathlib import Path

__all__ = ["open_browser"]

WAIT, KEPT = 0.8, 60.0  # seconds until the server answers, and until the file is taken away


def open_browser(home: Path, address: str, *, secret: bool) -> None:
    """Open ``address`` in a browser in a moment; a ``secret`` one by a file that only its owner can read."""
    timer = threading.Timer(WAIT, _open, [home, address, secret])
    timer.daemon = True
    timer.start()


def _open(home: Path, address: str, secret: bool) -> None:
    if not secret:
        webbrowser.open(address)
        return
    page = _folder(home) / f"glasshouse-{secrets.token_hex(8)}.html"
    try:
        file = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:  # the address was printed, and can be opened by hand
        return
    with os.fdopen(file, "w", encoding="utf-8") as target:
        target.write(
            '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Glasshouse</title>'
            f'<meta http-equiv="refresh" content="0; url={html.escape(address)}">'
            f'<a href="{html.escape(address)}">Glasshouse</a>'
        )
    removal = threading.Timer(KEPT, page.unlink, kwargs={"missing_ok": True})
    removal.daemon = True
    removal.start()
    webbrowser.open(page.as_uri())


def _folder(home: Path) -> Path:
    """Return where the file goes: browsers that come as a snap read no hidden folder, such as ~/.local."""
    hidden = any(part.startswith(".") for part in home.parts)
    return Path.home() if hidden and Path("/snap").is_dir() else home
