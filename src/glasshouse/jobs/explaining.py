"""Work on a finished model that explains it: one kind of job, and a line here for each thing that it does.

A piece of work gets the opened model, its run's folder and what was asked for; it yields events, keeps what it found in
``<run>/explanations/`` and returns a few words of it for the job's record.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glasshouse.events import Event
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.validation import heard
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.store.records import JobRecord

if TYPE_CHECKING:
    from glasshouse.explanation.opened import OpenedModel

__all__ = ["EXPLAINERS", "explain_model"]

Asked = Mapping[str, Any]
Found = Generator[Event, None, dict[str, Any]]


def _checks(opened: "OpenedModel", run: Path, asked: Asked) -> Found:
    from glasshouse.explanation.checks.keeping import keep_checks
    from glasshouse.explanation.checks.kept_checks import card_section
    from glasshouse.export.card_file import read_card
    from glasshouse.export.card_sections import with_section
    from glasshouse.export.card_writing import write_card

    found = yield from keep_checks(opened)
    write_card(run / "model", with_section(read_card(run / "model"), card_section(found)))
    return {method: check.state for method, check in found.items()}


def _filters(opened: "OpenedModel", run: Path, asked: Asked) -> Found:
    from glasshouse.explanation.layers.kept_layers import keep_filters

    return keep_filters(opened, run, str(asked["split"]))


def _statistics(opened: "OpenedModel", run: Path, asked: Asked) -> Found:
    from glasshouse.explanation.layers.kept_layers import keep_statistics

    return keep_statistics(opened, run, str(asked["split"]))


def _map(opened: "OpenedModel", run: Path, asked: Asked) -> Found:
    from glasshouse.explanation.embedding.kept_map import keep_map

    return keep_map(opened, run, str(asked["split"]))


def _shortcuts(opened: "OpenedModel", run: Path, asked: Asked) -> Found:
    from glasshouse.explanation.shortcuts.kept_shortcuts import keep_shortcuts

    return keep_shortcuts(opened, run, str(asked["split"]))


def _hidden(opened: "OpenedModel", run: Path, asked: Asked) -> Found:
    from glasshouse.explanation.shortcuts.kept_shortcuts import keep_hidden

    x0, y0, x1, y1 = map(int, asked["box"])
    return keep_hidden(opened, run, str(asked["split"]), (x0, y0, x1, y1))


EXPLAINERS: Mapping[str, Callable[["OpenedModel", Path, Asked], Found]] = {
    "checks": _checks,
    "filters": _filters,
    "hidden": _hidden,
    "map": _map,
    "shortcuts": _shortcuts,
    "statistics": _statistics,
}


def explain_model(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Do what the job's word ``do`` names, with the model's own dataset; each explainer keeps what it finds."""
    from glasshouse.explanation.opened import open_model

    record = get_model(store, str(job.model_id))
    data = store.path(get_dataset(store, job.dataset_id).folder) if job.dataset_id else None
    progress.stage("reading")
    opened, run = open_model(store.path(record.folder), data), store.path(record.folder)
    with closing(EXPLAINERS[str(job.arguments["do"])](opened, run, job.arguments)) as events:
        return heard(events, progress)
