"""What the page of a search shows: its candidates in their order, the curve of the best so far, who is as good."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glasshouse.evaluation.paired import CHANCE
from glasshouse.web.framework.charts import Chart, Series, chart

__all__ = ["Board", "Equals", "FirstScore", "Row", "Trying", "board", "candidate_words", "first_score", "trying_now"]

Words = Callable[[str], str]
STEP = 0.05  # of accuracy, to which the low end of the axis is rounded


@dataclass(frozen=True)
class Row:
    """A candidate: ``model`` is the id of its model; ``low``, ``high`` and ``accuracy`` are parts of 1.

    ``state``: ``leading``, ``equal`` (not distinguishable from the leader), ``behind``, or ``partly`` (it was behind
    on the first pictures, and was not tried on the others).
    """

    number: int
    model: str
    network: str
    words: str
    accuracy: float
    low: float
    high: float
    pictures: int
    seconds: float
    state: str


@dataclass(frozen=True)
class Equals:
    """How many cannot be determined from the leader, the least p among them, and the one that was tried quickest."""

    count: int
    pictures: int
    p: float
    quickest: Row


@dataclass(frozen=True)
class FirstScore:
    """The score of the first candidate, known before its model can be used."""

    network: str
    words: str
    accuracy: float
    low: float
    high: float
    pictures: int


@dataclass(frozen=True)
class Trying:
    """The candidate that is tried now, on how many ``pictures``; ``seconds`` it seems to take, None if not known."""

    number: int
    network: str
    words: str
    pictures: int
    seconds: float | None


@dataclass(frozen=True)
class Board:
    """All that a search has found: ``best`` as ``store.searches.read_found`` has it, the rows from the best down.

    ``low`` is where the axis of the bars and of the curve begins; it ends at 1.
    """

    best: Mapping[str, Any]
    leader: Row
    rows: Sequence[Row]
    low: float
    drawing: Chart | None
    equals: Equals | None

    def on_axis(self, value: float) -> float:
        """Return where an accuracy is on the axis, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (1 - self.low)))


def board(_: Words, found: Mapping[str, Any], minutes: float | None) -> Board | None:
    """Return what a search has found so far; None before its first candidate was scored on all pictures."""
    best = found.get("best")
    if not best:
        return None
    rows = [_row(_, one, best) for one in found["candidates"]]
    rows.sort(key=lambda row: (row.state == "partly", row.state != "leading", -row.accuracy, row.number))
    low = _low([rows[0].low, best["corrected_interval"][0], *(row.accuracy for row in rows if row.state != "partly")])
    end = max([minutes or 0.0, float(found.get("seconds", 0.0)) / 60, *(one["at"] / 60 for one in found["candidates"])])
    return Board(best, rows[0], rows, low, _drawing(_, found, end, low), _equals(rows, found))


def trying_now(_: Words, found: Mapping[str, Any]) -> Trying | None:
    """Return the candidate that a search is trying; None between two of them, and before the first."""
    told = found.get("trying")
    if not isinstance(told, Mapping):
        return None
    words = candidate_words(_, {"strategy": told.get("strategy")}, told.get("side"))
    return Trying(told["number"], told["network"], words, told["pictures"], told.get("expected"))


def first_score(_: Words, found: Mapping[str, Any]) -> FirstScore | None:
    """Return the score of the first candidate from when it is known until its model is there; else None."""
    told = found.get("scored")
    if found.get("best") or not isinstance(told, Mapping):
        return None
    words = candidate_words(_, {"strategy": told.get("strategy")}, told.get("side"))
    return FirstScore(told["network"], words, told["accuracy"], told["low"], told["high"], told["pictures"])


