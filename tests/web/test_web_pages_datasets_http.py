"""Pages of datasets: explored, previewed, uploaded, queued; what was typed is kept."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset, list_datasets
from glasshouse.store.submit import NewDataset, submit_dataset
from glasshouse.web.app import create_app
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    made = TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False)
    with alone(), made:
        yield made


def test_explorer_pages_by_key_and_filters(client: TestClient, studio: Studio) -> None:
    base = f"/datasets/{studio.dataset}/explore"
    first = client.get(base).text
    assert len(re.findall(r"<li>\s*<a href", first)) == 54
    only = client.get(base, params={"class": "both"}).text
    assert "1 to 18 of 18 pictures" in only
    assert "No picture fits" in client.get(base, params={"q": "nothing-like-this"}).text


def test_a_picture_is_kept_for_ever_under_its_fingerprint(client: TestClient, studio: Studio) -> None:
    text = client.get(f"/datasets/{studio.dataset}/explore").text
    address = re.search(r'src="(/datasets/[^"]+/images/[^"]+)"', text)
    assert address is not None
    answer = client.get(address[1])
    assert answer.content[:4] == b"\x89PNG"
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(address[1].replace("/images/", "/images/0")).status_code == 404


def test_preview_tells_counts_examples_and_problems(client: TestClient, studio: Studio) -> None:
    query = {"from": "folder", "source": str(studio.pictures), "width": "28", "height": "28", "sent": "1"}
    text = client.get("/datasets/new", params=query).text
    assert "91 pictures in 3 classes" in text
    assert text.count('src="data:image/png') >= 11
    sample = {"from": "sample", "source": "sample:digits", "width": "28", "height": "28", "color": "gray"}
    assert "1,797 pictures in 10 classes" in client.get("/datasets/new", params=sample).text


def test_a_source_outside_of_the_folders_is_refused_in_words(client: TestClient) -> None:
    for place in ("/etc", "../../etc", "upload:../x", "/proc/self"):
        answer = client.get("/datasets/new", params={"source": place})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_a_wrong_form_keeps_what_was_typed_and_names_the_fields(client: TestClient, studio: Studio) -> None:
    form = {"name": "My <i>name</i>", "source": str(studio.pictures), "width": "many", "valid": "80", "test": "40"}
    answer = client.post("/datasets/new", data=form)
    assert answer.status_code == 422
    assert "My &lt;i&gt;name&lt;/i&gt;" in answer.text
    assert 'value="many" aria-invalid="true"' in answer.text


def test_a_dataset_is_queued_and_can_be_aborted(client: TestClient, studio: Studio) -> None:
    form = {"name": "Queued", "source": str(studio.pictures), "width": "28", "height": "28", "valid": "20", "test": "0"}
    answer = client.post("/datasets/new", data=form)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert "waits for its turn" in page.text
    key = answer.headers["location"].rpartition("/")[2]
    recipe = get_dataset(studio.store, key).recipe
    assert (recipe["width"], recipe["valid"], recipe["twins"]) == (28, 0.2, False)
    since = re.search(r'data-since="(\w+)"', page.text)
    assert since is not None
    assert client.get(f"/datasets/{key}/live", params={"since": since[1]}).status_code == 204
    assert client.get(f"/datasets/{key}/live", params={"since": "old"}).status_code == 200
    client.post(f"/datasets/{key}/abort")
    assert "aborted" in client.get(f"/datasets/{key}").text.lower()
    client.post(f"/datasets/{key}/delete")


def test_an_upload_becomes_a_source(client: TestClient, studio: Studio) -> None:
    files = [
        ("files", (f"pets/{path.parent.name}/{path.name}", path.read_bytes()))
        for path in sorted(studio.pictures.glob("both/*.png"))[:6] + sorted(studio.pictures.glob("left/left*.png"))[:6]
    ]
    answer = client.post("/datasets/upload", files=files)
    assert answer.status_code == 303
    text = client.get(answer.headers["location"], follow_redirects=True).text
    assert "12 pictures in 2 classes" in text
    assert 'value="pets"' in text


@pytest.mark.parametrize("name", ["../escape.png", "/etc/passwd", "a/../../b.png"])
def test_an_upload_cannot_lead_elsewhere(client: TestClient, name: str) -> None:
    answer = client.post("/datasets/upload", files=[("files", (name, b"x"))], headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_each_way_of_resizing_is_shown_on_a_picture_that_is_no_square(client: TestClient, studio: Studio) -> None:
    query = {"from": "folder", "source": str(studio.pictures), "width": "20", "height": "28"}
    assert "One picture in each way of resizing" in client.get("/datasets/new", params=query).text
    assert "Sign in" in client.get("/sign-in").text


def test_notes_and_names_change(client: TestClient, studio: Studio) -> None:
    record = submit_dataset(studio.store, NewDataset("Old", {"source": str(studio.pictures)}))
    client.post(f"/datasets/{record.id}/describe", data={"name": "New name", "notes": "Seen"})
    assert get_dataset(studio.store, record.id).notes == "Seen"
    client.post(f"/datasets/{record.id}/abort")
    assert len(list_datasets(studio.store)) > 1
