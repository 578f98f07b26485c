"""How loaded the computer was while a job worked: lines of ``work/JOB/machine.jsonl``, written by the worker."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from glasshouse.store.tail import Tail

__all__ = ["MACHINE_FILE", "machine_since"]

MACHINE_FILE = "machine.jsonl"
KEPT = 360  # samples: half an hour, at one in five seconds


class _Reader:
    def __init__(self, file: Path) -> None:
        self.tail = Tail(file)
        self.samples: deque[Mapping[str, Any]] = deque(maxlen=KEPT)
        self.number = 0
        self.lock = threading.Lock()

    def since(self, number: int) -> list[Mapping[str, Any]]:
        with self.lock:
            anew, lines = self.tail.read()
            if anew:
                self.samples.clear()
                self.number = 0
            for line in lines:
                self.number += 1
                self.samples.append({**line, "n": self.number})
            return [sample for sample in self.samples if sample["n"] > number]


@lru_cache(maxsize=32)
def _reader(file: Path) -> _Reader:
    return _Reader(file)


def machine_since(folder: Path, number: int = 0) -> Sequence[Mapping[str, Any]]:
    """Return the samples of the job whose folder (``work/JOB``) is given after ``number``, at most the last half hour.

    Each has ``n`` (its number), ``at`` (seconds since 1970), ``cpu`` (percent of the whole computer), ``cpu_job``
    (percent of one core), ``memory``, ``memory_job``, ``memory_total`` and ``disk_free`` (bytes), and ``gpus``: of each
    ``name``, ``use`` (percent), ``memory``, ``memory_total`` (bytes) and ``temperature`` (Celsius), None where unknown.
    """
    return _reader(folder / MACHINE_FILE).since(number)