def candidate_words(_: Words, fields: Mapping[str, Any], side: int | None = None) -> str:
    """Return what a candidate does, in words: ``Frozen features, 288x288 pixels, mirror images``.

    ``side`` is the size of its pictures, if that is another one than the dataset's.
    """
    strategy, epochs = str(fields.get("strategy")), fields.get("epochs")
    said = {"features": _("Frozen features"), "fine-tune": _("Fine-tuning"), "scratch": _("From scratch")}
    parts = [said.get(strategy, strategy)]
    if side:
        parts.append(_("{size} pixels").format(size=f"{side}x{side}"))
    if strategy != "features" and epochs:
        parts.append(_("{epochs} epochs").format(epochs=epochs))
    changed = fields.get("augmentation") or {}
    if strategy == "features" and int(fields.get("views") or 1) > 1:
        parts.append(_("mirror images and crops") if _crops(changed) else _("mirror images"))
        parts.append(_("{views} views of each picture").format(views=fields["views"]))
    elif strategy != "features" and any(changed.values()):
        parts.append(_("augmentation"))
    return ", ".join(parts)


def _crops(changed: Mapping[str, Any]) -> bool:
    return list(changed.get("crop_scale") or (1.0, 1.0)) != [1.0, 1.0]


def _row(_: Words, told: Mapping[str, Any], best: Mapping[str, Any]) -> Row:
    p = told.get("p")
    if told["number"] == best["number"]:
        state = "leading"
    elif p is None:
        state = "partly"
    else:
        state = "equal" if p >= CHANCE else "behind"
    low, high = told["interval"]
    words = candidate_words(_, told["fields"], told.get("side"))
    return Row(told["number"], told["model"], told["network"], words, told["accuracy"], low, high, told["pictures"],
               told["seconds"], state)  # fmt: skip


def _equals(rows: Sequence[Row], found: Mapping[str, Any]) -> Equals | None:
    equal = [row for row in rows if row.state == "equal"]
    if not equal:
        return None
    p = {one["number"]: one.get("p") for one in found["candidates"]}
    least = min(float(p[row.number]) for row in equal)
    return Equals(len(equal), rows[0].pictures, least, min([rows[0], *equal], key=lambda row: row.seconds))


def _low(values: Sequence[float]) -> float:
    return max(0.0, min(0.95, STEP * int(min(values) / STEP)))


def _drawing(_: Words, found: Mapping[str, Any], end: float, low: float) -> Chart | None:
    """Draw the corrected score with its band, the uncorrected one, and each candidate, in percent over minutes."""
    stood = [(one["at"] / 60, one["best"]) for one in found["candidates"] if one.get("best")]
    now = max([found.get("seconds", 0.0) / 60, *(at for at, _best in stood)])
    equal = {one["number"] for one in found["candidates"] if (one.get("p") or 0) >= CHANCE}
    kept = equal | {found["best"]["number"]}
    dots = [(one["number"] in kept, (one["at"] / 60, 100 * one["accuracy"])) for one in found["candidates"]]
    upper = _steps([(at, best["corrected_interval"][1]) for at, best in stood], now)
    lower = _steps([(at, best["corrected_interval"][0]) for at, best in stood], now)
    series = [
        Series("band", "", [*upper, *reversed(lower)]),
        Series("uncorrected", "", _steps([(at, best["accuracy"]) for at, best in stood], now)),
        Series("corrected", "", _steps([(at, best["corrected"]) for at, best in stood], now)),
        Series("dropped", "", sorted(point for keeps, point in dots if not keeps), dots=True),
        Series("kept", "", sorted(point for keeps, point in dots if keeps), dots=True),
    ]
    drawn = chart([one for one in series if one.points], (0.0, max(end, 0.1)), (100 * low, 100.0), width=480)
    if drawn is None:
        return None
    lines = [replace(line, path="") if line.style in ("kept", "dropped") else line for line in drawn.lines]
    return replace(drawn, lines=tuple(lines))


def _steps(points: Sequence[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """Return a line that keeps each value until the next one, in percent."""
    found: list[tuple[float, float]] = []
    for k, (at, value) in enumerate(points):
        found += [(at, 100 * value), (points[k + 1][0] if k + 1 < len(points) else end, 100 * value)]
    return found
