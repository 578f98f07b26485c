"""A Studio as people use it: its API, a worker that works beside, pictures on the server; nothing is stood in for."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from glasshouse.jobs.lease import ALONE
from glasshouse.jobs.slots import slots
from glasshouse.jobs.worker import Worker
from glasshouse.store.choices import Choices
from glasshouse.store.database import Store, open_store
from glasshouse.web.app import create_app

HERE = "http://127.0.0.1:8800"


@dataclass(frozen=True)
class Desk:
    """What a person has before them: the API, and a folder of the server that the Studio may read."""

    store: Store
    client: TestClient
    given: Path

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    def dataset(self, name: str, source: Path | str, **recipe: Any) -> str:
        """Ask for a dataset of 10x10 pictures."""
        asked = {"source": str(source), "width": 10, "height": 10, **recipe}
        return str(self.post("/datasets", {"name": name, "recipe": asked})["id"])

    def models(self, name: str, dataset: str, sweep: dict[str, Any] | None = None, **recipe: Any) -> list[str]:
        """Ask for a training, or a sweep of them."""
        asked = {"network": "Dense128", "epochs": 1, "batch_size": 8, **recipe}
        made = self.post("/models", {"name": name, "dataset_id": dataset, "recipe": asked, "sweep": sweep})
        return [item["id"] for item in made["items"]]

    def wait(self, path: str, *states: str, seconds: float = 180) -> Any:
        """Return what is at ``path`` once it is in one of ``states``, or at its end."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.get(path)
            if found["state"] in (states or ("done", "failed", "aborted")):
                return found
            assert time.monotonic() < deadline, f"{path} is {found['state']}"
            time.sleep(0.1)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    place = tmp_path_factory.mktemp("acceptance")
    (place / "given").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("GLASSHOUSE_FOLDERS", str(place / "given"))
        patch.setenv(ALONE, "0.05")
        store = open_store(place / "home", folders=(place / "given",))
        worker = Worker(store, lambda: slots(Choices(trainings=2, datasets=2), ()))
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            with TestClient(create_app(store), base_url=HERE) as client:
                yield Desk(store, client, place / "given")
        finally:
            worker.stop()
            thread.join()
            store.close()
