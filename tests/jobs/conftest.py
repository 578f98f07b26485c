"""One Studio home for the tests of jobs, with a dataset, and a worker that works in this process."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from glasshouse.jobs.lease import ALONE
from glasshouse.jobs.slots import slots
from glasshouse.jobs.worker import Worker
from glasshouse.store.choices import Choices
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.records import DatasetRecord
from glasshouse.store.submit import NewDataset, submit_dataset
from pictures import write_class_folders

PATIENCE = 300.0  # far beyond what a busy computer takes
Until = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv(ALONE, "0.05")  # three minutes: what a killed test leaves ends soon
        yield


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("studio") / "pictures", ("cat", "dog"), each=16)


@pytest.fixture(scope="session")
def store(pictures: Path) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSHOUSE_FOLDERS", str(pictures))
        opened = open_store(pictures.parent / "home", folders=(pictures,))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def worker(store: Store) -> Iterator[Worker]:
    one = Worker(store, lambda: slots(Choices(trainings=2), ()))
    yield one
    one.put_aside()


@pytest.fixture
def until(worker: Worker) -> Until:
    """Let the worker work until something holds, at most `PATIENCE` seconds: a deadline for what never comes."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "it did not come about"
            worker.look()
            time.sleep(0.05)

    return wait


@pytest.fixture(scope="session")
def dataset(store: Store, pictures: Path, worker: Worker) -> DatasetRecord:
    """A dataset of cats and dogs, made by the worker."""
    recipe = {"source": str(pictures), "width": 28, "height": 28, "color": "gray"}
    made = submit_dataset(store, NewDataset("pets", recipe))
    deadline = time.monotonic() + PATIENCE
    while get_dataset(store, made.id).state.live and time.monotonic() < deadline:
        worker.look()
        time.sleep(0.05)
    return get_dataset(store, made.id)
