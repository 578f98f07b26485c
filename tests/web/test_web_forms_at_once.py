"""A form says all that is wrong with it in one answer, each thing once, and shows what can be shown in spite of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from glasshouse.web.app import create_app
from pictures import write_class_folders
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


def test_a_dataset_without_a_name_keeps_its_preview(client: TestClient, studio: Studio) -> None:
    form = {"from": "folder", "source": str(studio.pictures), "width": "9", "height": "9", "twins": "yes"}
    answer = client.post("/datasets/new", data={**form, "name": ""})
    assert answer.status_code == 422
    assert "data:image" in answer.text and 'id="wrong-name"' in answer.text
    assert 'id="wrong-width"' not in answer.text


def test_all_that_is_wrong_with_a_dataset_is_told_at_once(client: TestClient, studio: Studio) -> None:
    wrong = {"name": " ", "width": "0", "quality": "200", "group": "(", "min_per_class": "9", "max_per_class": "3"}
    form = {"from": "folder", "source": str(studio.pictures), "height": "9", **wrong}
    text = client.post("/datasets/new", data=form).text
    for field in ("name", "width", "quality", "group", "max_per_class"):
        assert f'id="wrong-{field}"' in text, field
        assert f'href="#field-{field}"' in text, field
    assert "data:image" in text
    assert "The preview takes the usual value for what is not right yet" in text


def test_a_source_that_cannot_be_used_is_told_together_with_the_rest(client: TestClient, studio: Studio) -> None:
    empty = Path(studio.store.folders[0]) / "nothing"
    empty.mkdir(exist_ok=True)
    text = client.post("/datasets/new", data={"from": "folder", "source": str(empty), "name": "", "width": "x"}).text
    assert 'id="wrong-name"' in text and 'id="wrong-width"' in text and 'id="wrong-source"' in text


def test_long_advice_is_said_once_on_a_page(client: TestClient, studio: Studio) -> None:
    flat = Path(studio.store.folders[0]) / "flat"
    write_class_folders(flat, {"cat": 3})
    text = client.get("/datasets/new", params={"from": "folder", "source": str(flat), "name": "x"}).text
    assert text.count("a classifier needs two or more") == 1


def test_all_that_is_wrong_with_a_model_is_told_at_once(client: TestClient, studio: Studio) -> None:
    wrong = {"name": "", "optimizer.lr": "fast", "batch_size": "8 many", "epochs": "-1", "dropout": "7",
             "schedule.name": "multi-step", "schedule.milestones": "half", "augmentation.rotation": "x"}  # fmt: skip
    text = client.post(
        "/models/new", data={"preset": "own", "dataset": studio.dataset, "network": "LeNet", **wrong}
    ).text
    for field in set(wrong) - {"schedule.name"}:
        assert f'id="wrong-{field}"' in text, field
    assert text.count("expected a number, or several with spaces between") <= 4  # beside two fields, and above


def test_a_missing_dataset_does_not_hide_the_rest(client: TestClient, studio: Studio) -> None:
    text = client.post("/models/new", data={"preset": "own", "dataset": "999", "name": "", "dropout": "7"}).text
    for field in ("dataset", "name", "dropout"):
        assert f'id="wrong-{field}"' in text, field


def test_a_sweep_of_too_many_is_told_beside_its_rates(client: TestClient, studio: Studio) -> None:
    form = {
        "preset": "own",
        "dataset": studio.dataset,
        "name": "",
        "network": "LeNet",
        "batch_size": "1 2 3 4 5 6 7 8 9",
    }
    text = client.post("/models/new", data={**form, "optimizer.lr": "1 2 3 4 5 6 7 8 9"}).text
    assert 'id="wrong-optimizer.lr"' in text and 'id="wrong-name"' in text


def test_parts_of_the_form_of_a_model_do_not_repeat_its_problems(client: TestClient, studio: Studio) -> None:
    query = {"preset": "own", "dataset": studio.dataset, "network": "LeNet", "schedule.name": "inverse",
             "schedule.power": "-4"}  # fmt: skip
    parts = [client.get(f"/live/{name}", params=query).text for name in ("plan", "schedule", "augmented", "estimate")]
    assert [part.count("greater than") for part in parts] == [1, 0, 0, 0]
    assert all("Power" in part for part in parts[:3])


def test_the_split_of_an_archive_with_parts_is_the_one_that_is_made(client: TestClient, studio: Studio) -> None:
    top = Path(studio.store.folders[0])
    inside = top / "parts"
    write_class_folders(inside / "train", {"cat": 6, "dog": 6}, seed=1)
    write_class_folders(inside / "val", {"cat": 2, "dog": 3}, seed=99)
    with ZipFile(top / "parts.zip", "w") as archive:
        for file in sorted(inside.rglob("*.jpg")):
            archive.write(file, file.relative_to(inside))
    query = {"source": str(top / "parts.zip"), "width": "9", "height": "9", "valid": "20", "test": "0"}
    text = client.get("/datasets/new/preview", params=query).text
    assert "Training: about 12" in text and "Validation: about 5" in text
    assert 'data-idle="valid"' in text and "the source has its own pictures for validation." in text
    page = client.get("/datasets/new", params={"from": "folder", "name": "x", **query}).text
    assert re.search(r'data-idle-of="valid">\s*Changes nothing here:', page)


def test_a_folder_that_is_looked_at_first_keeps_the_usual_settings(client: TestClient, studio: Studio) -> None:
    """The first form has no box for twins: that it sends none does not mean that the person unticked it."""
    first = client.get("/datasets/new", params={"from": "folder"}).text
    assert 'name="sent"' not in first
    seen = client.get("/datasets/new", params={"from": "folder", "source": str(studio.pictures), "example": ""}).text
    assert 'name="twins" form="dataset" value="yes" checked' in seen and 'name="sent"' in seen
