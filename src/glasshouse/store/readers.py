"""Reading what strangers made, in processes that have little memory and little time, so that the asker stays whole.

A few such processes (see ``reader``) are kept, since what they opened before is quick to open again. One that takes too
long, or too much, is ended and told of; the next request gets a new one. Whoever asks waits for a turn: see ``turns``.
"""

import atexit
import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from glasshouse import errors
from glasshouse.errors import ConflictError, GlasshouseError, InputError, PictureError, Problem, RecipeError
from glasshouse.messages import Foreign, Message
from glasshouse.store.reader import read_frame, write_frame
from glasshouse.store.turns import Turns

__all__ = ["MEMORY", "Readers"]

MEMORY = 2 << 30  # bytes of one process
WAIT = 30.0  # seconds for a turn
PREPARED = 60.0  # seconds that the preparation of a process may take
_log = logging.getLogger("glasshouse.readers")


class Readers:
    """The processes of one ``module``, begun when they are needed; ``count`` at once, and one fewer for one person.

    ``turns`` says otherwise how many are asked at once.
    """

    def __init__(self, module: str, count: int | None = None, memory: int = MEMORY, turns: Turns | None = None) -> None:
        self.module = module
        self.memory = memory
        number = count or max(3, min(6, (os.cpu_count() or 1) // 2))
        self.turns = turns or Turns(number, max(1, number - 1), 48, 24)
        self._free: list[_Child] = []
        self._all: set[_Child] = set()
        self._lock = threading.Lock()
        self._over = False

    def ask(
        self, task: str, request: Mapping[str, Any], blob: bytes = b"", seconds: float = 20.0,
        place: str = "", who: str | None = None,
    ) -> tuple[Any, bytes]:  # fmt: skip
        """Return the answer to a request: what JSON can hold, and bytes.

        ``seconds`` are those on the clock and on the processor; ``place`` names what is opened: a process that had it
        open before is asked.

        Raises:
            BusyError: too much is asked for at once.
            PictureError: it took too long or too much memory, or the process broke; the text is the reason.
            GlasshouseError: what the task raised.
        """
        with self.turns.taken(WAIT, who):
            end = time.monotonic() + seconds
            child = self._taken(place)
            told, answer = self._ask(child, task, request, blob, end)
            if child.served > 1 and told.get("error") in ("MemoryError", "Ended"):  # by what it kept of others
                told, answer = self._ask(self._begun(), task, request, blob, end)
        if "error" in told:
            raise self._error(told, seconds)
        return told["told"], answer

    def warm(self) -> None:
        """Have one process ready; it takes a second to begin."""
        with self._lock:
            wanted = not self._all
        if wanted:
            with contextlib.suppress(ConflictError):
                self._give_back(self._begun())

    def prepare(self, task: str, count: int) -> None:
        """Begin ``count`` processes that do ``task`` before anything else, and then take the place of the others.

        It is for what takes seconds, such as loading a library: requests go on meanwhile.
        """
        for _number in range(count):
            with contextlib.suppress(ConflictError):
                child = self._begun()
                child.prepared = True
                end = time.monotonic() + PREPARED
                told, _answer = child.ask({"task": task, "request": {}, "seconds": PREPARED}, b"", end)
                if "error" in told:
                    self._drop(child)
                    continue
                with self._lock:
                    other = next((one for one in self._free if not one.prepared), None)
                    self._free = [*(one for one in self._free if one is not other), child]
                if other is not None:
                    self._drop(other)

    def end(self) -> None:
        """End all processes, and begin none any more."""
        with self._lock:
            self._over = True
            for child in self._all:
                child.end()

    def _ask(
        self, child: "_Child", task: str, request: Mapping[str, Any], blob: bytes, end: float
    ) -> tuple[dict[str, Any], bytes]:
        asked = {"task": task, "request": dict(request), "seconds": max(0.1, end - time.monotonic())}
        try:
            told, answer = child.ask(asked, blob, end)
        except BaseException:
            self._drop(child)
            raise
        if told.get("error") in ("MemoryError", "Ended", "Late"):
            self._drop(child)
        else:
            self._give_back(child)
        return told, answer

    def _taken(self, place: str) -> "_Child":
        with self._lock:
            known = (child for child in reversed(self._free) if place and place in child.places)
            child = next(known, self._free[-1] if self._free else None)
            if child is not None:
                self._free.remove(child)
        child = self._begun() if child is None or not child.alive() else child
        if place:
            child.places.append(place)
        return child

    def _begun(self) -> "_Child":
        with self._lock:
            if self._over:
                raise ConflictError("The Studio is being stopped.")
            if not self._all:
                atexit.register(self.end)  # who stops in another way: the processes end by themselves then
            child = _Child(self.module, self.memory)
            self._all.add(child)
            return child

    def _give_back(self, child: "_Child") -> None:
        with self._lock:
            self._free.insert(len(self._free) if child.prepared else 0, child)

    def _drop(self, child: "_Child") -> None:
        child.end()
        with self._lock:
            self._all.discard(child)

    def _error(self, told: Mapping[str, Any], seconds: float) -> GlasshouseError:
        kind, message = told["error"], told["message"]
        if kind == "RecipeError":
            return RecipeError("the dataset", [Problem(one["field"], one["message"]) for one in told["problems"]])
        if kind == "Late":
            return PictureError("it takes more than {seconds} seconds to read", seconds=f"{seconds:g}")
        if kind == "MemoryError":
            return PictureError("it takes more than {memory} MiB of memory to read", memory=f"{self.memory >> 20:,}")
        if kind == "Ended":
            return PictureError("the process that read it ended ({message})", message=Foreign(message))
        found = getattr(errors, kind, None)
        if isinstance(found, type) and issubclass(found, GlasshouseError):
            return found(message)
        _log.warning("a reader failed: %s", message)
        return InputError("it cannot be read: {message}", message=Foreign(message))


class _Child:
    """One process, its ends, and a folder for its temporary files."""

    def __init__(self, module: str, memory: int) -> None:
        self.places: deque[str] = deque(maxlen=8)
        self.served = 0
        self.prepared = False
        self.folder = tempfile.mkdtemp(prefix="glasshouse-reader-")
        with Path(self.folder, "said.txt").open("wb") as said:
            self.process = subprocess.Popen(  # noqa: S603 (our own module)
                [sys.executable, "-m", module, str(os.getpid()), str(memory)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=said, env={**os.environ, "TMPDIR": self.folder}, start_new_session=True,
            )  # fmt: skip

    def ask(self, request: Mapping[str, Any], blob: bytes, end: float) -> tuple[dict[str, Any], bytes]:
        """Return the answer, or an error by name: ``Late`` or ``Ended``."""
        self.served += 1
        late = threading.Event()
        with self._ended_at(end, late):
            try:
                assert self.process.stdin is not None and self.process.stdout is not None
                write_frame(self.process.stdin, request, blob)  # type: ignore[arg-type]
                frame = read_frame(self.process.stdout)  # type: ignore[arg-type]
            except (OSError, ValueError):
                frame = None
        if frame is not None:
            return frame
        if late.is_set():
            return {"error": "Late", "message": ""}, b""
        return self._why(self.process.wait())

    @contextlib.contextmanager
    def _ended_at(self, end: float, late: threading.Event) -> Iterator[None]:
        def stop() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(max(0.0, end - time.monotonic()), stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _why(self, code: int) -> tuple[dict[str, Any], bytes]:
        if code == -signal.SIGXCPU:
            return {"error": "Late", "message": ""}, b""
        said = ""
        with contextlib.suppress(OSError):  # where the Studio stops, the folder is gone
            said = Path(self.folder, "said.txt").read_text(encoding="utf-8", errors="replace")[-2000:].strip()
        if "MemoryError" in said:
            return {"error": "MemoryError", "message": ""}, b""
        _log.warning("a reader ended with code %s: %s", code, said)
        return {
            "error": "Ended",
            "message": signal.Signals(-code).name if code < 0 else Message("code {code}", code=code),
        }, b""

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def end(self) -> None:
        """End it, and remove what it left."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        shutil.rmtree(self.folder, ignore_errors=True)
