"""Measures the computer while jobs work, and writes a line every few seconds beside the log of each."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psutil

from glasshouse.store.database import Store
from glasshouse.store.machine import MACHINE_FILE

__all__ = ["Cards", "Meter", "cards_of"]

SECONDS_BETWEEN = 5.0
MEBIBYTE = 2**20
QUERY = (
    "--query-gpu=name,utilization.gpu,memory.used,memory.total,temperature.gpu",
    "--format=csv,noheader,nounits",
)


class Cards:
    """The NVIDIA cards as their driver reports them, asked in a thread, so that nobody waits for it."""

    def __init__(self, program: str | None = None) -> None:
        self.program = program or shutil.which("nvidia-smi")
        self.latest: list[dict[str, Any]] = []
        self._asking: threading.Thread | None = None

    def look(self) -> None:
        """Ask again, unless the last answer has not come yet; it will be ``latest``."""
        if self.program is not None and (self._asking is None or not self._asking.is_alive()):
            self._asking = threading.Thread(target=self._ask, args=(self.program,), daemon=True)
            self._asking.start()

    def _ask(self, program: str) -> None:
        try:
            told = subprocess.run([program, *QUERY], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            self.latest = []
        else:
            self.latest = cards_of(told.stdout)


def cards_of(text: str) -> list[dict[str, Any]]:
    """Return what ``nvidia-smi`` told: bytes of memory, percent of use, degrees Celsius; None if it does not know.

    >>> cards_of("NVIDIA T4, 37, 1024, 15360, [N/A]")
    [{'name': 'NVIDIA T4', 'use': 37.0, 'memory': 1073741824, 'memory_total': 16106127360, 'temperature': None}]
    """
    found = []
    for line in text.splitlines():
        words = [word.strip() for word in line.split(",")]
        if len(words) < 5:
            continue
        use, memory, total, temperature = (_number(word) for word in words[-4:])
        found.append({
            "name": ", ".join(words[:-4]), "use": use, "memory": None if memory is None else int(memory * MEBIBYTE),
            "memory_total": None if total is None else int(total * MEBIBYTE), "temperature": temperature,
        })  # fmt: skip
    return found


class Meter:
    """Writes how loaded the computer is into the folder of each running job."""

    def __init__(self, store: Store, cards: Cards | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self.cards = cards or Cards()
        self.clock = clock
        self._last = float("-inf")
        self._spent: dict[int, tuple[float, float]] = {}

    def look(self, running: Mapping[str, int]) -> None:
        """Measure where it is time to; ``running`` maps jobs to their processes."""
        now = self.clock()
        if not running or now - self._last < SECONDS_BETWEEN:
            return
        first, self._last = self._last == float("-inf"), now
        self.cards.look()
        whole = self._whole()
        if first:
            whole["cpu"] = None  # since when? the first reading means nothing
        self._spent = {pid: seen for pid, seen in self._spent.items() if pid in running.values()}
        for job, pid in running.items():
            line = json.dumps({**whole, **self._of(pid, now)})
            with suppress(OSError), (self.store.path(f"work/{job}") / MACHINE_FILE).open("a") as file:
                file.write(line + "\n")

    def _whole(self) -> dict[str, Any]:
        memory = psutil.virtual_memory()
        return {
            "at": round(time.time(), 1), "cpu": psutil.cpu_percent(None), "memory": memory.total - memory.available,
            "memory_total": memory.total, "disk_free": shutil.disk_usage(self.store.home).free,
            "gpus": self.cards.latest,
        }  # fmt: skip

    def _of(self, pid: int, now: float) -> dict[str, Any]:
        """Return what the process and those it started take."""
        seconds, memory = 0.0, 0
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    times = one.cpu_times()
                    seconds += times.user + times.system
                    memory += _memory_of(one)
        before = self._spent.get(pid)
        self._spent[pid] = (now, seconds)
        cpu = None if before is None or now <= before[0] else 100 * max(0.0, seconds - before[1]) / (now - before[0])
        return {"cpu_job": None if cpu is None else round(cpu, 1), "memory_job": memory or None}


def _memory_of(process: psutil.Process) -> int:
    """Return the bytes of memory a process holds; what it shares with others counts in parts, where that is known."""
    with suppress(psutil.Error, AttributeError):  # Linux alone tells the proportional set size
        return int(process.memory_full_info().pss)
    return int(process.memory_info().rss)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
