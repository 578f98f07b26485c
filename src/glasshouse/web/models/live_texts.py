"""The words that ``static/live.js`` fills with numbers as a training goes on; the page hands them over."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from glasshouse.store.points import Point
from glasshouse.web.models.curve_texts import remark_words

__all__ = ["Gauge", "LiveWords", "gauges", "live_texts", "stage_words"]

Gauge = tuple[str, str, str, str]  # name, value, note, drawing
GIGABYTE = 1e9


class LiveWords(TypedDict):
    """The words of the live page by what they are for; what is in braces is filled in."""

    remarks: Mapping[str, str]
    stages: Mapping[str, str]
    stopping: str
    epoch: str
    left: Mapping[str, str]
    took: Mapping[str, str]
    score: str
    percent: str
    between: str
    best: str
    columns: Sequence[str]
    at: str
    gauges: Mapping[str, str]


def stage_words(_: Callable[[str], str]) -> dict[str, str]:
    """Return what a training is doing, by the stage of its job."""
    return {
        "features": _("computing features"),
        "head": _("fitting the last layer"),
        "validating": _("looking at the validation pictures"),
        "evaluating": _("scoring"),
        "scoring": _("scoring"),
    }


def live_texts(_: Callable[[str], str]) -> LiveWords:
    """Return all words of the live page; what is in braces is filled in by the module."""
    return {
        "remarks": remark_words(_),
        "stages": stage_words(_),
        "stopping": _("Stopping: it first keeps what it did."),
        "epoch": _("Epoch {now} of {all}"),
        "left": {
            "unknown": _("estimating the time left"),
            "few": _("a few seconds left"),
            "seconds": _("about {seconds} s left"),
            "minutes": _("about {minutes} min left"),
            "hours": _("about {hours} h left"),
        },
        "took": {
            "seconds": _("{seconds} s"),
            "minutes": _("{minutes} min {seconds} s"),
            "hours": _("{hours} h {minutes} min"),
        },
        "score": _(
            "right so far (epoch {epoch}, the best), on {count} validation pictures, which it does not train on "
            "(95 % interval {interval})"
        ),
        "percent": _("{value} %"),
        "between": _("{low} to {high} %"),
        "best": _("best"),
        "columns": [_("Epoch"), _("Training loss"), _("Validation loss"), _("Training accuracy"), _("Accuracy"),
                    _("95 % interval"), _("Rate"), _("Time"), ""],
        "at": _("epoch {epoch}"),
        "gauges": {
            "cpu": _("Processor"), "cpu_value": _("{use} %"), "cpu_job": _("this job: {use} % of one core"),
            "memory": _("Memory"), "memory_value": _("{used} of {all} GB"), "memory_job": _("this job: {used} GB"),
            "disk": _("Disk"), "disk_value": _("{free} GB free"),
            "gpu": _("GPU"), "gpu_value": _("{use} %"), "gpu_memory": _("{used} of {all} GB"),
            "degrees": _("{degrees} °C"),
        },
    }  # fmt: skip


def gauges(samples: Sequence[Point], words: Mapping[str, str]) -> list[Gauge]:
    """Return name, value, note and drawing (a path in 160 by 32) of each part of the computer."""
    if not samples:
        return []
    last = samples[-1]
    all_memory = last["memory_total"]
    found = [
        (words["cpu"], _filled(words["cpu_value"], use=_whole(last["cpu"])),
         _filled(words["cpu_job"], use=_whole(last["cpu_job"])), _path(samples, lambda s: s["cpu"], 100)),
        (words["memory"], _filled(words["memory_value"], used=_giga(last["memory"]), all=_giga(all_memory)),
         _filled(words["memory_job"], used=_giga(last["memory_job"])),
         _path(samples, lambda s: s["memory"], all_memory)),
        (words["disk"], _filled(words["disk_value"], free=_giga(last["disk_free"])), "",
         _path(samples, lambda s: s["disk_free"], max(s["disk_free"] for s in samples))),
    ]  # fmt: skip
    for number, card in enumerate(last["gpus"]):
        notes = [card["name"]]
        if card["memory"] is not None and card["memory_total"] is not None:
            notes.append(_filled(words["gpu_memory"], used=_giga(card["memory"]), all=_giga(card["memory_total"])))
        if card["temperature"] is not None:
            notes.append(_filled(words["degrees"], degrees=_whole(card["temperature"])))
        drawn = _path(samples, lambda s, n=number: s["gpus"][n]["use"] if n < len(s["gpus"]) else None, 100)
        found.append((words["gpu"], _filled(words["gpu_value"], use=_whole(card["use"])), " · ".join(notes), drawn))
    return found


def _filled(words: str, **numbers: str | None) -> str:
    """Return the words with their numbers, or a dash where one is not known."""
    return "–" if None in numbers.values() else words.format(**numbers)


def _whole(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f}"


def _giga(value: float | None) -> str | None:
    return None if value is None else f"{value / GIGABYTE:.1f}"


def _path(samples: Sequence[Point], of: Callable[..., float | None], top: float) -> str:
    """Return the path of the samples from the first to the last, 160 wide and 32 high, from 0 to ``top``."""
    known = [(s["at"], value) for s in samples if (value := of(s)) is not None]
    if len(known) < 2:
        return ""
    begin, span = known[0][0], max(1.0, known[-1][0] - known[0][0])
    points = (f"{160 * (at - begin) / span:.1f} {31 - 30 * min(1.0, value / (top or 1)):.1f}" for at, value in known)
    return "M" + "L".join(points)
