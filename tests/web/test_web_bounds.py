"""What is too large, too deep, or no file is refused before it is read; what an older version let in does no harm."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from glasshouse.web.app import create_app
from studio_seed import Studio, alone

HERE = "http://127.0.0.1:8800"
LAYERS = {"layers": [
    {"name": "in", "layer": "Input", "shape": [28, 28, 1]}, {"name": "flat", "layer": "Flatten"},
    {"name": "out", "layer": "Dense", "settings": {"units": 3, "activation": "softmax"}},
]}  # fmt: skip


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url=HERE, raise_server_exceptions=False) as one:
        yield one


def messages(answer: object) -> str:
    return "; ".join(f"{one['field']}: {one['message']}" for one in answer.json()["errors"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "http://]", "null", "\x7f", "http://127.0.0.1:8800@evil"]
)
def test_an_origin_that_is_none_is_refused(client: TestClient, origin: str) -> None:
    assert client.post("/api/v1/networks", headers={"origin": origin}, json={}).status_code == 403


@pytest.mark.parametrize(
    "query", [{"source": "http://["}, {"source": "https://[::1"}, {"source": "//["}, {"source": "x" * 9000}]
)
def test_an_address_that_is_none_is_told(client: TestClient, studio: Studio, query: dict[str, str]) -> None:
    answer = client.post(f"/api/v1/models/{studio.model}/predict", params=query)
    assert answer.status_code == 422
    assert len(messages(answer)) < 600


def test_only_plain_files_of_a_bearable_size_are_read(client: TestClient, studio: Studio) -> None:
    folder = studio.pictures
    os.mkfifo(folder / "pipe.png")
    with (folder / "large.png").open("wb") as file:
        file.truncate(3 << 30)
    for name, words in (("", "a folder"), ("pipe.png", "a named pipe"), ("large.png", "3,221,225,472 bytes")):
        answer = client.post(f"/api/v1/models/{studio.model}/predict", params={"path": str(folder / name)})
        assert answer.status_code == 422, name
        assert words in messages(answer)
    (folder / "pipe.png").unlink()
    (folder / "large.png").unlink()


@pytest.mark.parametrize(("change", "words"), [
    ({"units": 10**30}, "too many digits"), ({"units": 2**40}, "at most 2,147,483,647"), ({"units": 2**30}, "weights"),
])  # fmt: skip
def test_numbers_that_no_network_has_are_told(client: TestClient, change: dict[str, int], words: str) -> None:
    layers = json.loads(json.dumps(LAYERS))
    layers["layers"][2]["settings"] |= change
    seen = client.post("/api/v1/networks/look", json={"layers": layers})
    told = messages(seen) if seen.status_code == 422 else json.dumps(seen.json())
    assert words in told
    assert client.post("/api/v1/networks", json={"name": "n", "layers": layers}).status_code in (201, 422)


def test_the_shape_of_an_input_has_an_end(client: TestClient) -> None:
    layers = json.loads(json.dumps(LAYERS))
    layers["layers"][0]["shape"] = [10**9, 10**9, 3]
    assert client.post("/api/v1/networks/look", json={"layers": layers}).status_code == 200
    assert client.post("/api/v1/networks", json={"name": "n", "layers": layers}).status_code in (201, 422)
    layers["layers"][0]["shape"] = [10**12, 1, 1]
    assert "at most 2,147,483,647" in client.post("/api/v1/networks/look", json={"layers": layers}).text


@pytest.mark.parametrize("deep", [41, 800, 50_000])
def test_what_is_nested_too_deep_is_not_kept(client: TestClient, deep: int) -> None:
    before = client.get("/api/v1/networks").json()["count"]
    body = '{"name": "n", "layers": {"layers": [{"layer": "Input", "settings": ' + "[" * deep + "]" * deep + "}]}}"
    answer = client.post("/api/v1/networks", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert client.get("/api/v1/networks").json()["count"] == before


def test_a_row_that_was_let_in_before_breaks_no_list(client: TestClient, studio: Studio) -> None:
    made = client.post("/api/v1/networks", json={"name": "old", "layers": LAYERS}).json()["id"]
    deep = '{"layers": ' + "[" * 800 + "]" * 800 + "}"
    with studio.store.write() as connection:
        connection.execute(text("UPDATE networks SET layers = :deep WHERE id = :key"), {"deep": deep, "key": made})
        connection.execute(
            text("UPDATE models SET recipe = :deep WHERE id = :key"), {"deep": deep, "key": studio.model}
        )
    try:
        assert [one["layers"] for one in client.get("/api/v1/networks").json()["items"] if one["id"] == made] == [{}]
        for page in (
            "/api/v1/models",
            "/",
            "/networks",
            f"/networks/{made}",
            "/api/v1/jobs",
            f"/api/v1/models/{studio.model}",
        ):
            assert client.get(page).status_code == 200, page
        assert client.delete(f"/api/v1/networks/{made}").status_code == 200
    finally:
        with studio.store.write() as connection:
            recipe = json.dumps({"network": "Dense128"})
            connection.execute(
                text("UPDATE models SET recipe = :r WHERE id = :key"), {"r": recipe, "key": studio.model}
            )


@pytest.mark.parametrize(("change", "field"), [
    ({"epochs": 10**9}, "epochs"), ({"device": "gpu0"}, "device"), ({"network": "resnet43"}, "network"),
    ({"network": "x" * 10**6}, "network"), ({"batch_size": 10**12}, "batch_size"), ({"weights": "model:x"}, "weights"),
    ({"network": {**LAYERS, "name": "y" * 10**6}}, "network"), ({"schedule": {"gamma": 1e300}}, "schedule.gamma"),
    ({"views": 10**8}, "views"), ({"early_stopping": {"patience": 2**40}}, "early_stopping.patience"),
])  # fmt: skip
def test_what_only_failed_as_a_job_is_told_at_once(
    client: TestClient, studio: Studio, change: dict[str, object], field: str
) -> None:
    body = {"name": "m", "dataset_id": studio.dataset, "recipe": {"network": "LeNet", **change}}
    answer = client.post("/api/v1/models", json=body)
    assert answer.status_code == 422, answer.text[:300]
    assert field in {str(one["field"]) for one in answer.json()["errors"]}
    assert len(answer.content) < 3000


@pytest.mark.parametrize(("change", "field"), [
    ({"source": "sample:nope"}, "source"), ({"labels": {"by": "pattern", "pattern": "(?=a)(b)"}}, "labels.pattern"),
    ({"group": r"(a)\1"}, "group"), ({"min_per_class": 2**40}, "min_per_class"),
])  # fmt: skip
def test_a_dataset_that_could_not_be_made_is_told_at_once(
    client: TestClient, change: dict[str, object], field: str
) -> None:
    for address, names in (("datasets", {"name": "d"}), ("datasets/preview", {})):
        answer = client.post(f"/api/v1/{address}", json=names | {"recipe": {"source": "sample:digits", **change}})
        assert answer.status_code == 422
        assert field in {str(one["field"]) for one in answer.json()["errors"]}


def test_a_pattern_that_froze_the_studio_is_answered_in_the_preview(client: TestClient, studio: Studio) -> None:
    folder = studio.pictures / "slow"
    folder.mkdir()
    for number in range(30):
        Path(folder, f"{'a' * 40}{number}.png").write_bytes(b"x")
    recipe = {"source": str(folder), "labels": {"by": "pattern", "pattern": "^((?:a+)+)b"}}
    answer = client.post("/api/v1/datasets/preview", json={"recipe": recipe})
    shutil.rmtree(folder)
    assert answer.status_code == 422
    assert "pattern" in messages(answer)
