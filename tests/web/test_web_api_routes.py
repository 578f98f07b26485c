"""The API: what can be asked, how errors name their field, and what hostile requests get."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.people import add_user
from glasshouse.store.queue import claim, end
from glasshouse.store.records import JobKind, JobState, Role
from glasshouse.web.app import create_app
from glasshouse.web.context.shapes import PointsOut
from glasshouse.web.framework.settings import Settings
from glasshouse.web.framework.sign_in_attempts import Attempts

HERE = "http://127.0.0.1:8800"
DIGITS = {"name": "digits", "recipe": {"source": "sample:digits"}}
PASSWORD = "correct horse"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "pictures").mkdir()
    opened = open_store(tmp_path / "home", folders=(tmp_path / "pictures",))
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(create_app(store), base_url=HERE) as one:
        yield one


def sign_in(store: Store, name: str, role: Role = Role.MEMBER) -> TestClient:
    add_user(store, name, PASSWORD, role)
    one = TestClient(create_app(store), base_url=HERE)
    assert one.post("/api/v1/session", json={"name": name, "password": PASSWORD}).status_code == 200
    return one


def make(client: TestClient) -> str:
    answer = client.post("/api/v1/datasets", json=DIGITS)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def finish(store: Store, kind: JobKind = JobKind.DATASET) -> None:
    job = claim(store, (kind,), "here", "data")
    assert job is not None
    end(store, job.id, JobState.DONE)


def test_the_whole_api_is_described(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert all(path.startswith("/api/v1/") for path in paths)
    assert {"/api/v1/datasets", "/api/v1/models/{model_id}/points", "/api/v1/models/{model_id}/predict"} <= set(paths)


def test_a_dataset_and_a_sweep_of_models(client: TestClient, store: Store) -> None:
    dataset = make(client)
    finish(store)
    sweep = {"lr": [0.1, 0.01], "batch_size": [16, 32]}
    asked = {"name": "m", "dataset_id": dataset, "recipe": {"network": "LeNet"}, "sweep": sweep}
    answer = client.post("/api/v1/models", json=asked)
    assert (answer.status_code, answer.json()["count"]) == (201, 4)
    model = answer.json()["items"][0]
    assert model["recipe"]["network"] == "LeNet"
    assert "folder" not in model
    points = client.get(f"/api/v1/models/{model['id']}/points?since=0").json()
    known = {"version": 0, "last": 0, "points": [], "state": "queued", "ended": False, "machine": [], "remarks": []}
    assert {name: points[name] for name in known} == known
    PointsOut.model_validate(points)
    assert client.delete(f"/api/v1/datasets/{dataset}").status_code == 409
    jobs = client.get("/api/v1/jobs?state=queued").json()["items"]
    assert len(jobs) == 4
    assert client.post(f"/api/v1/jobs/{jobs[3]['id']}/move", json={"before": jobs[0]["id"]}).status_code == 204
    assert client.get("/api/v1/jobs?state=queued").json()["items"][0]["id"] == jobs[3]["id"]
    for job in jobs:
        assert client.post(f"/api/v1/jobs/{job['id']}/abort").json()["state"] == "aborted"
    assert client.delete(f"/api/v1/datasets/{dataset}").status_code == 409, "models still depend on it"
    assert client.delete(f"/api/v1/datasets/{dataset}?even_if_used=true").json()["deleted_at"] is not None
    assert client.post(f"/api/v1/datasets/{dataset}/restore").json()["deleted_at"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("post", "/datasets", {"name": "x", "recipe": {"source": "/etc"}}, 422, "source"),
        ("post", "/datasets", {"name": "x", "recipe": {"source": "sample:digits", "valid": 3}}, 422, "valid"),
        ("post", "/datasets", {"name": "", "recipe": {"source": "sample:digits"}}, 422, "name"),
        ("post", "/datasets", {"name": "x", "recipe": {"source": "upload:nope"}}, 422, "source"),
        ("post", "/datasets", {"name": "x"}, 422, "recipe"),
        ("post", "/datasets", {**DIGITS, "folder": "../.."}, 422, "folder"),
        ("post", "/models", {"name": "x", "dataset_id": "nope", "recipe": {}}, 404, None),
        ("get", "/datasets/nope", None, 404, None),
        ("get", "/models/..%2f..%2fetc", None, 404, None),
        ("get", "/jobs/nope/log", None, 404, None),
        ("get", "/datasets?sort=password", None, 422, "sort"),
        ("get", "/datasets?limit=0", None, 422, "limit"),
        ("get", "/tokens", None, 404, None),
        ("get", "/audit", None, 404, None),
    ],
)
def test_errors_name_the_field(
    client: TestClient, method: str, path: str, body: object, status: int, field: str | None
) -> None:
    answer = client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["field"] == field if "errors" in answer.json() else status == 404


def test_an_upload_in_pieces(client: TestClient) -> None:
    upload = client.post("/api/v1/uploads", json={"name": "pets"}).json()
    place = f"/api/v1/uploads/{upload['id']}/files/pets/cat/1.jpg"
    assert client.put(f"{place}?offset=0&total=6", content=b"abc").json() == {"received": 3}
    assert client.get(place).json() == {"received": 3}
    assert client.put(f"{place}?offset=1&total=6", content=b"x").status_code == 409
    assert client.put(f"{place}?offset=3&total=6", content=b"def").json() == {"received": 6}
    climbing = f"/api/v1/uploads/{upload['id']}/files/..%2F..%2Fx"
    assert client.put(climbing, content=b"x").status_code in (404, 422)
    done = client.post(f"/api/v1/uploads/{upload['id']}/finish", json={}).json()
    assert done == {**upload, "finished": True}
    made = client.post("/api/v1/datasets", json={"name": "pets", "recipe": {"source": done["source"]}}).json()
    assert made["recipe"]["source"] == f"../uploads/{upload['id']}/files/pets/cat/1.jpg"


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "{home}/glasshouse.db", "/proc/self/environ"])
def test_no_file_of_the_server_is_read_by_predict(client: TestClient, store: Store, path: str) -> None:
    dataset = make(client)
    finish(store)
    asked = {"name": "m", "dataset_id": dataset, "recipe": {"network": "LeNet"}}
    model = client.post("/api/v1/models", json=asked).json()["items"][0]["id"]
    answer = client.post(f"/api/v1/models/{model}/predict", params={"path": path.format(home=store.home)})
    assert answer.status_code == 403
    assert client.get("/api/v1/paths", params={"start": path.format(home=store.home)}).json() == []
    answer = client.post(f"/api/v1/models/{model}/classify", json={"source": path.format(home=store.home)})
    assert answer.status_code in (409, 422)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8801"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"host": "[::1"}, 421),
        ({"origin": HERE, "sec-fetch-site": "same-origin"}, 201),
        ({"host": "localhost:8800"}, 201),
        ({}, 201),
    ],
)
def test_other_web_sites_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.post("/api/v1/datasets", json=DIGITS, headers=headers).status_code == status


def test_a_foreign_host_reads_nothing(client: TestClient) -> None:
    assert client.get("/api/v1/datasets", headers={"host": "rebound.example"}).status_code == 421
    assert client.get("/", headers={"host": "rebound.example"}).status_code == 421


def test_huge_bodies_are_refused(store: Store) -> None:
    one = TestClient(create_app(store, Settings(largest_body=1000, largest_piece=5000)), base_url=HERE)
    long = {**DIGITS, "notes": "x" * 2000}
    assert one.post("/api/v1/datasets", json=long).status_code == 413
    upload = one.post("/api/v1/uploads", json={}).json()["id"]

    def endless() -> Iterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    answer = one.put(f"/api/v1/uploads/{upload}/files/a?total=100000", content=endless())
    assert answer.status_code == 413


def test_answers_carry_headers_that_protect(client: TestClient) -> None:
    headers = client.get("/api/v1/datasets").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_two_people_editing_one_dataset(client: TestClient) -> None:
    dataset = make(client)
    path = f"/api/v1/datasets/{dataset}"
    assert client.patch(path, json={"name": "<b>one</b>", "revision": 1}).json()["name"] == "<b>one</b>"
    assert client.patch(path, json={"name": "two", "revision": 1}).status_code == 409


def test_predictions_as_a_table_hold_no_formulas(client: TestClient, store: Store) -> None:
    with store.write() as connection:
        job = add_job(connection, NewJob(JobKind.CLASSIFY, "many"))
    folder = store.path(f"work/{job}")
    folder.mkdir()
    (folder / "predictions.jsonl").write_text(
        '{"path": "=1+1.jpg", "label": "cat", "probability": 0.9, "top": [{"label": "cat", "probability": 0.9}], '
        '"error": null, "truth": "cat"}\n'
    )
    lines = client.get(f"/api/v1/jobs/{job}/predictions.csv").text.splitlines()
    assert lines[0].startswith("\ufeffpath,truth,label,probability,label2")
    assert lines[1] == "'=1+1.jpg,cat,cat,0.9,,,,,,,,,"
    assert client.get(f"/api/v1/jobs/{job}/predictions").json()[0]["label"] == "cat"


def test_with_accounts_nothing_is_shown_before_signing_in(store: Store) -> None:
    member = sign_in(store, "anna")
    stranger = TestClient(create_app(store), base_url=HERE, follow_redirects=False)
    assert stranger.get("/api/v1/datasets").status_code == 401
    answer = stranger.get("/datasets/x/pictures/train/1?size=3")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fdatasets%2Fx%2Fpictures%2Ftrain%2F1%3Fsize%3D3"
    assert member.get("/api/v1/session").json()["user"]["name"] == "anna"
    cookie = next(iter(member.cookies.jar))
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "lax"
    member.delete("/api/v1/session")
    assert member.get("/api/v1/datasets").status_code == 401


def test_what_is_not_shared_is_not_there_for_others(store: Store) -> None:
    anna, ben = sign_in(store, "anna"), sign_in(store, "ben")
    dataset = make(anna)
    job = anna.get(f"/api/v1/datasets/{dataset}").json()["job"]["id"]
    for path in (f"/datasets/{dataset}", f"/jobs/{job}", f"/jobs/{job}/log", f"/jobs/{job}/predictions.csv"):
        assert ben.get(f"/api/v1{path}").status_code == 404, path
    assert ben.post(f"/api/v1/jobs/{job}/abort").status_code == 404
    upload = anna.post("/api/v1/uploads", json={}).json()["id"]
    assert ben.put(f"/api/v1/uploads/{upload}/files/a", content=b"x").status_code == 404
    assert ben.get("/api/v1/users").status_code == 403


def test_viewers_look_only_and_admins_see_the_log(store: Store) -> None:
    viewer, admin = sign_in(store, "vera", Role.VIEWER), sign_in(store, "boss", Role.ADMIN)
    assert viewer.post("/api/v1/datasets", json=DIGITS).status_code == 403
    assert viewer.get("/api/v1/audit").status_code == 403
    make(admin)
    actions = [entry["action"] for entry in admin.get("/api/v1/audit").json()["items"]]
    assert actions[0] == "dataset-create" and actions.count("sign-in") == 2
    dataset = admin.get("/api/v1/datasets").json()["items"][0]["id"]
    admin.post(f"/datasets/{dataset}/abort")
    upload = admin.post("/api/v1/uploads", json={}).json()["id"]
    admin.delete(f"/api/v1/uploads/{upload}")
    log = [entry["action"] for entry in admin.get("/api/v1/audit?limit=3").json()["items"]]
    assert log == ["upload-delete", "upload", "dataset-abort"], "what pages do too, and once"
    assert admin.post("/api/v1/users", json={"name": "new", "password": "short"}).status_code == 422
    assert admin.post("/api/v1/users", json={"name": "new", "password": PASSWORD}).status_code == 201
    assert admin.patch("/api/v1/users/vera", json={"disabled": True}).json()["disabled"] is True
    assert viewer.get("/api/v1/datasets").status_code == 401


def test_tokens_for_scripts(store: Store) -> None:
    anna = sign_in(store, "anna")
    made = anna.post("/api/v1/tokens", json={"name": "script"}).json()
    script = TestClient(create_app(store), base_url=HERE, headers={"authorization": f"Bearer {made['token']}"})
    assert script.post("/api/v1/datasets", json=DIGITS).status_code == 201
    assert "token" not in anna.get("/api/v1/tokens").json()[0]
    assert anna.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert script.get("/api/v1/datasets").status_code == 401
    assert (
        TestClient(create_app(store), base_url=HERE, headers={"authorization": "Bearer x"})
        .get("/api/v1/datasets")
        .status_code
        == 401
    )


def test_signing_in_is_limited_in_rate(store: Store) -> None:
    add_user(store, "anna", PASSWORD)
    app = create_app(store)
    app.state.attempts = Attempts(clock=lambda: 1000.0)
    one = TestClient(app, base_url=HERE)
    wrong = {"name": "anna", "password": "wrong wrong"}
    assert [one.post("/api/v1/session", json=wrong).status_code for _ in range(8)] == [401] * 8
    answer = one.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 1, "after so few, not long: a person is not locked out"
