"""A finished model made into a file for other programs, by a job: only what answers as the model does is kept."""

import shutil
from contextlib import closing
from typing import Any

from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.validation import heard
from glasshouse.messages import with_parts
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.exports import export_name, exports_of
from glasshouse.store.models import get_model
from glasshouse.store.records import JobRecord

__all__ = ["export_file"]


def export_file(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Export a model as ONNX and return its certificate; if that did not pass, an earlier file is gone too."""
    from glasshouse.export.onnx_export import exporting

    record = get_model(store, str(job.model_id))
    run, data = store.path(record.folder), store.path(get_dataset(store, str(job.dataset_id)).folder)
    place = exports_of(run)
    beside = place.with_name(f".{place.name}.part")
    shutil.rmtree(beside, ignore_errors=True)  # what a process left that was killed
    progress.stage("reading")
    try:
        with closing(exporting(run, beside / export_name(record.name), data)) as events:
            found = heard(events, progress)
        shutil.rmtree(place, ignore_errors=True)
        if found.passed:
            beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    told: dict[str, Any] = with_parts(found.to_dict())
    return told
