"""What went in, what came out: the pictures are the training's own, the answers the model's own."""

import base64
import re
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from glasshouse.data.augment import augment
from glasshouse.data.dataset import open_dataset
from glasshouse.events import CheckpointSaved
from glasshouse.export.bundle import load_model
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.training.loop import train
from glasshouse.web.app import create_app
from glasshouse.web.follow.inputs import inputs_and_outputs
from studio_seed import Studio

HERE = "http://127.0.0.1:8800"


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url=HERE) as one:
        yield one


def until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 120
    while (found := ask()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def pixels(address: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))).convert("L"))


def test_the_answers_are_the_models_and_the_page_shows_them(client: TestClient, studio: Studio) -> None:
    address = f"/models/{studio.model}/in-and-out"
    moved = client.get(address)
    assert (moved.status_code, moved.url.path) == (200, f"/models/{studio.model}/follow/inputs")
    assert re.search(rf'href="/models/{studio.model}/follow/inputs"\s+aria-current="page"', moved.text)
    found = until(lambda: one if (one := client.get(f"/api/v1{address}").json())["ready"] else None)
    assert (found["shape"], found["classes"], found["moment"], len(found["pictures"])) == ([28, 28, 1], 3, "model", 6)
    model = load_model(studio.store.path(get_model(studio.store, studio.model).folder))
    split = open_dataset(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["train"]
    for one in found["pictures"]:
        row = list(split.paths).index(one["path"])
        alone = model.probabilities(split.rows(np.array([row])))[0]
        assert one["top"][0] == {"label": model.classes[alone.argmax()], "probability": float(alone.max())}
        assert model.classes[split.labels[row]] == one["label"]
    part = client.get(f"{address}/pictures")
    assert (part.status_code, part.headers["X-Live"]) == (200, "end")
    assert found["pictures"][0]["path"] in part.text


def test_a_training_that_goes_on_answers_by_its_best_checkpoint(studio: Studio, tmp_path: Path) -> None:
    data = studio.store.path(get_dataset(studio.store, studio.dataset).folder)
    recipe = TrainingRecipe(data=str(data), network="Dense128", epochs=3, augmentation={"rotation": 40}, seed=9)
    run = tmp_path / "run"
    before = until(lambda: inputs_and_outputs(run, data, recipe.model_dump(mode="json")))
    assert (before["moment"], before["pictures"][0]["top"]) == ("", [])
    events = train(recipe, run)
    for event in events:
        if isinstance(event, CheckpointSaved) and "best" in event.path:
            break
    events.close()
    assert not (run / "model").exists()
    after = until(lambda: inputs_and_outputs(run, data, recipe.model_dump(mode="json")))
    assert after["moment"] == "best"
    assert sum(one["probability"] for one in after["pictures"][0]["top"]) == pytest.approx(1, abs=1e-4)
    split = open_dataset(data).splits["train"]
    row = np.array([list(split.paths).index(after["pictures"][0]["path"])])
    whole = torch.from_numpy(split.rows(row)).permute(0, 3, 1, 2).float().div(255)
    labels = torch.from_numpy(split.labels[row])
    seen, _ = augment(whole, labels, row, recipe.augmentation, 9, 1, 3)
    expected = seen.clamp(0, 1).mul(255).round().byte()[0, 0].numpy()
    assert np.abs(pixels(after["pictures"][0]["seen"][2]).astype(int) - expected).max() <= 1


def test_an_unknown_model_is_missing(client: TestClient) -> None:
    found = client.get("/api/v1/models/unknown/in-and-out")
    assert found.status_code == 404
