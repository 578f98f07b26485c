"""A finished model as a file for other programs: asked for, and what lies in ``exports/`` of its run."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import ModelError
from glasshouse.export.archive import MANIFEST
from glasshouse.export.certificate import Certificate
from glasshouse.export.description import read_manifest
from glasshouse.integrity.documents import read_object
from glasshouse.messages import Message
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.explanations import finished_model
from glasshouse.store.jobs import NewJob, add_job, get_job, list_jobs
from glasshouse.store.records import JobKind, JobRecord, UserRecord

__all__ = ["StoredExport", "export_name", "exports_of", "latest_export", "stored_export", "submit_export"]

LONGEST = 60  # letters of a file's name
REPLACED = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')  # what some system has in no file's name


@dataclass(frozen=True)
class StoredExport:
    """An ONNX file that answers as its model does: where it lies, its ``size`` in bytes and its certificate."""

    file: Path
    certificate_file: Path
    size: int
    certificate: Certificate


def exports_of(run: Path) -> Path:
    """Return the folder of the ONNX file of a run's model; there is at most one file."""
    return run / "exports"


def export_name(model: str) -> str:
    """Return what the ONNX file of a model of this name is called."""
    stem = REPLACED.sub("_", model)[:LONGEST].strip(" .")
    return f"{stem or 'model'}.onnx"


def submit_export(store: Store, model_id: str, user: UserRecord | None = None) -> JobRecord:
    """Queue the export of a model as an ONNX file; one that waits or runs is returned.

    Raises:
        ConflictError: the model is not trained yet, or its dataset is not there.
        RefusedError: the person is a viewer.
    """
    gone = Message("no file can be compared with it on its pictures")
    model, dataset = finished_model(store, model_id, user, gone)
    before = latest_export(store, model_id)
    if before is not None and before.state.live:
        return before
    arguments = {"format": "onnx"}
    job = NewJob(JobKind.EXPORT, model.name, user.id if user else None, dataset.id, model_id, arguments=arguments)
    with store.write() as connection:
        add_job(connection, job)
        log_action(connection, user, "model-export", model_id, "onnx")
    return get_job(store, job.id)


def latest_export(store: Store, model_id: str) -> JobRecord | None:
    """Return the latest export of a model, whoever asked for it; None if there was none."""
    return next(iter(list_jobs(store, model_id=model_id, kind=JobKind.EXPORT)), None)


def stored_export(run: Path) -> StoredExport | None:
    """Return the ONNX file of a run's model; None if there is none, or it is of other weights."""
    with suppress(OSError, ValueError, ModelError):
        (place,) = exports_of(run).glob("*.certificate.json")
        found = Certificate.from_dict(read_object(place))
        file, manifest = place.with_name(Path(found.file).name), run / "model" / MANIFEST
        weights = read_manifest({MANIFEST: manifest.read_bytes()}, run.name)["weights"]
        if found.passed and found.weights == weights.get("sha256"):
            return StoredExport(file, place, file.stat().st_size, found)
    return None
