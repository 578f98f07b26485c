"""The verdict on a finished model: its sentence and its button on the page, and the same over the API."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from glasshouse.evaluation.verdict import NextStep
from glasshouse.store.models import get_model
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.context.job_resource import model_resource
from glasshouse.web.framework.language import texts
from glasshouse.web.models.advice import _button
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost") as made:
        yield made


def test_page_and_api_tell_the_same_verdict(client: TestClient, studio: Studio) -> None:
    told = client.get(f"/api/v1/models/{studio.model}").json()["verdict"]
    assert told["count"] == get_model(studio.store, studio.model).scores["count"] and told["message"]
    for address in (f"/models/{studio.model}", f"/models/{studio.model}/result"):
        text = re.sub(r"\s+", " ", client.get(address).text)
        verdict = text.split('aria-labelledby="verdict"')[1].split("</section>")[0]
        assert told["message"] in verdict and told["step"]["message"] in verdict
        assert len(re.findall(r'class="(?:button )?primary"', text)) == 1, "one primary button a page"
        assert verdict.count("<details") <= 1
    korean = client.get(f"/models/{studio.model}", headers={"accept-language": "ko"}).text
    assert "처음 본 이미지" in korean.split('aria-labelledby="verdict"')[1]
    listed = client.get("/api/v1/models").json()["items"]
    assert {one["verdict"] for one in listed} == {None}, "of single models alone"


def test_a_model_that_is_not_done_has_no_verdict(client: TestClient, studio: Studio) -> None:
    (waiting,) = submit_models(studio.store, NewModel("waits", studio.dataset, {"network": "Dense128"}))
    assert client.get(f"/api/v1/models/{waiting.id}").json()["verdict"] is None
    assert 'aria-labelledby="verdict"' not in client.get(f"/models/{waiting.id}").text


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", ["pretrained", "epochs", "pictures", "augmentation", "labels", "good"])
def test_every_step_has_a_button_that_leads_somewhere(
    client: TestClient, studio: Studio, kind: str, language: str
) -> None:
    job = model_resource(studio.store, get_model(studio.store, studio.model))
    button = _button(texts(language).gettext, job, None, NextStep(kind, "do it"))  # type: ignore[arg-type]
    assert button.label
    if button.sent:
        assert button.address == f"/models/{job.id}/continue" and int(button.sent["epochs"]) > 0
    else:
        assert client.get(button.address.split("#")[0]).status_code == 200
    lost = replace(job, dataset=None)
    assert _button(str, lost, None, NextStep("pictures", "")).address == "/datasets/new"


def test_the_clone_with_augmentation_has_it_filled_in(client: TestClient, studio: Studio) -> None:
    job = model_resource(studio.store, get_model(studio.store, studio.model))
    button = _button(str, job, None, NextStep("augmentation", ""))
    text = client.get(button.address).text
    assert re.search(r'name="augmentation\.rotation"[^>]*value="10"', text)
