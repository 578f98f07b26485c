"""Pictures that browsers do not show, HEIC and floats, are shown by the Studio as every other one is."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.store.database import open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.web.app import create_app
from glasshouse.web.datasets.originals import steps
from studio_seed import Studio, make_dataset

HEIC = Path(__file__).resolve().parents[1] / "data" / "heic"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A dataset of photos as a telephone takes them and of measured values, one of them a little above 1."""
    place = tmp_path_factory.mktemp("photos")
    given = place / "given" / "photos"
    for label, names in {"one": ("plain", "turned", "several"), "two": ("gray", "alpha", "ten-bit")}.items():
        (given / label).mkdir(parents=True)
        for name in names:
            (given / label / f"{name}.HEIC").write_bytes((HEIC / f"{name}.heic").read_bytes())
    ramp = np.linspace(0, 1, 1024, dtype=np.float32).reshape(32, 32)
    for number, factor in enumerate((1, 1.003)):
        for label in ("one", "two"):
            Image.fromarray(np.roll(ramp, 5 * number, 1) * np.float32(factor)).save(given / label / f"{number}.tif")
    store = open_store(place / "home", folders=(place / "given",))
    yield Studio(store, given, make_dataset(store, "Photos", given), "")
    store.close()


def _dataset(photos: Studio) -> Dataset:
    return open_dataset(photos.store.path(get_dataset(photos.store, photos.dataset).folder))


def test_all_of_them_are_in_the_dataset(photos: Studio) -> None:
    assert _dataset(photos).rejected == ()
    assert sum(len(split) for split in _dataset(photos).splits.values()) == 10


def test_originals_and_pages_show_them(photos: Studio) -> None:
    with TestClient(create_app(photos.store), base_url="http://localhost") as client:
        for name, split in _dataset(photos).splits.items():
            for row, path in enumerate(split.paths):
                answer = client.get(f"/api/v1/datasets/{photos.dataset}/pictures/{name}/{row}/original")
                assert answer.status_code == 200, path
                shown = Image.open(io.BytesIO(answer.content))
                assert shown.size == ((16, 32) if "turned" in path else (32, 32) if ".tif" in path else (32, 16))
        page = client.get(f"/datasets/{photos.dataset}/recipe").text
    assert "1. The file, as it lies there" in page
    assert "cannot be shown" not in page


def test_the_way_of_a_picture_ends_at_what_is_stored(photos: Studio) -> None:
    dataset = _dataset(photos)
    for name, split in dataset.splits.items():
        for row, path in enumerate(split.paths):
            way = list(steps(dataset, name, row, (photos.pictures / path).read_bytes()))
            assert [step.name for step in way] == ["file", "upright", "resized", "stored"]
            off = np.abs(way[2].picture.astype(int) - way[3].picture)  # pages resize without torch
            assert off.max() <= 2, path
