"""Temporary files lie under the home, and what killed processes left of them is cleared at the next start."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from glasshouse.errors import ConflictError
from glasshouse.jobs.only_studio import only_studio
from glasshouse.jobs.scratch import clear_leftovers, end_scratch, job_scratch, studio_scratch
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.tables import jobs
from glasshouse.store.uploads import begin_upload, finish_upload, forget_unfinished, get_upload, write_piece
from glasshouse.web.new_model import trial as rehearsal


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "home")
    yield store
    store.close()


def test_all_temporary_files_of_a_process_lie_under_the_home_and_go(
    opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    monkeypatch.setattr(tempfile, "tempdir", None)
    for scratch in (lambda: studio_scratch(opened, "studio"), lambda: job_scratch(opened, "a-job")):
        folder = scratch()
        left = Path(tempfile.mkdtemp(prefix="glasshouse-pace-"))
        assert left.parent == folder and opened.home in folder.parents
        assert os.environ["TMPDIR"] == str(folder), "for the processes that it starts"
        assert scratch() == folder and not left.exists(), "cleared at the next start"
        end_scratch(folder)
        assert not folder.exists()


def test_what_killed_jobs_left_is_cleared_and_running_ones_keep_theirs(opened: Store) -> None:
    with opened.write() as connection:
        killed, running = (add_job(connection, NewJob(JobKind.TRAIN, name)) for name in ("killed", "running"))
        connection.execute(update(jobs).where(jobs.c.id == running).values(state=JobState.RUNNING))
    for job in (killed, running):
        (opened.path(f"work/{job}") / "tmp" / "half").mkdir(parents=True)
    clear_leftovers(opened)
    assert not (opened.path(f"work/{killed}") / "tmp").exists()
    assert (opened.path(f"work/{running}") / "tmp" / "half").is_dir()


def test_an_upload_that_nobody_finished_is_dropped_after_a_while(opened: Store) -> None:
    left, fresh, whole = (begin_upload(opened, name) for name in ("left.zip", "fresh.zip", "whole.zip"))
    for upload in (left, fresh, whole):
        write_piece(opened, upload, "a.zip", 0, [b"123"], total=3 if upload is whole else 9)
    finish_upload(opened, whole)
    old = time.time() - 8 * 86400
    for upload in (left, whole):
        for place in (opened.path(upload.folder), *opened.path(upload.folder).rglob("*")):
            os.utime(place, (old, old))
    assert forget_unfinished(opened) == 0, "it was begun just now, whatever the times of its files"
    with opened.write() as connection:
        from glasshouse.store.tables import uploads

        connection.execute(update(uploads).values(created_at=old))
    assert forget_unfinished(opened) == 1
    assert not opened.path(left.folder).exists()
    assert opened.path(whole.folder).exists() and get_upload(opened, fresh.id).folder == fresh.folder


def test_a_trial_that_is_ended_leaves_nothing(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Path] = []

    def killed(module: str, request: dict[str, Any], *_: object) -> None:
        places.append(Path(request["place"]))
        (places[0] / "glasshouse-pace-x").mkdir()
        raise subprocess.TimeoutExpired(module, 1)

    monkeypatch.setattr(rehearsal, "answer_of", killed)
    with pytest.raises(ConflictError, match="took too long"):
        rehearsal.measured(opened.path("runs"), {"network": "LeNet"})
    assert places and not places[0].exists()


def test_a_studio_that_is_ending_is_waited_for_and_another_version_is_no_obstacle(
    opened: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_studio(opened) as first:
        first.tell("http://127.0.0.1:8800/")
        with pytest.raises(ConflictError, match=f"process {os.getpid()} on .*http://127.0.0.1:8800/"):
            only_studio(opened).__enter__()
        with only_studio(opened, "9000.later") as later:
            assert later.name != first.name
        first.tell("http://127.0.0.1:8800/", ending=True)
        with pytest.raises(ConflictError):
            only_studio(opened, patience=0.2).__enter__()
    assert capsys.readouterr().err.count("waiting for it") == 1
    with only_studio(opened):
        pass
