"""Work for a page that needs torch, in a child process, as JSON in and JSON out; the Studio ends it when it stops.

``python -m glasshouse.web.framework.children MODULE PARENT`` is that process: it runs MODULE, and ends when PARENT was
killed.
"""

import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeAlias

from glasshouse.errors import ConflictError, InputError
from glasshouse.messages import Message, with_messages, with_parts
from glasshouse.store.turns import Turns

__all__ = ["PREVIEWS", "PREVIEW_TURNS", "Asked", "answer_of", "end_children", "failure_line"]

Asked: TypeAlias = Mapping[str, Any]  # a request to another process, come through JSON
PREVIEWS = 24  # that are being made and that wait
PREVIEW_TURNS = Turns(3, 1, PREVIEWS - 3, 4)  # three at once, one for each person: nobody waits for one person's


_lock = Lock()
_children: set[subprocess.Popen[str]] = set()
_over = False


def answer_of(module: str, request: object, patience: float, folder: Path | None = None) -> object:
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
        raise InputError(_last_line(wrong.strip().splitlines()[-1]) if wrong.strip() else "the trial failed")
    return with_messages(json.loads(told.splitlines()[-1]))


def failure_line(error: Exception) -> str:
    """Return the last line of what a child says that failed: the message of ``error``, with its parts."""
    text = str(error) or type(error).__name__
    return json.dumps(with_parts({"message": text if isinstance(text, Message) else " ".join(text.split())}))


def _last_line(line: str) -> str:
    """Return the message of a ``failure_line``; any other line is what Python or a library said."""
    try:
        return str(with_messages(json.loads(line))["message"])
    except (ValueError, TypeError, KeyError):
        return line


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
            [sys.executable, "-m", "glasshouse.web.framework.children", module, str(os.getpid())],
            cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        _children.add(child)
        return child


def _watch(parent: int) -> None:
    """End this process when the Studio that started it is gone: nobody waits for the answer, and jobs want the time."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    Thread(target=_watch, args=(int(sys.argv[2]),), daemon=True).start()
    runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
