"""A dataset's pictures: pages that leave none out, counts, neighbours, originals, hostile names, who may look."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from corner_pictures import draw_pictures
from glasshouse.data.dataset import open_dataset
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.people import add_user
from glasshouse.store.records import Role
from glasshouse.web.app import create_app
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.datasets.statistics import mean_picture, sizes
from studio_seed import Studio, make_dataset

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A dataset whose files and classes have hostile names, with twins, a rare class and damaged files."""
    place = tmp_path_factory.mktemp("odd")
    pictures = draw_pictures(place / "given" / "odd", each=10)
    first = sorted((pictures / "both").iterdir())[0]
    (pictures / "left" / f"{EVIL}.png").write_bytes(b"damaged")
    (pictures / EVIL).mkdir()
    (pictures / EVIL / "=1+1.png").write_bytes(first.read_bytes() + b"rare")
    for name in ("=2+2", EVIL):
        (pictures / "both" / f"{name}.png").write_bytes(first.read_bytes())
    store = open_store(place / "home", folders=(place / "given",))
    yield Studio(store, pictures, make_dataset(store, "Odd", pictures), "")
    store.close()


def everything(client: TestClient, key: str, **query: object) -> list[dict[str, object]]:
    """Return all pictures that fit, page after page."""
    found, after = [], -1
    while after is not None:
        page = client.get(f"/api/v1/datasets/{key}/pictures", params={**query, "after": after}).json()
        found += page["items"]
        after = page["after"]
    return found


def test_pages_leave_no_picture_out_and_show_none_twice(client: TestClient, studio: Studio) -> None:
    split = open_dataset(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["train"]
    found = everything(client, studio.dataset, split="train", limit=7)
    assert [one["row"] for one in found] == list(range(len(split)))
    assert [one["path"] for one in found] == list(split.paths)


@pytest.mark.parametrize(("label", "words"), [("both", ""), ("", "00 .PNG"), ("left", "1"), ("left", "nowhere")])
def test_filters_find_what_a_plain_search_finds(client: TestClient, studio: Studio, label: str, words: str) -> None:
    dataset = open_dataset(studio.store.path(get_dataset(studio.store, studio.dataset).folder))
    split = dataset.splits["train"]
    expected = [
        path
        for path, number in zip(split.paths, split.labels.tolist())
        if label in ("", dataset.classes[number]) and all(word in path.lower() for word in words.lower().split())
    ]
    found = everything(client, studio.dataset, split="train", q=words, limit=5, **{"class": label})
    assert [one["path"] for one in found] == expected
    assert bool(expected) == (words != "nowhere")


def test_going_back_shows_the_page_that_was_left(client: TestClient, studio: Studio) -> None:
    address = f"/api/v1/datasets/{studio.dataset}/pictures"
    first = client.get(address, params={"limit": 9}).json()
    second = client.get(address, params={"limit": 9, "after": first["after"]}).json()
    assert client.get(address, params={"limit": 9, "before": second["before"]}).json()["items"] == first["items"]
    assert second["first"] == 10
    assert first["before"] is None


def test_counts_are_those_of_the_dataset(client: TestClient, studio: Studio) -> None:
    told = client.get(f"/api/v1/datasets/{studio.dataset}/statistics").json()
    dataset = open_dataset(studio.store.path(get_dataset(studio.store, studio.dataset).folder))
    for name, split in dataset.splits.items():
        assert list(told["counts"][name].values()) == np.bincount(split.labels, minlength=3).tolist()
        assert sum(told["counts"][name].values()) == len(split)
    assert told["median"] == [32, 32]
    text = client.get(f"/datasets/{studio.dataset}").text
    assert text.count('class="tip"') == 9
    assert "All have 32 × 32 pixels." in text


def test_neighbours_are_those_of_the_search(client: TestClient, studio: Studio) -> None:
    rows = [one["row"] for one in everything(client, studio.dataset, split="train", **{"class": "left"})]
    address = f"/api/v1/datasets/{studio.dataset}/pictures/train/{rows[1]}"
    told = client.get(address, params={"class": "left"}).json()
    assert (told["before"], told["after"]) == (rows[0], rows[2])
    text = client.get(f"/datasets/{studio.dataset}/pictures/train/{rows[1]}?class=left").text
    assert f'data-key="ArrowRight" href="/datasets/{studio.dataset}/pictures/train/{rows[2]}?class=left"' in text
    assert client.get(f"/datasets/{studio.dataset}/pictures/train/99999").status_code == 404


def test_the_mean_picture_is_the_mean(studio: Studio) -> None:
    dataset = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder))
    split = dataset.splits["train"]
    rows = split.rows(np.flatnonzero(split.labels == 1))
    seen = np.asarray(Image.open(io.BytesIO(mean_picture(dataset, dataset.classes[1])[0])))
    assert np.abs(seen.astype(float) - rows.mean(0)[..., 0]).max() <= 0.5
    assert sizes(dataset).count == sum(len(part) for part in dataset.splits.values())


def test_names_are_shown_as_text_on_every_page(odd: Studio) -> None:
    key = odd.dataset
    with TestClient(create_app(odd.store), base_url="http://localhost") as client:
        pages = ["", "/explore", "/left-out", "/twins", "/recipe", "/pictures/train/0", f"/explore?q={EVIL}"]
        texts = [client.get(f"/datasets/{key}{page}").text for page in pages]
        table = client.get(f"/datasets/{key}/table.csv").text
        preview = client.get("/datasets/new/preview", params={"source": str(odd.pictures), "width": 32, "height": 32})
    assert all(EVIL not in text for text in [*texts, preview.text])
    assert all("&lt;img src=x" in text for text in (texts[2], texts[3], preview.text))
    assert not re.search(r"^[=+@-]", table, flags=re.M)


