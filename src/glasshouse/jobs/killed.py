"""A job whose process was ended by a signal: what is known of the reason, and whether it is begun again by itself.

The kernel counts the processes that it ends for lack of memory; a process that held nearly all memory there was had
probably the same end. If neither is so, a person or another program ended it, or it crashed: it is tried once more.
"""

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from glasshouse.messages import Message
from glasshouse.store.database import Store
from glasshouse.store.jobs import killed_before
from glasshouse.store.records import Failure

__all__ = ["Killed", "begin_again", "memory_limit", "oom_count", "peak_of"]

NEARLY = 0.8  # of all memory: who held so much was probably ended for it
PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Killed:
    """The end of a process by ``signal``: whether the kernel counted one without memory, and the bytes that it held."""

    signal: int
    counted: bool | None = None  # None: not known
    held: int | None = None
    limit: int | None = None

    @property
    def by_memory(self) -> bool:
        """Whether memory is the likely reason."""
        near = self.held is not None and self.limit is not None and self.held >= NEARLY * self.limit
        return bool(self.counted) or near

    @property
    def failure(self) -> Failure:
        """The code of it."""
        return Failure.MEMORY if self.by_memory else Failure.KILLED

    def reason(self) -> str:
        """Return what is known, and the next step."""
        number, held = _named(self.signal), self._memory()
        if self.counted:
            return Message(
                "The memory ran out: the system ended this job's process with {number}, and counted it among "
                "those that it ends for lack of memory ({held}). Choose a smaller batch, smaller pictures or a "
                "smaller network, or end other programs; then resume it.",
                number=number,
                held=held,
            )
        if self.by_memory:
            return Message(
                "The memory probably ran out: this job's process was ended by {number} when it held nearly all "
                "there is ({held}). Choose a smaller batch, smaller pictures or a smaller network, or end other "
                "programs; then resume it.",
                number=number,
                held=held,
            )
        return Message(
            "This job's process was ended by {number}, and so it was when it had been begun again by itself. "
            "Nothing suggests a lack of memory ({held}): a person or a program ended it, or it crashed; its log may "
            "show which. Resume it.",
            number=number,
            held=held,
        )

    def _memory(self) -> str:
        if self.held is None or self.limit is None:
            return Message("how much it held is not known")
        return Message("it held {held} of {limit}", held=_size(self.held), limit=_size(self.limit))


def begin_again(store: Store, job_id: str, killed: Killed) -> bool:
    """Whether a job is begun again by itself: once, if nothing suggests that it is at fault; its log is reported."""
    mark = killed_before(store, job_id)
    again = not killed.by_memory and not mark.exists()
    with suppress(OSError):
        if again:
            mark.touch()
        with mark.with_name("log.txt").open("a", encoding="utf-8") as log:
            then = "The job is begun again by itself, once.\n" if again else "\n"
            log.write(f"The process was ended by {_named(killed.signal)}; {killed._memory()}. {then}")
    return again


def oom_count(proc: Path = PROC, groups: Path = GROUPS) -> int | None:
    """Return how many processes the kernel ended so far for lack of memory; None if it does not tell.

    Of this process's control group, where that tells; else of the whole computer.
    """
    for folder in _groups(proc, groups):
        for name in ("memory.events", "memory.oom_control"):
            if (found := _number(folder / name, "oom_kill")) is not None:
                return found
    return _number(proc / "vmstat", "oom_kill")


def memory_limit(proc: Path = PROC, groups: Path = GROUPS) -> int:
    """Return the bytes of memory that a process may hold here: of the computer, or of its control groups."""
    limits = [int(psutil.virtual_memory().total)]
    for folder in _groups(proc, groups):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # "max" is no number
                limits.append(int((folder / name).read_text(encoding="ascii")))
    return min(limits)


def peak_of(usage: resource.struct_rusage) -> int:
    """Return the most bytes that an ended process held."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _groups(proc: Path, groups: Path) -> Iterator[Path]:
    """Yield the folders of the control groups that this process is in, the innermost first."""
    try:
        lines = (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        root = groups if not kinds else groups / "memory"
        if kinds and "memory" not in kinds.split(","):
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            yield folder
            if folder == root:
                break


def _number(path: Path, name: str) -> int | None:
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            word, _, value = line.partition(" ")
            if word == name:
                return int(value)
    return None


def _named(number: int) -> str:
    try:
        return Message("signal {number} ({name})", number=number, name=signal.Signals(number).name)
    except ValueError:
        return Message("signal {number}", number=number)


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"
