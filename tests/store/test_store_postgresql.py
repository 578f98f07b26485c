"""The same store on a real PostgreSQL server (Debian's), where there is one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glasshouse.errors import ConflictError
from glasshouse.store.audit import page_of_audit
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset, list_datasets, note_dataset_made
from glasshouse.store.jobs import get_job, list_jobs
from glasshouse.store.ownership import Listing
from glasshouse.store.people import add_user, begin_session, user_of_session
from glasshouse.store.queue import claim, end, settle_dependants
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.resources import bin_resources
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with ThreadPoolExecutor(3) as pool:  # three processes start at once: one of them makes the tables
        opened = list(pool.map(lambda _: open_store(tmp_path, url), range(3)))
    yield opened[0]
    for one in opened:
        one.close()


def test_the_store_works_on_postgresql(store: Store, url: str) -> None:
    made = submit_dataset(store, NewDataset("Digits", {"source": "sample:digits"}))
    models = submit_models(store, NewModel("m", made.id, {"network": "LeNet"}, sweep={"lr": [0.1, 0.2, 0.3, 0.4]}))
    assert claim(store, (JobKind.TRAIN,), "here", "train") is None, "they wait for their dataset"
    assert claim(store, (JobKind.DATASET,), "here", "data") is not None
    note_dataset_made(store, made.id, {"fingerprint": "f", "splits": {"train": {"count": 3}}}, 5_000_000_000)
    end(store, made.job_id, JobState.DONE, result={"a": 1})
    assert (get_dataset(store, made.id).size, get_job(store, made.job_id).result) == (5_000_000_000, {"a": 1})

    def work(_: int) -> list[str]:
        taken = []
        while (job := claim(store, (JobKind.TRAIN,), "here", "train")) is not None:
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [job for part in pool.map(work, range(4)) for job in part]
    assert sorted(taken) == sorted(model.job_id for model in models)
    with pytest.raises(ConflictError, match="queued or running"):
        bin_resources(store, [made])
    assert [one.name for one in list_datasets(store, listing=Listing("digi", sort="-name"))] == ["Digits"]
    assert settle_dependants(store) == 0
    assert len(list_jobs(store)) == 5


def test_people_on_postgresql(store: Store) -> None:
    user = add_user(store, "anna", "a long password")
    assert user_of_session(store, begin_session(store, user, "-")) == user
    assert page_of_audit(store).items[0].user_name == "anna"
