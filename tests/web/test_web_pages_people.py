"""Pages where there are accounts: signing in, what a viewer may do, and names that hold HTML."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from corner_pictures import draw_pictures
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import list_datasets
from glasshouse.store.people import add_user, list_audit
from glasshouse.store.records import Role
from glasshouse.web.app import create_app
from studio_seed import make_dataset

SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    place = tmp_path_factory.mktemp("people")
    draw_pictures(place / "given" / "corners", 6)
    opened = open_store(place / "home", folders=(place / "given",))
    for name, role in (("mina", Role.MEMBER), ("vera", Role.VIEWER), ("otto", Role.MEMBER)):
        add_user(opened, name, SECRET, role)
    yield opened
    opened.close()


def signed_in(store: Store, name: str) -> TestClient:
    client = TestClient(create_app(store), base_url="http://localhost", follow_redirects=False)
    answer = client.post("/sign-in", data={"name": name, "password": SECRET, "next": "/datasets/new"})
    assert answer.headers["location"] == "/datasets/new"
    return client


def pictures(store: Store) -> Path:
    return store.folders[0] / "corners"


def test_who_is_not_signed_in_sees_nothing_and_comes_back_after(store: Store) -> None:
    client = TestClient(create_app(store), base_url="http://localhost", follow_redirects=False)
    for address in ("/", "/models/new", "/live/home", "/folders?at=/", "/compare"):
        assert client.get(address).headers["location"].startswith("/sign-in?next=")
    wrong = client.post("/sign-in", data={"name": "mina", "password": "wrong", "next": "//evil.example"})
    assert wrong.status_code == 401
    assert "The name or the password is wrong." in wrong.text
    right = client.post("/sign-in", data={"name": "mina", "password": SECRET, "next": "//evil.example"})
    assert right.headers["location"] == "/"
    assert "HttpOnly" in right.headers["set-cookie"]


def test_signing_out_ends_the_session(store: Store) -> None:
    client = signed_in(store, "mina")
    assert "mina" in client.get("/").text
    client.post("/sign-out")
    assert client.get("/").status_code == 303


def test_a_viewer_is_refused_in_words(store: Store) -> None:
    client = signed_in(store, "vera")
    form = {"name": "No", "source": str(pictures(store)), "width": "8", "height": "8", "valid": "20", "test": "0"}
    answer = client.post("/datasets/new", data=form)
    assert answer.status_code == 403
    assert "may look" in answer.text
    assert "New dataset" not in client.get("/").text


def test_what_one_owns_another_does_not_see(store: Store) -> None:
    mina, otto = signed_in(store, "mina"), signed_in(store, "otto")
    form = {"name": "Mine <script>", "source": str(pictures(store)), "width": "8", "height": "8", "valid": "20"}
    made = mina.post("/datasets/new", data={**form, "test": "0"}).headers["location"]
    page = mina.get(made).text
    assert "Mine &lt;script&gt;" in page
    assert "Mine <script>" not in page
    assert "Mine" not in otto.get("/").text
    for address in (made, f"{made}/explore", f"{made}/images/000000000000/train/0", f"{made}/live"):
        assert otto.get(address).status_code == 404
    assert otto.post(f"{made}/delete").status_code == 404
    assert ("dataset-create", "mina") in {(entry.action, entry.user_name) for entry in list_audit(store)}


def test_a_foreign_origin_changes_nothing(store: Store) -> None:
    client = signed_in(store, "mina")
    before = len(list_datasets(store))
    answer = client.post("/datasets/sample", headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    key = make_dataset(store, "Stays", pictures(store))
    assert client.post(f"/datasets/{key}/delete", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert len(list_datasets(store)) == before + 1
