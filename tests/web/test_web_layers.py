"""What the layers see, on the pages and over the API: kept by a job, wandered through without another."""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.events import result_of
from glasshouse.explanation.layers.kept_layers import found_filters, found_statistics
from glasshouse.explanation.opened import open_model
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.datasets import get_dataset
from glasshouse.store.explanations import latest_explanation
from glasshouse.store.models import get_model
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.training.loop import train
from glasshouse.web.app import create_app
from glasshouse.web.layers.picture_view import blocks, excitement
from studio_seed import Studio, finish


@pytest.fixture(scope="module")
def model(studio: Studio) -> str:
    """A LeNet of one epoch in the Studio."""
    recipe = {"network": "LeNet", "epochs": 1, "batch_size": 32}
    (record,) = submit_models(studio.store, NewModel("Looked into", studio.dataset, recipe))
    data = studio.store.path(get_dataset(studio.store, studio.dataset).folder)
    list(train(TrainingRecipe(**{**recipe, "data": str(data)}), studio.store.path(record.folder)))
    finish(studio.store, get_model(studio.store, record.id).job_id)
    return record.id


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost") as made:
        yield made


def test_the_layers_are_wandered_through_once_a_job_has_looked(studio: Studio, client: TestClient, model: str) -> None:
    page, api = f"/models/{model}/layers", f"/api/v1/models/{model}"
    before = client.get(page)
    assert "Look at the layers" in before.text and client.get(f"{api}/layers").status_code == 404
    assert client.post(page, data={"split": "val"}, follow_redirects=False).status_code == 303
    assert "data-live" in client.get(page).text
    job = latest_explanation(studio.store, model, "filters")
    assert job is not None
    assert client.post(f"{api}/explanations", json={"do": "filters"}).json()["id"] == job.id
    assert client.post(f"{api}/explanations", json={"do": "paint"}).status_code == 422
    data = studio.store.path(get_dataset(studio.store, studio.dataset).folder)
    opened = open_model(studio.store.path(get_model(studio.store, model).folder), data)
    result_of(found_filters(opened, "val"))
    result_of(found_statistics(opened, "val"))
    finish(studio.store, job.id)
    shown = client.get(f"{page}?layer=conv1&filter=4").text
    assert "20 filters over" in shown and shown.count('class="framed"') == 9
    address = re.findall(r'src="(/models/[^"]+/nine/[^"]+)"', shown)[0]
    assert client.get(address).content[:4] == b"\x89PNG"
    assert client.get(re.sub(r"/nine/[0-9a-f]+/", "/nine/123456789abc/", address)).status_code == 404
    row = re.findall(r"row=(\d+)", shown)[0]
    back = client.get(f"{page}?layer=conv1&filter=4&row={row}").text
    assert "conv1 · 4" in back and "What this picture excites" in back
    found = client.get(f"{api}/filters", params={"layer": "conv1", "filter": 4}).json()["filters"][0]
    assert len(found["examples"]) == 9 and str(found["examples"][0]["row"]) == row
    assert [one["name"] for one in client.get(f"{api}/layers").json()["layers"]] == ["conv1", "conv2"]
    assert client.get(f"{api}/filters", params={"layer": "dense"}).status_code == 404
    numbers = client.get(f"{page}/statistics").text
    assert "Dead units" in numbers and "dense" in numbers
    assert client.get(f"{api}/statistics").json()["layers"][0]["name"] == "conv1"


def test_a_picture_leads_to_the_filters_that_it_excites_most_beside_all_others() -> None:
    values = np.array([[4.0, 2.0, 0.0], [1.0, 1.0, 0.0]])
    layer = SimpleNamespace(name="conv", values=values, filters=3, field=SimpleNamespace(height=5, width=5))
    kept = SimpleNamespace(layers={"conv": layer})
    (found,) = excitement(kept, {"conv": [1.0, 1.5, 3.0]})  # type: ignore[arg-type]
    assert [(one.filter, one.share) for one in found.filters] == [(1, 0.75), (0, 0.25)]
    assert excitement(kept, {"conv": [0.0, -1.0, 0.0]}) == []  # type: ignore[arg-type]


def test_the_network_is_drawn_as_high_as_its_maps_and_as_dark_as_they_are_awake() -> None:
    layers = [{"name": "a", "shape": [8, 16, 16], "zeros": 0.25}, {"name": "b", "shape": [8, 4, 4], "zeros": 0.0},
              {"name": "c", "shape": [10], "zeros": 1.0}]  # fmt: skip
    first, second, last = blocks(layers)
    assert first.height == 2 * second.height == 120
    assert first.x < second.x < last.x
    assert [one.alive for one in (first, second, last)] == [0.75, 1.0, 0.0]
    assert last.height < second.height


def test_a_network_without_convolutions_says_so(studio: Studio, client: TestClient) -> None:
    data = studio.store.path(get_dataset(studio.store, studio.dataset).folder)
    result_of(found_filters(open_model(studio.store.path(f"runs/{studio.model}"), data), "val"))
    assert "This network has no convolutions" in client.get(f"/models/{studio.model}/layers").text
