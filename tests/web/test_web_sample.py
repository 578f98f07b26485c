"""The sample in one click, and what home shows of datasets and models at a glance."""

import re
from pathlib import Path

from starlette.testclient import TestClient

from glasshouse.store.database import open_store
from glasshouse.store.datasets import count_datasets
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from studio_seed import Studio, alone


def test_one_click_trains_the_sample_and_leads_to_its_followed_picture(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with TestClient(create_app(store), base_url="http://localhost", follow_redirects=False) as client:
        home = client.get("/").text
        assert re.findall(r'class="(?:button )?primary"[^>]*>([^<]*)<', home) == ["Train the sample"]
        address = client.post("/sample").headers["location"]
        assert address.endswith("?then=follow") and client.get(address).status_code == 200
        model = get_model(store, address.split("/")[2].partition("?")[0])
        again = client.post("/api/v1/models/sample").json()
        assert again["dataset_id"] == model.dataset_id and count_datasets(store) == 1, "the same digits"
        korean = client.post("/api/v1/models/sample", headers={"accept-language": "ko"}).json()
        assert model.name == "Digits, LeNet" and korean["name"] == "숫자, LeNet"
    store.close()


def test_home_shows_pictures_of_datasets_and_curves_of_models(studio: Studio) -> None:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as client:
        text = client.get("/").text
        pictures = re.findall(r'<span class="strip">(.*?)</span>', text, re.S)
        sources = re.findall(r'src="([^"]*)"', pictures[0])
        assert len(sources) == 5 == len(set(sources))
        assert all(client.get(one).status_code == 200 for one in sources)
        assert 'aria-label="Validation loss over the epochs"' in text
        done = f"/models/{studio.model}"
        assert client.get(f"{done}?then=follow").headers["location"] == f"{done}/follow"
        assert client.get(done).status_code == 200


def test_an_empty_home_shows_a_followed_digit_and_takes_pictures(tmp_path: Path) -> None:
    store = open_store(tmp_path / "empty")
    with TestClient(create_app(store), base_url="http://localhost") as client:
        text = client.get("/").text
        pictures = re.findall(r'src="(/static/[0-9a-f]+/digit[\w-]*\.png)"', text)
        assert len(pictures) == 3
        for address in pictures:
            answer = client.get(address)
            assert answer.headers["content-type"] == "image/png" and "immutable" in answer.headers["cache-control"]
        assert text.count('class="primary"') == 1, "one primary button a page"
        assert 'action="/datasets/upload"' in text and "upload.js" in text
        assert "샘플로 시작하기" in client.get("/", headers={"Accept-Language": "ko"}).text
    store.close()
