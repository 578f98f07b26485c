"""What a training leaves for the pages: the report on its validation pictures, and the answer for each of them."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

from glasshouse.events import Event, result_of
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import note_scores
from glasshouse.store.records import ModelRecord
from glasshouse.store.results import result_place, verified_report, write_answers, write_report

__all__ = ["heard", "keep_validation"]

Result = TypeVar("Result")


def keep_validation(store: Store, record: ModelRecord, run: Path, progress: ProgressWriter) -> dict[str, Any]:
    """Keep the report that the training wrote, and the answer for each picture behind it."""
    from glasshouse.data.dataset import open_dataset
    from glasshouse.export.bundle import load_model
    from glasshouse.export.scoring import columns_of, split_probabilities

    report = run / "report-val.json"
    if not report.is_file():
        return {"model": "model"}
    dataset, model = open_dataset(store.path(get_dataset(store, str(record.dataset_id)).folder)), load_model(run)
    split, columns = dataset.splits["val"], columns_of(model, dataset)
    place = result_place(run, "val")
    write_answers(place, split.labels, heard(split_probabilities(model, split), progress)[:, columns])
    told = verified_report(report)
    write_report(place, told)
    found = {name: told[name] for name in ("accuracy", "interval", "count")}
    note_scores(store, record.id, found)
    return found


def heard(events: Generator[Event, None, Result], progress: ProgressWriter) -> Result:
    """Tell ``events`` and return their result."""
    return result_of(events, progress.hear)
