"""The map and the shortcut alarm as pages and over the API, of files as their jobs leave them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.data.dataset import Dataset
from glasshouse.integrity.arrays import write_arrays
from glasshouse.integrity.documents import with_checksum
from glasshouse.messages import Message, with_parts
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.picture_map.chosen import inside
from studio_seed import Studio, make_model


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="module")
def dataset(studio: Studio) -> Dataset:
    return opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder))


@pytest.fixture(scope="module")
def mapped(studio: Studio, dataset: Dataset) -> str:
    """A model whose map has the validation pictures on a line; every third answer is wrong."""
    key = make_model(studio.store, studio.dataset, "Mapped")
    run = studio.store.path(get_model(studio.store, key).folder)
    labels = dataset.splits["val"].labels.astype(np.int32)
    count = len(labels)
    wrong = np.arange(count) % 3 == 0
    line = np.stack([np.arange(count), np.zeros(count)], 1).astype(np.float32)
    (run / "explanations").mkdir(parents=True, exist_ok=True)
    write_arrays(run / "explanations" / "map-val.npz", {
        "pca": line, "tsne": line[::-1].copy(), "labels": labels,
        "predicted": np.where(wrong, (labels + 1) % 3, labels).astype(np.int32), "right": ~wrong,
        "rows": np.arange(count, dtype=np.int32), "splits": np.zeros(count, np.int32), "parts": np.array(["val"]),
        "names": np.array(dataset.classes), "steps": np.array([75, 750]), "explained": np.array([0.5, 0.25]),
        "dataset": np.array(dataset.fingerprint), "weights": np.array("w"),
    })  # fmt: skip
    message = Message("The model goes by {count} marks in the pictures.", count=1)
    mark = {"kind": "corner", "class": dataset.classes[0], "box": [20, 2, 26, 8], "share": 0.4, "interval": [0.2, 0.6],
            "control": 0.0, "p": 1e-6, "bearing": 9, "own": 10, "others_bearing": 0, "others": 20, "rows": [0, 1],
            "message": message}  # fmt: skip
    _keep(run, "shortcuts-val", {"split": "val", "pictures": count, "tried": 2, "found": [dict(with_parts(mark))],
                                 "notes": [], "dataset": dataset.fingerprint})  # fmt: skip
    return key


def test_a_map_over_the_api_is_numbers_in_one_order(client: TestClient, mapped: str, dataset: Dataset) -> None:
    place, count = f"/api/v1/models/{mapped}/map", len(dataset.splits["val"])
    told = client.get(place).json()
    assert (told["count"], told["iteration"], told["iterations"], told["parts"]) == (count, 75, 750, ["val"])
    points = np.frombuffer(client.get(f"{place}/points").content, "<i4").reshape(-1, 5)
    answer = client.get(f"{place}/positions?method=tsne")
    places = np.frombuffer(answer.content, "<f4").reshape(-1, 2)
    assert answer.headers["x-iteration"] == "75" and places[0].tolist() == [count - 1, 0]
    assert (points[:, 0] == dataset.splits["val"].labels).all() and (points[:, 3] == np.arange(count)).all()
    wrong = client.get(f"{place}/chosen?show=wrong&limit=1000").json()
    assert [one["number"] for one in wrong["items"]] == np.flatnonzero(points[:, 4] == 0).tolist()
    assert all(one["path"] == dataset.splits["val"].paths[one["row"]] for one in wrong["items"])
    near = client.get(f"{place}/chosen?near=3&limit=3&class={dataset.classes[int(points[3, 0])]}").json()["items"]
    assert near[0]["number"] == 3 and all(one["label"] == near[0]["label"] for one in near)
    lasso = client.get(f"{place}/chosen?method=pca&lasso=1.5,-1,4.5,-1,4.5,1,1.5,1").json()
    assert [one["row"] for one in lasso["items"]] == [2, 3, 4]
    assert client.get(f"{place}/chosen?lasso=1,2,x").json()["count"] == count
    assert client.get(f"/api/v1/models/{mapped}/map?split=train").status_code == 404


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_lists_the_pictures_that_are_chosen(
    client: TestClient, mapped: str, dataset: Dataset, language: str
) -> None:
    headers = {"accept-language": language}
    page = client.get(f"/models/{mapped}/map?show=wrong", headers=headers).text
    rows = [row for row in range(len(dataset.splits["val"])) if row % 3 == 0]
    assert [row for row in rows[:24] if f'data-point="{row}"' not in page] == []
    assert page.count("data-point=") == min(24, len(rows)) and 'data-point="1"' not in page
    near = client.get(f"/models/{mapped}/map?near=2&method=pca", headers=headers).text
    assert near.index('data-point="2"') < near.index('data-point="1"') < near.index('data-point="5"')
    offered = client.get(f"/models/{mapped}/map?split=train", headers=headers).text
    assert "data-map=" not in offered and "<button" in offered
    assert client.post(f"/models/{mapped}/map", data={"split": "test"}).status_code == 422


def test_the_page_of_shortcuts_shows_the_box_and_what_hiding_it_costs(
    client: TestClient, studio: Studio, mapped: str
) -> None:
    page = client.get(f"/models/{mapped}/shortcuts").text
    assert '<rect x="20" y="2" width="6" height="6"/>' in page and 'value="20,2,26,8"' in page
    assert "The model goes by 1 marks" in page and "The model takes a shortcut" in page
    assert "모서리에 있는 표식" in client.get(f"/models/{mapped}/shortcuts", headers={"accept-language": "ko"}).text
    run = studio.store.path(get_model(studio.store, mapped).folder)
    _keep(run, "hidden-val-20-2-26-8", {
        "split": "val", "box": [20, 2, 26, 8], "count": 18, "accuracy": 0.9, "interval": [0.7, 0.97], "hidden": 0.6,
        "hidden_interval": [0.4, 0.8], "lost": 6, "won": 0, "p": 0.03,
    })  # fmt: skip
    measured = client.get(f"/models/{mapped}/shortcuts").text
    assert re.search(rf'href="/models/{mapped}/follow"\s+aria-current="page"', measured), "its tab is marked"
    assert "With the region hidden" in measured and "60.0" in measured
    assert "The difference is statistically significant." in measured
    told = client.get(f"/api/v1/models/{mapped}/shortcuts").json()
    assert told["found"][0]["label"] and told["found"][0]["hidden"]["lost"] == 6
    for box in ("1,2,3", "1,2,3,x"):
        assert client.post(f"/models/{mapped}/shortcuts", data={"box": box}).status_code == 422
    assert client.post(f"/models/{mapped}/shortcuts", data={"split": "val"}).status_code == 303
    assert client.get(f"/models/{mapped}/shortcuts/live").status_code == 200


def test_a_lasso_holds_what_lies_within() -> None:
    places = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5], [-1, 0.5]], np.float32)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    assert inside(places, corners).tolist() == [True, False, False, False]


def _keep(run: Path, name: str, content: dict[str, object]) -> None:
    text = json.dumps(with_checksum(content), ensure_ascii=False)
    (run / "explanations" / f"{name}.json").write_text(text, encoding="utf-8")
