"""The queue: no job is taken twice, all users get their turn, a job waits for its dataset."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glasshouse.errors import ConflictError, MissingError, RefusedError
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, abort_job, add_job, get_job, list_jobs, move_job, resume_job
from glasshouse.store.people import add_user
from glasshouse.store.queue import claim, end, give_back, settle_dependants, tell
from glasshouse.store.records import JobKind, JobState, Role

Put = Callable[..., str]
TRAIN = (JobKind.TRAIN,)
PEOPLE = {"anna": Role.MEMBER, "ben": Role.MEMBER, "boss": Role.ADMIN}


def test_two_claimers_share_the_queue_and_no_job_is_taken_twice(store: Store, put: Put) -> None:
    asked = [put(f"job {n}") for n in range(24)]
    other = open_store(store.home)

    def work(opened: Store, host: str) -> list[str]:
        taken = []
        while (job := claim(opened, TRAIN, host, "train:0")) is not None:
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, [store, other, store, other], "abcd"))
    taken = [job for part in found for job in part]
    assert sorted(taken) == sorted(asked)
    assert all(get_job(store, job).attempt == 1 for job in asked)
    other.close()


def test_users_take_turns(store: Store, put: Put) -> None:
    for n in range(3):
        put(f"a{n}", "anna")
    put("b0", "ben")
    titles = []
    for _ in range(4):
        job = claim(store, TRAIN, "here", "train:0")
        assert job is not None
        titles.append(job.title)
        end(store, job.id, JobState.DONE)
    assert titles == ["a0", "b0", "a1", "a2"]


def test_who_has_fewer_running_comes_first(store: Store, put: Put) -> None:
    put("a0", "anna"), put("a1", "anna"), put("b0", "ben")
    jobs = [claim(store, TRAIN, "here", f"train:{n}") for n in range(2)]
    assert [job.title for job in jobs if job] == ["a0", "b0"]


def test_the_order_can_be_changed(store: Store, put: Put) -> None:
    first, second, third = put("first"), put("second"), put("third")
    move_job(store, third, before=first)
    move_job(store, first, before=None)
    assert [job.title for job in list_jobs(store, states=[JobState.QUEUED])] == ["third", "second", "first"]
    job = claim(store, TRAIN, "here", "train:0")
    assert job is not None and job.id == third
    with pytest.raises(ConflictError, match="queue has changed"):
        move_job(store, third, before=second)


def test_a_job_waits_for_the_one_it_depends_on(store: Store, put: Put) -> None:
    dataset = put("dataset")
    train = put("train", depends_on=dataset)
    job = claim(store, TRAIN, "here", "train:0")
    assert job is not None and job.id == dataset
    assert claim(store, TRAIN, "here", "train:1") is None
    end(store, dataset, JobState.DONE)
    job = claim(store, TRAIN, "here", "train:1")
    assert job is not None and job.id == train


def test_a_job_whose_dataset_failed_says_so(store: Store, put: Put) -> None:
    dataset = put("pets")
    train = put("train", depends_on=dataset)
    claim(store, TRAIN, "here", "train:0")
    end(store, dataset, JobState.FAILED, reason="the folder is gone")
    assert settle_dependants(store) == 1
    job = get_job(store, train)
    assert job.state is JobState.FAILED
    assert job.reason == ("The dataset pets is failed: the folder is gone. Resume the dataset first, then this.")


def test_abort_and_resume(store: Store, put: Put) -> None:
    job = put()
    abort_job(store, job)
    assert get_job(store, job).state is JobState.ABORTED
    assert claim(store, TRAIN, "here", "train:0") is None
    with pytest.raises(ConflictError, match="nothing to abort"):
        abort_job(store, job)
    resume_job(store, job)
    assert claim(store, TRAIN, "here", "train:0") is not None
    abort_job(store, job)
    assert (get_job(store, job).state, get_job(store, job).wish) == (JobState.RUNNING, "abort")
    assert end(store, job, JobState.ABORTED)
    assert not end(store, job, JobState.DONE), "a job ends once"
    with pytest.raises(ConflictError, match="only an aborted or failed"):
        resume_job(store, resume_job(store, job).id)


def test_a_job_that_is_given_back_keeps_its_place(store: Store, put: Put) -> None:
    first, _ = put("first"), put("second")
    claim(store, TRAIN, "here", "train:0")
    tell(store, first, {"stage": "training", "done": 3, "total": 9})
    assert get_job(store, first).progress == pytest.approx(1 / 3)
    assert give_back(store, first)
    job = claim(store, TRAIN, "here", "train:0")
    assert job is not None and (job.id, job.attempt, job.done) == (first, 2, 0)


def test_an_unknown_job_is_missing(store: Store) -> None:
    with pytest.raises(MissingError, match="no job nope"):
        get_job(store, "nope")


def test_only_the_owner_and_admins_change_a_job(store: Store, put: Put) -> None:
    anna, ben, boss = (add_user(store, n, "a long password", r) for n, r in PEOPLE.items())
    job, other = put("mine", anna.id), put("his", ben.id)
    for change in (abort_job, resume_job):
        with pytest.raises(RefusedError, match="somebody else's"):
            change(store, job, ben)
    with pytest.raises(RefusedError, match="somebody else's"):
        move_job(store, other, job, ben)
    move_job(store, other, job, boss)
    abort_job(store, job, anna)
    assert resume_job(store, job, boss).state is JobState.QUEUED


def test_with_accounts_a_reason_does_not_say_where_the_home_lies(tmp_path: Path) -> None:
    store, told = open_store(tmp_path), []
    for people in (False, True):
        if people:
            add_user(store, "mina", "correct horse battery")
        with store.write() as connection:
            job = add_job(connection, NewJob(JobKind.TRAIN, "a job"))
        claimed = claim(store, (JobKind.TRAIN,), "here", "train:0")
        assert claimed is not None and claimed.id == job
        lies = f"{store.home}/datasets/x/train.arrow"
        end(store, job, JobState.FAILED, reason=f"{lies} is gone", detail=f"Traceback: {lies}")
        told.append((get_job(store, job).reason, get_job(store, job).detail))
    assert told[0][0] == f"{store.home}/datasets/x/train.arrow is gone"
    assert told[1] == ("datasets/x/train.arrow is gone", "Traceback: datasets/x/train.arrow")
    store.close()
