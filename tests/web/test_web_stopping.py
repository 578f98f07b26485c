"""After an abort every page says that the job is stopping until it has stopped, in both languages."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import abort_job
from glasshouse.store.models import get_model
from glasshouse.store.submit import NewDataset, NewModel, submit_classification, submit_dataset, submit_models
from glasshouse.web.app import create_app
from studio_seed import Studio, alone, finish

SAID = {"en": "Stopping", "ko": "중지하는 중"}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", ["train", "dataset", "classify"])
def test_a_job_that_was_aborted_is_stopping(client: TestClient, studio: Studio, kind: str, language: str) -> None:
    store = studio.store
    if kind == "train":
        (model,) = submit_models(store, NewModel("m", studio.dataset, {"network": "LeNet"}))
        job, page, button = get_model(store, model.id).job_id, f"/models/{model.id}", f"/models/{model.id}/abort"
    elif kind == "dataset":
        data = submit_dataset(store, NewDataset("d", {"source": str(studio.pictures)}))
        job, page, button = get_dataset(store, data.id).job_id, f"/datasets/{data.id}", f"/datasets/{data.id}/abort"
    else:
        work = submit_classification(store, studio.model, str(studio.pictures))
        page = f"/models/{studio.model}/many/{work.id}"
        job, button = work.id, f"{page}/abort"
    finish(store, job, "running", finished_at=None, done=40, total=100, stage="training")
    headers = {"Accept-Language": language}
    before = client.get(page, headers=headers).text
    assert SAID[language] not in before.partition("data-words")[0] and f'action="{button}"' in before
    assert client.post(button, headers=headers).status_code == 303
    after = client.get(page, headers=headers).text
    assert f'<span class="state stopping">{SAID[language]}</span>' in after
    assert f'action="{button}"' not in after
    assert f'<span class="state stopping">{SAID[language]}</span>' in client.get("/", headers=headers).text
    if kind == "train":
        points = client.get(f"/api/v1/models/{page.rpartition('/')[2]}/points").json()
        assert points["stopping"] is True and points["progress"] == pytest.approx(0.4)
    finish(store, job, "aborted", wish=None)
    assert "state stopping" not in client.get(page, headers=headers).text


def test_a_waiting_job_stops_at_once(studio: Studio) -> None:
    (model,) = submit_models(studio.store, NewModel("m", studio.dataset, {"network": "LeNet"}))
    assert str(abort_job(studio.store, model.job_id).state) == "aborted"


def test_compare_advises_nothing_that_an_unfinished_model_does_not_have(client: TestClient, studio: Studio) -> None:
    (model,) = submit_models(studio.store, NewModel("m", studio.dataset, {"network": "LeNet"}))
    finish(studio.store, model.job_id, "aborted")
    chosen = {"chosen": [f"models/{model.id}", f"models/{studio.model}"]}
    page = client.get("/compare", params=chosen).text
    assert "once both are trained to the end" in page and "Show the mistakes" not in page
