"""Temporary files under the home, where nothing that a killed process leaves stays for long.

Each Studio has ``tmp/NAME``, cleared when it starts, and each start of a job ``work/JOB/tmp``, cleared when it begins
and ends. Both are the TMPDIR of their processes, so that every library keeps its files there too.
"""

import os
import shutil
import tempfile
from pathlib import Path

from glasshouse.jobs.local import job_lock
from glasshouse.jobs.locks import is_held
from glasshouse.store.database import Store
from glasshouse.store.jobs import list_jobs
from glasshouse.store.records import JobState
from glasshouse.store.uploads import forget_unfinished

__all__ = ["clear_leftovers", "end_scratch", "job_scratch", "studio_scratch"]


def studio_scratch(store: Store, name: str) -> Path:
    """Have this process, and those that it starts, keep temporary files in an empty folder ``tmp/NAME`` of the home."""
    folder = _emptied(store.path("tmp") / name)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    return folder


def job_scratch(store: Store, job_id: str) -> Path:
    """Have this process, which does the job and holds its lock, keep temporary files in an empty folder of the job."""
    folder = _emptied(store.path(f"work/{job_id}") / "tmp")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    return folder


def end_scratch(folder: Path) -> None:
    """Take a folder of temporary files away."""
    tempfile.tempdir = None
    os.environ.pop("TMPDIR", None)
    shutil.rmtree(folder, ignore_errors=True)


def clear_leftovers(store: Store) -> None:
    """Remove what killed processes left: temporary files of jobs that nobody does now, uploads that nobody finished."""
    running = {job.id for job in list_jobs(store, states=[JobState.RUNNING])}
    for folder in store.path("work").glob("*/tmp"):
        job_id = folder.parent.name
        if job_id not in running and is_held(job_lock(store, job_id)) is False:
            shutil.rmtree(folder, ignore_errors=True)
    forget_unfinished(store)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
