"""Korean pages that print messages of the library: they are told in Korean, and the API stays English."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from corner_pictures import draw_pictures
from glasshouse.store.database import open_store
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.web.app import create_app
from studio_seed import Studio, finish, make_dataset

KOREAN = {"cookie": "language=ko"}
FULL = (
    "The disk is full; nothing half-written is left. Delete what is no longer needed (the bin, old checkpoints), "
    "then resume it."
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A dataset with a file that is no picture, a class that is too rare, and twins."""
    place = tmp_path_factory.mktemp("korean")
    pictures = draw_pictures(place / "given" / "odd", each=10)
    first = sorted((pictures / "both").iterdir())[0]
    (pictures / "left" / "notes.png").write_bytes(b"no picture")
    (pictures / "both" / "twin.png").write_bytes(first.read_bytes())
    (pictures / "rare").mkdir()
    (pictures / "rare" / "one.png").write_bytes(first.read_bytes() + b"rare")
    store = open_store(place / "home", folders=(place / "given",))
    yield Studio(store, pictures, make_dataset(store, "Odd", pictures), "")
    store.close()


@pytest.fixture(scope="module")
def client(odd: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(odd.store), base_url="http://localhost", headers=KOREAN) as made:
        yield made


def test_a_field_of_a_form_is_told_in_korean_with_the_field(client: TestClient, odd: Studio) -> None:
    form = {"name": "Wrong", "dataset": odd.dataset, "network": "Dense128", "preset": "own", "epochs": "0"}
    answer = client.post("/models/new", data={**form, "augmentation.rotation": "much"})
    assert answer.status_code == 422
    assert '<p class="wrong" id="wrong-epochs">필요한 값: 1 이상. 입력된 값: &#34;0&#34;</p>' in answer.text
    assert "필요한 값: 수. 입력된 값: &#34;much&#34;" in answer.text
    assert "expected" not in answer.text.split("<main")[1]
    assert "for a model of each" not in client.post("/models/new", data={**form, "optimizer.lr": "quick"}).text


def test_reasons_of_what_was_left_out_are_told_in_korean(client: TestClient, odd: Studio) -> None:
    text = client.get(f"/datasets/{odd.dataset}/left-out").text
    assert "<td>이미지가 아닙니다</td>" in text
    assert "<td>클래스 &#39;rare&#39;: 쓸 수 있는 이미지 1장. 클래스마다 필요한 수: 2</td>" in text
    assert "이미지가 아닙니다 (2)</a>" in text
    reasons = client.get(f"/api/v1/datasets/{odd.dataset}/left-out").json()["reasons"]
    assert "not a picture" in reasons


def test_findings_are_told_in_korean(client: TestClient, odd: Studio) -> None:
    text = client.get(f"/datasets/{odd.dataset}").text
    assert "내용이 같은 이미지가 또 있는 이미지: 2장. 같은 묶음은 같은 세트에 넣었습니다." in text
    assert "dataset show" not in text


def test_why_a_job_failed_is_told_in_korean(client: TestClient, odd: Studio) -> None:
    (model,) = submit_models(odd.store, NewModel("Broken", odd.dataset, {"network": "Dense128"}))
    finish(odd.store, model.job_id, "failed", reason=FULL)
    assert "디스크가 가득 찼습니다. 쓰다 만 것은 남지 않았습니다." in client.get(f"/models/{model.id}").text
    assert client.get(f"/api/v1/jobs/{model.job_id}").json()["reason"] == FULL
    data = submit_dataset(odd.store, NewDataset("Broken", {"source": str(odd.pictures)}))
    finish(odd.store, data.job_id, "failed", reason="Something nobody foresaw")
    assert '<span lang="en">Something nobody foresaw</span>' in client.get(f"/datasets/{data.id}").text


def test_a_refusal_is_a_korean_page(client: TestClient, odd: Studio, tmp_path: Path) -> None:
    text = client.get("/datasets/new/preview", params={"source": str(tmp_path / "x")}).text
    assert "여기서 쓸 수 있는 폴더 밖입니다" in text
