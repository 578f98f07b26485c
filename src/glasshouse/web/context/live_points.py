"""What the viewers of a model share: its state and points, looked up twice a second at most, encoded once for all.

Who asks within half a second of another gets the same view, so that those who ask again also ask from the same number:
a hundred viewers cost little more than one.
"""

import asyncio
import gzip
import json
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool

from glasshouse.errors import MissingError
from glasshouse.evaluation.intervals import wilson
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.machine import machine_since
from glasshouse.store.models import get_model
from glasshouse.store.ownership import may_see, missing
from glasshouse.store.points import RunPoints, read_points
from glasshouse.store.records import ModelRecord, UserRecord
from glasshouse.web.context.curve_reading import Circumstances, Remark, remarks

__all__ = ["LivePoints", "View", "look", "with_interval"]

FRESH = 0.5  # seconds for which a view is shared
KEPT = 64  # views
DIGITS = 5  # of numbers in an answer, which are for drawing


@dataclass(frozen=True)
class View:
    """A model as it was a moment ago; ``replies`` holds answers, packed by gzip, by the numbers they begin after."""

    record: ModelRecord
    run: RunPoints
    known: Circumstances
    remarks: Sequence[Remark]
    looked: float
    last: int
    replies: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def reply(self, store: Store, since: int, machine: int) -> bytes:
        """Return the answer, packed, to who has the points up to ``since`` and the machine's up to ``machine``."""
        found = self.replies.get((since, machine))
        if found is None:
            text = json.dumps(self.answer(store, since, machine), separators=(",", ":"), ensure_ascii=False)
            found = self.replies[since, machine] = gzip.compress(text.encode(), compresslevel=5)
        return found

    def answer(self, store: Store, since: int, machine: int) -> dict[str, Any]:
        """Return the same as a dictionary: the fields of ``PointsOut``."""
        job = self.record.job
        points = [with_interval(point, self.known.pictures) for point in self.run.since(since, until=self.last).points]
        samples = machine_since(store.path(f"work/{job.id}"), machine)
        left = self.run.latest.get("remaining") if job.stage in ("training", "validating") else job.remaining
        return {
            "version": job.version, "last": self.last, "points": [_brief(point) for point in points],
            "state": str(job.state), "ended": not job.state.live,
            "stage": job.stage or "", "progress": job.progress if job.total else None, "stopping": job.wish == "abort",
            "remaining": left, "epoch": len(self.run.epochs), "epochs": self.run.started.get("epochs"),
            "steps_per_epoch": self.run.started.get("steps_per_epoch"),
            "remarks": [{"kind": one.kind, "warm": one.warm, "numbers": one.numbers} for one in self.remarks],
            "machine": [_brief(sample) for sample in samples],
            "machine_last": samples[-1]["n"] if samples else machine,
        }  # fmt: skip


class LivePoints:
    """The views of the models that are being looked at; one for a process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._views: OrderedDict[str, View] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}

    async def reply(self, model_id: str, viewer: UserRecord | None, since: int, machine: int) -> bytes:
        """Return the answer for ``viewer``, packed by gzip.

        Raises:
            MissingError: there is no such model, or ``viewer`` may not see it.
        """
        view = self._views.get(model_id)
        if view is None or time.monotonic() - view.looked > FRESH:
            view = await self._again(model_id, view)
        if not may_see(view.record, viewer):
            raise missing("model", model_id)
        if (since, machine) in view.replies or (since and machine):
            return view.reply(self.store, since, machine)
        return await run_in_threadpool(view.reply, self.store, since, machine)

    async def _again(self, model_id: str, seen: View | None) -> View:
        """Look the model up, once for all who wait for it."""
        async with self._turns.setdefault(model_id, asyncio.Lock()):
            view = self._views.get(model_id)
            if view is None or view is seen:
                try:
                    view = await run_in_threadpool(look, self.store, model_id, view)
                except MissingError:
                    self._turns.pop(model_id, None)
                    raise
                self._keep(model_id, view)
            return view

    def _keep(self, model_id: str, view: View) -> None:
        self._views[model_id] = view
        self._views.move_to_end(model_id)
        while len(self._views) > KEPT:
            gone, _ = self._views.popitem(last=False)
            self._turns.pop(gone, None)


def look(store: Store, model_id: str, before: View | None = None, viewer: UserRecord | None = None) -> View:
    """Look up how a model is; what cannot have changed since ``before`` is taken from there.

    Raises:
        MissingError: there is no such model, or ``viewer`` may not see it.
    """
    record = get_model(store, model_id, viewer)
    run = read_points(store.path(record.folder))
    last = run.settled
    known = Circumstances(*_of_dataset(store, record, before), ended=not record.state.live, recipe=record.recipe)
    same = before is not None and before.run is run and before.last == last and before.known == known
    found = before.remarks if before is not None and same else remarks(run, known)
    return View(record, run, known, found, time.monotonic(), last)


def with_interval(point: Mapping[str, Any], pictures: int | None) -> Mapping[str, Any]:
    """Return an epoch with the 95 % interval of its accuracy and the number of pictures behind it, if known."""
    accuracy = point.get("valid_accuracy")
    if accuracy is None or not pictures:
        return point
    return {**point, "interval": wilson(round(accuracy * pictures), pictures), "pictures": pictures}


def _of_dataset(store: Store, record: ModelRecord, before: View | None) -> tuple[int | None, int | None]:
    """Return the numbers of validation pictures and classes, None while the dataset is not made, or gone."""
    if before is not None and before.known.classes:
        return before.known.pictures, before.known.classes
    try:
        summary = get_dataset(store, str(record.dataset_id)).summary or {}
    except MissingError:
        return record.scores.get("count"), None
    return summary.get("splits", {}).get("val", {}).get("count"), len(summary.get("classes", ())) or None


def _brief(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point with as many digits as a drawing needs."""
    return {name: _rounded(value) for name, value in point.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) and abs(value) < 1e6 else value
