"""One picture within a model: its page, the list that it is of, its checks and the API; nothing is shown unchecked."""

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from glasshouse.data.dataset import open_dataset
from glasshouse.explanation.checks import pictures as checked_pictures
from glasshouse.explanation.checks.kept_checks import check_facts, kept_checks
from glasshouse.explanation.checks.result import Check, CheckTest
from glasshouse.explanation.kept import keep_object
from glasshouse.explanation.opened import open_model
from glasshouse.jobs.predictor import Predictor
from glasshouse.recipe import TrainingRecipe
from glasshouse.store import predictor as asking
from glasshouse.store.datasets import get_dataset
from glasshouse.store.explanations import latest_explanation
from glasshouse.store.models import get_model
from glasshouse.store.results import result_place, write_answers
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.training.loop import train
from glasshouse.web.app import create_app
from glasshouse.web.explained.lists import Asked, listed
from studio_seed import Studio, finish, make_dataset


@pytest.fixture(scope="module")
def model(studio: Studio) -> str:
    """A LeNet of its own, since it gets checks, with answers of which every other is wrong."""
    store, data = studio.store, make_dataset(studio.store, "Explained", studio.pictures)
    recipe = {"network": "LeNet", "epochs": 1, "batch_size": 16}
    (made,) = submit_models(store, NewModel("Explained", data, recipe))
    folder = store.path(get_dataset(store, data).folder)
    list(train(TrainingRecipe(**{**recipe, "data": str(folder)}), store.path(made.folder)))
    finish(store, get_model(store, made.id).job_id)
    key = made.id
    run, labels = run_of(studio, key), data_of(studio, key).splits["val"].labels
    write_answers(
        result_place(run, "val"), labels, np.eye(3, dtype=np.float32)[(labels + np.arange(len(labels)) % 2) % 3]
    )
    return key


def run_of(studio: Studio, key: str) -> Path:
    return studio.store.path(get_model(studio.store, key).folder)


def data_of(studio: Studio, key: str) -> Any:
    record = get_model(studio.store, key)
    return open_dataset(studio.store.path(get_dataset(studio.store, str(record.dataset_id)).folder))


@pytest.fixture
def client(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    predictor = Predictor(studio.store)

    def exchange(store: Any, question: bytes, picture: bytes) -> bytes:
        return json.dumps(predictor.answer(json.loads(question), picture)).encode()

    monkeypatch.setattr(asking, "_exchange", exchange)
    with TestClient(create_app(studio.store), base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


def shown(client: TestClient, address: str) -> str:
    for _ in range(200):
        page = client.get(address)
        assert page.status_code == 200, page.text
        if "data-live" not in page.text:
            return page.text
        time.sleep(0.05)
    raise AssertionError("the map did not come")


def told(ask: Any) -> dict[str, Any]:
    for _ in range(200):
        found: dict[str, Any] = ask().json()
        if found.get("state") != "working":
            return found
        time.sleep(0.05)
    raise AssertionError("the answer did not come")


def keep(studio: Studio, key: str, check: Check) -> None:
    """Leave the result of a check as its job does."""
    opened = open_model(run_of(studio, key), data_of(studio, key).path)
    keep_object(opened, f"check-{check.method}", check_facts(check.method, opened.dataset.fingerprint), check.to_dict())  # type: ignore[union-attr]


def test_the_page_of_a_mistake_leads_along_its_list_and_back(client: TestClient, model: str) -> None:
    result = client.get(f"/models/{model}/result").text
    first = re.search(rf'href="(/models/{model}/pictures/val/\d+\?list=mistakes)"', result)
    assert first, "a thumbnail of the result leads to the page of its picture"
    page = shown(client, first[1])
    assert 'id="evidence"' in page and "not checked" in page, "no map without its check's result"
    following = re.search(r'data-key="ArrowRight" href="([^"]+)"', page)
    assert following and following[1].endswith("?list=mistakes") and "Next mistake" in page
    assert 'data-key="ArrowLeft"' not in page, "it is the first"
    assert f'href="/models/{model}/result?split=val#surest"' in page, "back to where it is listed"
    second = shown(client, following[1])
    assert f'data-key="ArrowLeft" href="{first[1]}"' in second
    other = re.search(r'<a href="([^"]+method=occlusion[^"]*)"', second)
    assert other and "list=mistakes" in other[1], "another method stays in the list"


def test_a_method_that_failed_is_named_and_not_drawn_not_even_over_the_api(
    client: TestClient, studio: Studio, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_pictures, "FEWEST", 5)
    place = f"/api/v1/models/{model}/explanations"
    before = told(lambda: client.get(f"{place}/picture?row=1&method=occlusion&values=true"))
    assert len(before["values"]) == 28 and before["check"]["passed"] is None and before["check"]["reason"]
    page = f"/models/{model}/pictures/val/1?method=occlusion"
    assert 'id="evidence"' in shown(client, page)
    test = CheckTest("mosaics", 0.2, 0.1, 0.24, 0.25, passed=False, reason="it points anywhere")
    keep(studio, model, Check("occlusion", False, "it points anywhere", (test,), 50))
    failed = shown(client, page)
    assert 'id="evidence"' not in failed and "failed, not shown" in failed and "it points anywhere" in failed
    after = told(lambda: client.get(f"{place}/picture?row=1&method=occlusion&values=true"))
    assert after["values"] is None and after["check"]["passed"] is False and after["label"] == before["label"]
    checks = {one["method"]: one for one in client.get(f"{place}/checks").json()["checks"]}
    assert checks["occlusion"]["tests"][0]["value"] == 0.2 and checks["grad-cam"]["passed"] is None
    details = client.get(f"/models/{model}/explanations").text
    assert "failed, not shown" in details and "not checked" in details


def test_results_of_other_weights_are_not_taken_for_this_model(studio: Studio, model: str) -> None:
    keep(studio, model, Check("grad-cam", True, pictures=50))
    run = run_of(studio, model)
    assert kept_checks(run)["grad-cam"].passed and not kept_checks(run, "another dataset")
    (file,) = (run / "explanations").glob("check-grad-cam-*.json")
    text = file.read_text()
    file.write_text(text.replace('"pictures": 50', '"pictures": 51'))
    assert "grad-cam" not in kept_checks(run), "its checksum tells"
    file.unlink()


def test_a_sent_picture_is_explained_and_a_kept_one_has_a_page(client: TestClient, model: str) -> None:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)).save(out, "PNG")
    found = told(lambda: client.post(f"/api/v1/models/{model}/explanations/picture", content=out.getvalue()))
    assert found["class"] == found["label"] and found["layer"] and found["path"] is None
    classified = client.post(f"/models/{model}/classify", files={"picture": ("p.png", out.getvalue(), "image/png")})
    seen = re.search(r'name="seen" value="([^"]+)"', classified.text)
    assert seen, "Classify One offers it"
    kept = client.post(f"/models/{model}/pictures", data={"seen": seen[1]})
    assert kept.status_code == 303 and "/pictures/kept/" in kept.headers["location"]
    page = shown(client, kept.headers["location"])
    assert 'id="evidence"' in page and "Why “" in page and f"/models/{model}/classify" in page
    assert client.post(f"/models/{model}/pictures", data={"seen": "?"}).status_code == 422


