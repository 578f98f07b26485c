"""Why a model gave its answer for one picture: asked of the predictor, which computes it beside its quick answers.

The map is computed once and kept for the next who asks; the result of the method's check is looked up each time, since
a job may have found it meanwhile. What fails its check is not handed out.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glasshouse.errors import InputError, NetworkError
from glasshouse.jobs.picture_work import PictureWork
from glasshouse.messages import Message, with_parts
from glasshouse.store.places import is_inside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glasshouse.explanation.attribution.explanation import Explanation
    from glasshouse.explanation.checks.result import Check
    from glasshouse.explanation.opened import OpenedModel
    from glasshouse.export.predictor import Model

__all__ = ["ExplainAnswers"]

WAIT = 1.0  # seconds that an asker waits before being told that it is being computed
KEPT = 64  # pictures, each with its map
OPENED = 2  # models with their datasets


@dataclass(frozen=True)
class _Found:
    """What was computed for a picture: no ``explanation`` if the method failed its check, or ``cannot`` work here."""

    opened: "OpenedModel"
    row: "NDArray[np.uint8]"
    answer: tuple[float, ...]
    explanation: "Explanation | None" = None
    cannot: "Check | None" = None


class ExplainAnswers:
    """Answers questions with ``kind`` explain about the models of one home."""

    def __init__(
        self, home: Path, load: Callable[[str], "Model"], prepared: Callable[["Model", bytes, str], Any]
    ) -> None:
        self.home, self._load, self._prepared = home, load, prepared
        self._works: OrderedDict[tuple[Any, ...], PictureWork] = OrderedDict()
        self._opened: OrderedDict[tuple[Any, ...], OpenedModel] = OrderedDict()
        self._lock = threading.Lock()
        self._computing = threading.Lock()

    def answer(self, question: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
        """Return ``{"state": "working"}``, or ``state`` done with what `_told` tells, or a problem."""
        key = self._key(question, picture)
        with self._lock:
            if key not in self._works:
                self._works[key] = PictureWork(lambda told: self._found(question, picture))
            self._works.move_to_end(key)
            while len(self._works) > KEPT:
                self._works.popitem(last=False)
            work = self._works[key]
        if not work.ended.wait(WAIT):
            return {"state": "working"}
        if work.problem is None:
            found: _Found = work.found
            check = found.cannot or _check_of(found.opened, str(question["method"]))
            if found.cannot or check.shown == (found.explanation is not None):
                return {"state": "done", **_told(found, check, bool(question.get("values")))}
        with self._lock:  # a problem may have been put right, and a check may be known by now
            self._works.pop(key, None)
        return {"state": "working"} if work.problem is None else work.problem

    def _found(self, question: Mapping[str, Any], picture: bytes) -> _Found:
        from glasshouse.explanation.checks.result import not_checked
        from glasshouse.explanation.explaining import attribution_of, explained

        with self._computing:
            opened = self._model(question)
        row, method = self._row(opened, question, picture), str(question["method"])
        with self._computing:
            check = _check_of(opened, method)
            found = _Found(opened, row, tuple(float(p) for p in opened.model.probabilities(row[None])[0]))
            if not check.shown:
                return found
            asked, path = question.get("class") or None, question.get("path")
            try:
                return replace(found, explanation=explained(
                    opened, row, attribution_of(opened, method), check, asked, path
                ))  # fmt: skip
            except NetworkError as error:
                return replace(found, cannot=not_checked(method, Message("{reason}", reason=error)))

    def _model(self, question: Mapping[str, Any]) -> "OpenedModel":
        from glasshouse.explanation.opened import OpenedModel, open_model

        key = self._changed(question)
        if key not in self._opened:
            model = self._load(str(question["model"]))
            data = self._place(str(question["data"])) if question.get("data") else None
            there = data is not None and data.is_dir()
            self._opened[key] = open_model(model, data) if there else OpenedModel(model)
            while len(self._opened) > OPENED:
                self._opened.popitem(last=False)
        self._opened.move_to_end(key)
        return self._opened[key]

    def _row(self, opened: "OpenedModel", question: Mapping[str, Any], picture: bytes) -> "NDArray[np.uint8]":
        import numpy as np

        if not question.get("split"):
            found: NDArray[np.uint8] = self._prepared(opened.model, picture, str(question.get("who", "")))
            return found
        name, number = str(question["split"]), int(question.get("row") or 0)
        split = None if opened.dataset is None else opened.dataset.splits.get(name)
        if split is None or not 0 <= number < len(split):
            raise InputError("The dataset has no picture {row} in {split}.", row=number, split=name)
        row: NDArray[np.uint8] = split.rows(np.array([number]))[0]
        return row

    def _key(self, question: Mapping[str, Any], picture: bytes) -> tuple[Any, ...]:
        names = ("split", "row", "method", "class", "path")
        of_picture = hashlib.sha256(picture).hexdigest()
        return (*self._changed(question), *[question.get(name) for name in names], of_picture)

    def _changed(self, question: Mapping[str, Any]) -> tuple[Any, ...]:
        file = self._place(str(question["model"])) / "model" / "model.json"
        return question["model"], question.get("data"), file.stat().st_mtime_ns if file.is_file() else 0

    def _place(self, folder: str) -> Path:
        place = (self.home / folder).resolve()
        if not is_inside(place, self.home):
            raise InputError("{folder} is no folder of this Studio.", folder=folder)
        return place


def _check_of(opened: "OpenedModel", method: str) -> "Check":
    """Return what is known of a method's check: its result, or that it was not checked and why."""
    from glasshouse.explanation.checks.checking import known_check
    from glasshouse.explanation.checks.kept_checks import FEWEST, why_unchecked
    from glasshouse.explanation.checks.result import not_checked

    return known_check(opened, method) or not_checked(method, why_unchecked(dataset=True, validation=FEWEST))


def _told(found: _Found, check: "Check", values: bool) -> dict[str, Any]:
    """Return the answer for a page: ``explanation`` in the words of ``glasshouse explain --json``, None if there is
    none to show; the ``check``, the ``probabilities`` of all ``classes``, and ``picture`` and ``map`` as addresses.
    """
    from glasshouse.explanation.attribution.heat import address, heat

    explanation = found.explanation and replace(found.explanation, check=check)
    return {
        "explanation": explanation and with_parts(explanation.to_dict(values=values)),
        "check": check.to_dict(),
        "probabilities": list(found.answer),
        "classes": list(found.opened.classes),
        "picture": address(found.row),
        "map": None if explanation is None else address(heat(explanation.values)),
    }
