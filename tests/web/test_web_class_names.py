"""Classes get display names in the Studio: typed, from a labels file or over the API; their models show them too."""

import json
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from glasshouse.evaluation.verdict import NextStep, Verdict
from glasshouse.messages import Message, joined
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from glasshouse.web.framework.translation import translated
from glasshouse.web.models.advice import in_names
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def test_a_name_is_shown_wherever_the_class_is(client: TestClient, studio: Studio) -> None:
    data, model = f"/datasets/{studio.dataset}", f"/models/{studio.model}"
    form = client.get(f"{data}/classes").text
    assert form.count('name="name-') == 3 and 'for="file"' in form
    before = get_dataset(studio.store, studio.dataset).fingerprint
    kept = client.post(f"{data}/classes", data={"name-0": "Both corners", "name-1": "Left & up", "name-2": ""})
    assert kept.status_code == 303
    assert "The names are kept." in client.get(kept.headers["location"]).text
    places = (data, f"{data}/explore", f"{data}/explore?split=val&class=both", f"{data}/classes", f"{model}/result")
    for place in places:
        assert "Both corners" in client.get(place).text, place
    assert "Left &amp; up" in client.get(data).text
    assert get_dataset(studio.store, studio.dataset).fingerprint == before
    found = client.get(f"/api/v1/datasets/{studio.dataset}").json()["summary"]
    assert found["class_names"]["both"] == "Both corners" and "both" in found["classes"]
    with ZipFile(BytesIO(client.get(f"/api/v1{model}/download").content)) as archive:
        assert json.loads(archive.read("model.json"))["class_names"]["both"] == "Both corners"


def test_a_labels_file_names_the_classes_that_it_knows(client: TestClient, studio: Studio) -> None:
    place = f"/datasets/{studio.dataset}/classes"
    sent = client.post(place, data={"name-0": "typed"}, files={"file": ("labels.csv", b"left,Links\nboth,Beide\n")})
    assert sent.status_code == 303
    assert client.get(f"/api/v1/datasets/{studio.dataset}/class-names").json() == {"both": "Beide", "left": "Links"}
    wrong = client.post(place, files={"file": ("labels.csv", b"cat,Katze\n")})
    assert wrong.status_code == 422 and "names none of the classes" in wrong.text
    korean = client.post(place, files={"file": ("a.txt", b"cat\n")}, headers={"Accept-Language": "ko"})
    assert "클래스가 하나도 없습니다" in korean.text


def test_names_come_and_go_over_the_api(client: TestClient, studio: Studio) -> None:
    address = f"/api/v1/datasets/{studio.dataset}/class-names"
    assert client.put(address, json={"both": "same", "left": "same"}).status_code == 200
    page = client.get(f"/datasets/{studio.dataset}").text
    assert "same (both)" in page and "same (left)" in page
    assert client.put(address, json={"horse": "Horse"}).status_code == 422
    assert client.put(address, json={}).json() == {}
    manifest = studio.store.path(get_model(studio.store, studio.model).folder) / "model" / "model.json"
    assert "class_names" not in json.loads(manifest.read_text())
    assert "class_names" not in client.get(f"/api/v1/datasets/{studio.dataset}").json()["summary"]


def test_the_next_step_is_said_in_display_names() -> None:
    told = Message("Add pictures of these classes: {names}. The gain is that of twice as many.",
                   names=joined(", ", ["n01440764", "n02102040"]))  # fmt: skip
    step = NextStep("pictures", told, classes=("n01440764", "n02102040"))
    found = in_names(Verdict(0.9, (0.8, 0.95), 40, 4, "It is good.", step), {"n01440764": "tench"})
    assert "classes: tench, n02102040." in found.step.message and found.step.classes == step.classes
    assert "n01440764" not in translated(found.step.message, "ko") and "tench" in translated(found.step.message, "ko")