def test_the_checks_are_queued_once_and_come_back_to_the_page(client: TestClient, studio: Studio, model: str) -> None:
    back = f"/models/{model}/pictures/val/0?{urlencode({'list': 'mistakes'})}"
    for _ in range(2):
        sent = client.post(f"/models/{model}/explanations", data={"back": back})
        assert sent.headers["location"] == back
    assert client.post(f"/models/{model}/explanations", data={"back": "//elsewhere"}).headers["location"] == (
        f"/models/{model}/explanations"
    )
    job = latest_explanation(studio.store, model, "checks")
    assert job is not None and job.state.live
    assert "The explanations are being checked." in client.get(back).text
    assert "Abort" in client.get(f"/models/{model}/explanations").text
    assert client.get(f"/models/{model}/explanations/live").status_code == 200
    client.post(f"/models/{model}/explanations/abort")
    ended = latest_explanation(studio.store, model, "checks")
    assert ended is not None and not ended.state.live


def test_what_is_not_there_is_missing(client: TestClient, model: str) -> None:
    for path in ("val/9999", "test/0", "nothing/0", "kept/0123456789abcdef", "many/nothing/0"):
        assert client.get(f"/models/{model}/pictures/{path}").status_code == 404, path
    wrong = client.get(f"/models/{model}/pictures/val/0?class=nothing")
    assert wrong.status_code in (200, 422)


def test_a_list_knows_its_neighbours_and_the_nearest_mistakes() -> None:
    class answers:  # noqa: N801
        labels = np.array([0, 0, 1, 1])
        top = np.array([[0], [1], [1], [0]])
        top_probability = np.array([[0.9], [0.6], [0.8], [0.7]])

    every = listed(Asked(), 2, answers, 4, ["a", "b"])  # type: ignore[arg-type]
    assert (every.at, every.before, every.after, every.mistake(-1), every.mistake(1)) == (2, 1, 3, 1, 3)
    assert not every.mistakes_only and every.reel == [0, 1, 2, 3]
    mistakes = listed(Asked.model_validate({"list": "mistakes"}), 3, answers, 4, ["a", "b"])  # type: ignore[arg-type]
    assert (
        mistakes.rows.tolist() == [3, 1] and mistakes.mistakes_only and (mistakes.before, mistakes.after) == (None, 1)
    )
    elsewhere = listed(Asked.model_validate({"list": "mistakes"}), 0, answers, 4, ["a", "b"])  # type: ignore[arg-type]
    assert elsewhere.at is None and elsewhere.after is None and elsewhere.reel == []