def test_what_was_left_out_has_reasons_and_pictures_where_it_can(odd: Studio) -> None:
    with TestClient(create_app(odd.store), base_url="http://localhost") as client:
        told = client.get(f"/api/v1/datasets/{odd.dataset}/left-out").json()
        by_path = {one["path"]: (number, one["reason"]) for number, one in enumerate(told["items"])}
        rare, damaged = by_path[f"{EVIL}/=1+1.png"], by_path[f"left/{EVIL}.png"]
        mark = opened(odd.store.path(f"datasets/{odd.dataset}")).fingerprint[:12]
        picture = client.get(f"/datasets/{odd.dataset}/left-out/{mark}/{rare[0]}")
        assert client.get(f"/datasets/{odd.dataset}/left-out/{mark}/{damaged[0]}").status_code == 404
        narrow = client.get(f"/api/v1/datasets/{odd.dataset}/left-out", params={"why": "not a picture"}).json()
    assert picture.headers["content-type"] == "image/png"
    assert "has 1 usable picture" in rare[1]
    assert sum(told["reasons"].values()) == told["total"] == 3
    assert {one["reason"] for one in narrow["items"]} == {"not a picture"}


def test_twins_are_found_from_each_of_them(odd: Studio) -> None:
    with TestClient(create_app(odd.store), base_url="http://localhost") as client:
        told = client.get(f"/api/v1/datasets/{odd.dataset}/twins").json()
        member = told["groups"][0][0]
        detail = client.get(f"/api/v1/datasets/{odd.dataset}/pictures/{member['split']}/{member['row']}").json()
        torn = client.get(f"/api/v1/datasets/{odd.dataset}/twins", params={"only": "classes"}).json()
    assert (told["total"], len(told["groups"][0]), torn["total"]) == (1, 3, 0)
    assert {one["path"] for one in detail["twins"]} | {detail["path"]} == {one["path"] for one in told["groups"][0]}


def test_an_original_is_shown_only_while_it_is_the_same_file(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "given" / "c", each=6)
    store = open_store(tmp_path / "home", folders=(tmp_path / "given",))
    key = make_dataset(store, "Originals", pictures)
    with TestClient(create_app(store), base_url="http://localhost") as client:
        address = f"/api/v1/datasets/{key}/pictures/train/0"
        file = pictures / client.get(address).json()["path"]
        whole = np.asarray(Image.open(io.BytesIO(client.get(f"{address}/original").content)))
        assert np.array_equal(whole, np.asarray(Image.open(file)))
        assert "1. The file, as it lies there" in client.get(f"/datasets/{key}/recipe").text
        other = tmp_path / "secret.png"
        Image.new("RGB", (32, 32), "red").save(other)
        file.unlink()
        file.symlink_to(other)
        answer = client.get(f"{address}/original")
        assert answer.status_code == 404
        assert "changed since" in answer.json()["errors"][0]["message"]
        assert "The original cannot be shown" in client.get(f"/datasets/{key}/recipe").text
        file.unlink()
        assert client.get(f"{address}/original").status_code == 404
    store.close()


def test_a_turned_photograph_is_shown_step_by_step(tmp_path: Path) -> None:
    pictures = draw_pictures(tmp_path / "given" / "c", each=6)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 40), "green").save(pictures / "both" / "0.jpg", exif=exif)
    store = open_store(tmp_path / "home", folders=(tmp_path / "given",))
    key = make_dataset(store, "Turned", pictures)
    with TestClient(create_app(store), base_url="http://localhost") as client:
        found = [(s, client.get(f"/api/v1/datasets/{key}/pictures", params={"split": s, "q": "0.jpg"}).json()["items"])
                 for s in ("train", "val", "test")]  # fmt: skip
        split, row = next((name, items[0]["row"]) for name, items in found if items)
        text = client.get(f"/datasets/{key}/recipe?split={split}&row={row}").text
    store.close()
    assert re.findall(r"(\d+ × \d+) ·", text) == ["64 × 40", "40 × 64", "28 × 28", "28 × 28"]


def test_pictures_are_hidden_from_who_may_not_see_the_dataset(store_with_people: tuple[Store, TestClient, str]) -> None:
    _, stranger, key = store_with_people
    for path in ("pictures", "pictures/train/0", "pictures/train/0/image", "pictures/train/0/original", "mean",
                 "statistics", "left-out", "twins", "download/folders.zip", "download/train.arrow"):  # fmt: skip
        assert stranger.get(f"/api/v1/datasets/{key}/{path}").status_code == 404, path
    mark = "0" * 12
    for path in ("explore", "table.csv", "download/dataset.zip", f"images/{mark}/train/0", f"originals/{mark}/train/0"):
        assert stranger.get(f"/datasets/{key}/{path}").status_code == 404, path


@pytest.fixture
def store_with_people(tmp_path: Path) -> Iterator[tuple[Store, TestClient, str]]:
    pictures = draw_pictures(tmp_path / "given" / "c", each=6)
    store = open_store(tmp_path / "home", folders=(tmp_path / "given",))
    key = make_dataset(store, "Mine", pictures)
    add_user(store, "stranger", "correct horse", Role.MEMBER)
    from sqlalchemy import update

    from glasshouse.store.tables import datasets

    with store.write() as connection:
        connection.execute(update(datasets).values(owner_id="somebody-else", shared=False))
    client = TestClient(create_app(store), base_url="http://localhost")
    client.post("/api/v1/session", json={"name": "stranger", "password": "correct horse"})
    yield store, client, key
    store.close()
