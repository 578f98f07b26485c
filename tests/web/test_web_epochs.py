"""Which epoch answers: an aborted training classifies with what it keeps, a finished one with a chosen epoch."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from glasshouse.cli.predict import predict
from glasshouse.errors import MissingError, ModelError
from glasshouse.jobs.kinds import classify_many
from glasshouse.jobs.predictor import Predictor
from glasshouse.recipe import TrainingRecipe
from glasshouse.store import predictor
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.store.tables import jobs
from glasshouse.training.checkpoint_model import checkpoint_model
from glasshouse.training.kept_epochs import KeptEpoch, chosen_epoch, kept_epochs
from glasshouse.training.learner import Learner
from glasshouse.training.loop import train
from glasshouse.web.app import create_app
from studio_seed import Studio, finish

KOREAN = {"Accept-Language": "ko"}


@pytest.fixture(scope="module")
def aborted(studio: Studio) -> str:
    """The id of a training of three epochs that was aborted before it left a model."""
    recipe = {"network": "Dense128", "epochs": 3, "batch_size": 16, "checkpoints": {"keep_every": 1}}
    (record,) = submit_models(studio.store, NewModel("Stopped", studio.dataset, recipe))
    run, data = studio.store.path(record.folder), studio.store.path(get_dataset(studio.store, studio.dataset).folder)
    events = train(TrainingRecipe(**{**recipe, "data": str(data)}), run)
    for event in events:
        if type(event).__name__ == "CheckpointSaved" and run.joinpath("checkpoints/epoch-0002.safetensors").exists():
            break
    events.close()  # type: ignore[attr-defined]
    finish(studio.store, record.job_id, "aborted")
    assert not (run / "model").exists()
    return record.id


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    """A client whose predictor is here, without a wire between."""
    asked = Predictor(studio.store)

    def answer(_: Store, question: bytes, picture: bytes, *__: float) -> dict[str, Any]:
        return asked.answer(json.loads(question), picture)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            predictor, "_answer", lambda _, question, picture, *__: asked.answer(json.loads(question), picture)
        )
        with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
            yield made


def one_picture(studio: Studio) -> Path:
    return min(studio.pictures.glob("both/*.png"))


def test_each_epoch_is_listed_once_with_what_it_is(studio: Studio, aborted: str) -> None:
    run = studio.store.path(f"runs/{aborted}")
    found = kept_epochs(run)
    assert [one.epoch for one in found] == [2, 1]
    assert found[0].last and sum(one.best for one in found) == 1 and all(one.accuracy is not None for one in found)
    chosen = chosen_epoch(run)
    assert chosen is not None and chosen.best and chosen.checkpoint == "best"
    assert chosen_epoch(run, "last.safetensors") == found[0]
    with pytest.raises(MissingError, match="no checkpoint epoch-0009"):
        chosen_epoch(run, "epoch-0009")
    assert chosen_epoch(studio.store.path(f"runs/{studio.model}")) is None
    assert not kept_epochs(run / "nowhere") and isinstance(chosen, KeptEpoch)


def test_an_aborted_training_classifies_one(client: TestClient, studio: Studio, aborted: str) -> None:
    page = client.get(f"/models/{aborted}").text
    assert f'href="/models/{aborted}/classify"' in page and "can classify already" in page
    assert f'href="/models/{aborted}/result"' not in page
    form = client.get(f"/models/{aborted}/classify").text
    assert form.count("<option value=") >= 2 and "the best" in form and "on validation pictures" in form
    assert "가장 좋음" in client.get(f"/models/{aborted}/classify", headers=KOREAN).text
    given = {"given": str(one_picture(studio)), "checkpoint": "epoch-0001"}
    answer = client.get(f"/models/{aborted}/classify", params=given)
    assert answer.status_code == 200 and '<ul class="bars">' in answer.text and "Epoch 1" in answer.text
    assert client.post(f"/models/{aborted}/classify", data=given).status_code == 200
    lost = client.get(f"/models/{aborted}/classify", params={**given, "checkpoint": "../last"})
    assert lost.status_code == 422 and "has no checkpoint" in lost.text


def test_the_command_line_answers_by_an_epoch(studio: Studio, aborted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run, picture, program = studio.store.path(f"runs/{aborted}"), str(one_picture(studio)), typer.Typer()
    program.command()(predict)
    monkeypatch.chdir(run.parent)  # an unfinished run finds its dataset from here
    for epoch, name in (("1", "epoch-0001"), ("best", "best"), ("last", "last")):
        done = CliRunner().invoke(program, [str(run), picture, "--json", "--epoch", epoch], catch_exceptions=False)
        (said,) = json.loads(done.stdout)
        assert said["probability"] == checkpoint_model(run, name).predict(picture).probability
    learner = Learner.__new__(Learner)
    learner.run = run
    assert learner.model_at(2).description == checkpoint_model(run, "last").description
    there = r"keeps no epoch 7; it keeps 1.*, 2 \(.*last\)$"
    for place, epoch, told in ((run, "7", there), (run / "checkpoints", "1", "is no folder of a run")):
        with pytest.raises(ModelError, match=told):
            CliRunner().invoke(program, [str(place), picture, "--epoch", epoch], catch_exceptions=False)


def test_the_api_answers_by_an_epoch(client: TestClient, studio: Studio, aborted: str) -> None:
    address, data = f"/api/v1/models/{aborted}/predict", one_picture(studio).read_bytes()
    found = {name: client.post(address, content=data, params={"checkpoint": name}).json() for name in ("", "last")}
    assert (found[""]["checkpoint"], found["last"]["epoch"]) == ("best", 2)
    assert client.post(address, content=data, params={"checkpoint": "epoch-0009"}).status_code == 404
    listed = {one["name"]: one for one in client.get(f"/api/v1/models/{aborted}/checkpoints").json()}
    assert listed["epoch-0001.safetensors"]["epoch"] == 1 and "valid_accuracy" in listed["epoch-0001.safetensors"]
    whole = client.post(f"/api/v1/models/{studio.model}/predict", content=data).json()
    same = client.post(f"/api/v1/models/{studio.model}/predict", content=data, params={"checkpoint": "best"}).json()
    assert "epoch" not in whole and same["top"] == whole["top"]


def test_many_pictures_are_classified_by_an_epoch(client: TestClient, studio: Studio, aborted: str) -> None:
    source = {"source": str(studio.pictures / "both")}
    assert "Epoch that answers" in client.get(f"/models/{aborted}/many", params=source).text
    sent = client.post(f"/models/{aborted}/many", data={**source, "checkpoint": "epoch-0001"})
    assert sent.status_code == 303
    job = get_job(studio.store, sent.headers["location"].rsplit("/", 1)[1])
    assert (job.arguments["checkpoint"], job.arguments["epoch"]) == ("epoch-0001", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(studio.store.path("runs"))
        result = classify_many(studio.store, job, SimpleNamespace(hear=lambda _: None))  # type: ignore[arg-type]
    finish(studio.store, job.id, result=result)
    page = client.get(sent.headers["location"]).text
    assert "Answered by: Epoch 1" in page and "Answers by class" in page
    asked = client.post(f"/api/v1/models/{aborted}/classify", json={**source, "checkpoint": "last"})
    assert asked.status_code == 202
    refused = client.post(f"/api/v1/models/{aborted}/classify", json={**source, "checkpoint": "epoch-0009"})
    assert refused.status_code == 404
    with studio.store.read() as connection:
        queued = connection.execute(select(jobs.c.arguments).where(jobs.c.id == asked.json()["id"])).scalar_one()
    assert queued["epoch"] == 2 and get_model(studio.store, aborted).state == "aborted"
