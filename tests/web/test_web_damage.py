"""Damage of what the Studio keeps: said on the page that shows it, in words; never a 500, never something else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glasshouse.data.dataset import open_dataset
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from studio_seed import Studio, copied


@pytest.fixture
def damaged(seed: Studio, tmp_path: Path) -> Iterator[Studio]:
    made = copied(seed, tmp_path / "home")
    yield made
    made.store.close()


@pytest.fixture
def client(damaged: Studio) -> Iterator[TestClient]:
    app = create_app(damaged.store)
    with TestClient(app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


def folder_of(studio: Studio) -> Path:
    return studio.store.path(get_dataset(studio.store, studio.dataset).folder)


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 4
    file.write_bytes(content)


PAGES = ("", "/explore?split=train", "/pictures/train/0", "/recipe", "/left-out", "/twins")


def answers(client: TestClient, base: str, pages: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    found = {}
    for page in pages:
        answer = client.get(base + page, headers={"accept-language": "en"})
        found[page] = (answer.status_code, re.sub(r"\s+", " ", answer.text))
    return found


@pytest.mark.parametrize("name", ["train.arrow", "dataset.json", "recipe.json", "twins.csv", "rejected.csv"])
def test_a_damaged_dataset_is_said_on_its_pages(damaged: Studio, client: TestClient, name: str) -> None:
    file = folder_of(damaged) / name
    if name == "train.arrow":
        stored = open_dataset(folder_of(damaged)).splits["train"].encoded(0)
        flip(file, file.read_bytes().index(stored) + 3)
    else:
        flip(file, len(file.read_bytes()) // 2)
    told = answers(client, f"/datasets/{damaged.dataset}", PAGES)
    told |= answers(client, f"/api/v1/datasets/{damaged.dataset}",
                    ("/pictures?split=train", "/pictures/train/0/image", "/twins", "/mean"))  # fmt: skip
    assert all(status < 500 for status, _ in told.values()), {page: status for page, (status, _) in told.items()}
    assert any("damaged" in text for _, text in told.values())
    if name == "train.arrow":
        for page in ("/explore?split=train", "/pictures/train/0", "/pictures/train/0/image", "/mean"):
            assert "train.arrow is damaged" in told[page][1], page
    assert not any("unexpected" in text or "went wrong inside" in text for _, text in told.values())


@pytest.mark.parametrize("name", ["weights.safetensors", "model.json", "recipe.json"])
def test_a_damaged_model_is_said_on_its_pages(damaged: Studio, client: TestClient, name: str) -> None:
    file = damaged.store.path(get_model(damaged.store, damaged.model).folder) / "model" / name
    if not file.is_file():
        pytest.skip("the seeded model has none")
    flip(file, len(file.read_bytes()) // 2)
    told = answers(client, f"/models/{damaged.model}", ("", "/classify", "/results", "/files", "/code", "/many"))
    assert all(status < 500 for status, _ in told.values()), {page: status for page, (status, _) in told.items()}
