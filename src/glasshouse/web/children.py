"""Work for a page that needs torch, in a child process, as JSON in and JSON out; the Studio ends it when it stops."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from glasshouse.errors import ConflictError, InputError

__all__ = ["answer_of", "end_children"]

_lock = Lock()
_children: set[subprocess.Popen[str]] = set()
_over = False


def answer_of(module: str, request: Any, patience: float, folder: Path | None = None) -> Any:
    """Return what ``python -m module``, run in ``folder``, writes as its last line when it gets ``request``.

    Raises:
        TimeoutExpired: it took more than ``patience`` seconds.
        ConflictError: the Studio is being stopped.
        InputError: it failed; the text is the last line of what it said.
    """
    child = _started(module, folder)
    try:
        told, wrong = child.communicate(json.dumps(request), timeout=patience)
    finally:
        child.kill()
        child.wait()
        _children.discard(child)
    if _over:
        raise ConflictError("The Studio is being stopped.")
    if child.returncode:
        raise InputError((wrong.strip().splitlines() or ["the trial failed"])[-1])
    return json.loads(told.splitlines()[-1])


def end_children() -> None:
    """End what runs for pages, and begin nothing more, so that the Studio stops at once."""
    global _over
    with _lock:
        _over = True
        for child in list(_children):
            child.kill()


def _started(module: str, folder: Path | None) -> subprocess.Popen[str]:
    with _lock:
        if _over:
            raise ConflictError("The Studio is being stopped.")
        child = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", module], cwd=folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        _children.add(child)
        return child
