"""What is downloaded is the dataset: folders made into a dataset again, the table, the files themselves."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.items import Given
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe
from glasshouse.web.app import create_app
from glasshouse.web.datasets.exports import folder_names, folders_zip, own_zip, table
from studio_seed import Studio

HOSTILE = ["../up", "a/b", "<b>x</b>", "CON", "train", ".hidden", "a_b", "A_B", "고양이", "=1+1", "x" * 300, " "]


def made(folder: Path, classes: list[str], encoding: str, color: str) -> Dataset:
    random = np.random.default_rng(3)
    shape = (12, 20, 3) if color == "rgb" else (12, 20)
    images = random.integers(0, 256, (8 * len(classes), *shape), dtype=np.uint8)
    recipe = DatasetRecipe(source="arrays", width=20, height=12, encoding=encoding, color=color, valid=0.25, test=0.25,
                           labels={"by": "given"}, twins=False)  # fmt: skip
    return create_dataset(recipe, folder, Given(images=images, targets=[k % len(classes) for k in range(len(images))],
                                                classes=classes))  # fmt: skip


def contents(dataset: Dataset, names: list[str]) -> Counter[tuple[str, str, bytes]]:
    """Return split, class and pixels of every picture."""
    return Counter(
        (name, names[label], pixels.tobytes())
        for name, split in dataset.splits.items()
        for label, pixels in zip(split.labels.tolist(), split.rows(np.arange(len(split))))
    )


def again(source: Path, place: Path, color: str, **more: object) -> Dataset:
    recipe = DatasetRecipe(source=str(source), width=20, height=12, color=color, valid=0, twins=False, **more)
    return create_dataset(recipe, place)


@pytest.mark.parametrize(("encoding", "color"), [("raw", "rgb"), ("png", "gray"), ("jpeg", "rgb"), ("jpeg", "gray")])
def test_downloaded_folders_make_the_same_dataset_again(tmp_path: Path, encoding: str, color: str) -> None:
    dataset = made(tmp_path / "one", ["cat", "dog", "cow"], encoding, color)
    (tmp_path / "it.zip").write_bytes(b"".join(folders_zip(dataset)))
    second = again(tmp_path / "it.zip", tmp_path / "two", color)
    assert second.rejected == ()
    assert contents(second, list(second.classes)) == contents(dataset, list(dataset.classes))


def test_hostile_class_names_stay_apart_and_come_back(tmp_path: Path) -> None:
    dataset = made(tmp_path / "one", HOSTILE, "raw", "rgb")
    (tmp_path / "it.zip").write_bytes(b"".join(folders_zip(dataset)))
    safe = folder_names(dataset.classes)
    second = again(tmp_path / "it.zip", tmp_path / "two", "rgb")
    assert contents(second, list(second.classes)) == contents(dataset, safe)
    with zipfile.ZipFile(tmp_path / "it.zip") as archive:
        assert archive.testzip() is None
        assert all(".." not in name.split("/") and not name.startswith("/") for name in archive.namelist())
        archive.extractall(tmp_path / "out")
    third = again(tmp_path / "out" / "labels.csv", tmp_path / "three", "rgb")
    named = [name for name in dataset.classes if name.strip()]
    kept = {key: n for key, n in contents(dataset, list(dataset.classes)).items() if key[1].strip()}
    assert sorted(third.classes) == sorted(named)
    assert contents(third, list(third.classes)) == kept


def test_folder_names_differ_on_every_system() -> None:
    names = folder_names([*HOSTILE, "cafe\u0301", "café", "caf\u00e9 "])
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name and "/" not in name and "<" not in name and len(name.encode()) <= 120 for name in names)


def test_the_dataset_itself_opens_again_and_is_equal(tmp_path: Path) -> None:
    dataset = made(tmp_path / "one", ["cat", "dog"], "raw", "gray")
    with zipfile.ZipFile(io.BytesIO(b"".join(own_zip(dataset)))) as archive:
        archive.extractall(tmp_path / "two")
    second = open_dataset(tmp_path / "two")
    assert second.fingerprint == dataset.fingerprint
    assert contents(second, ["cat", "dog"]) == contents(dataset, ["cat", "dog"])


def test_the_table_names_each_picture_and_its_file(tmp_path: Path) -> None:
    dataset = made(tmp_path / "one", ["cat", "=dog"], "raw", "gray")
    rows = list(csv.DictReader(io.StringIO("".join(table(dataset)).removeprefix("\ufeff"))))
    files = zipfile.ZipFile(io.BytesIO(b"".join(folders_zip(dataset)))).namelist()
    assert [row["file"] for row in rows] == [name for name in files if name != "labels.csv"]
    assert [row["path"] for row in rows] == [path for split in dataset.splits.values() for path in split.paths]
    assert {row["class"] for row in rows} == {"cat", "'=dog"}
    assert {(row["width"], row["height"]) for row in rows} == {("20", "12")}


def test_downloads_over_http(studio: Studio) -> None:
    folder = studio.store.path(f"datasets/{studio.dataset}")
    with TestClient(create_app(studio.store), base_url="http://localhost") as client:
        for start in (f"/datasets/{studio.dataset}", f"/api/v1/datasets/{studio.dataset}"):
            arrow = client.get(f"{start}/download/train.arrow")
            assert arrow.content == (folder / "train.arrow").read_bytes()
            archive = client.get(f"{start}/download/folders.zip")
            names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
            assert sum(name.endswith(".png") for name in names) == 90
            assert "Corners-folders.zip" in archive.headers["content-disposition"]
            for name in ("..%2F..%2Fglasshouse.db", "glasshouse.db", "recipe.json.bak", "features"):
                assert client.get(f"{start}/download/{name}").status_code == 404
