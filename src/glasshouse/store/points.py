"""The points of a run's curves: the lines of its events.jsonl, numbered from 1, read as they are appended."""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Curves", "Points", "read_points"]

THINNED = 1500  # of steps in one answer: a curve has fewer pixels
REMEMBERED = 64  # runs


@dataclass(frozen=True)
class Points:
    """The points after number ``since``; where ``version`` is another than before, start over from 0.

    Each point is an event with its number as ``n``. ``last`` is the number to ask from next. Of many steps only some
    are told; no number is ever told with another content within one version.
    """

    version: int
    last: int
    points: list[dict[str, Any]]


@dataclass
class _File:
    offset: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)


class Curves:
    """Reads runs' events, each line once; one for a process, used from many threads."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[Path, int], _File] = OrderedDict()
        self._lock = threading.Lock()

    def since(self, run: Path, version: int, since: int = 0) -> Points:
        """Return the points of the run in the folder ``run`` after number ``since``; none before it began."""
        with self._lock:
            lines = self._lines(run / "events.jsonl", version)
            new = lines[max(0, since) :]
        return Points(version, len(lines), _thinned(new))

    def _lines(self, path: Path, version: int) -> list[dict[str, Any]]:
        known = self._files.setdefault((path, version), _File())
        self._files.move_to_end((path, version))
        while len(self._files) > REMEMBERED:
            self._files.popitem(last=False)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return []
        if size < known.offset:  # a resumed run cut it off; its version is about to change
            known.offset, known.lines = 0, []
        if size > known.offset:
            with path.open("rb") as file:
                file.seek(known.offset)
                data = file.read(size - known.offset)
            whole = data[: data.rfind(b"\n") + 1]
            known.offset += len(whole)
            known.lines += [point for line in whole.splitlines() if (point := _point(line))]
            for number, point in enumerate(known.lines, 1):
                point.setdefault("n", number)
        return known.lines


def read_points(run: Path, version: int = 0, since: int = 0) -> Points:
    """Return the points of a run once, without remembering them."""
    return Curves().since(run, version, since)


def _point(line: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _thinned(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    steps = sum(point.get("type") == "step" for point in points)
    keep = -(-steps // THINNED)
    if keep < 2:
        return points
    return [p for p in points if p.get("type") != "step" or p["n"] % keep == 0 or p is points[-1]]
