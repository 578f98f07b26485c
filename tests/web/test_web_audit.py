"""The audit log: a page and the API write the same line for the same act, and what changes nothing writes none."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from audited_people import LAYERS, PASSWORD, People
from httpx import Response
from network_form import fields, send
from routes_for_whom import ROUTES
from starlette.testclient import TestClient

from glasshouse.store.audit import page_of_audit
from glasshouse.store.database import open_store
from glasshouse.store.people import add_user, change_user
from glasshouse.store.records import Role
from glasshouse.web.app import create_app
from studio_seed import Studio, alone


@dataclass(frozen=True)
class Act:
    """One act, by a page and by the API: what is prepared (``given``) is theirs alone."""

    action: str
    page: Callable[[People, Any], object]
    api: Callable[[People, Any], object]
    given: Callable[[People], Any] = lambda people: ""


def _new_name(people: People) -> str:
    """Return a name that no account has."""
    people.made += 1
    return f"new{people.made}"


def _asked(answer: Response) -> None:
    assert answer.status_code < 400, answer.text[-500:]


DIGITS = {"from": "sample", "source": "sample:digits", "name": "Digits", "width": "28", "height": "28", "valid": "20"}
WORDS = {"old": PASSWORD, "new": PASSWORD}
AGAIN = {**WORDS, "again": PASSWORD}
CHANGE_NOTHING = {
    ("POST", "/token"), ("POST", "/columns"), ("POST", "/language"), ("POST", "/live/network"),
    ("POST", "/datasets/sample"), ("POST", "/models/{key}/classify"), ("POST", "/api/v1/datasets/preview"),
    ("POST", "/api/v1/models/{model_id}/predict"), ("POST", "/api/v1/models/{model_id}/warm"),
    ("POST", "/api/v1/networks/look"), ("POST", "/api/v1/models/{model_id}/explanations/picture"),
    *(("POST", f"/api/v1/trials/{name}") for name in ("augmented", "estimate", "plan", "schedule", "weights")),
    ("PUT", "/api/v1/uploads/{upload_id}/files/{name:path}"), ("POST", "/api/v1/uploads/{upload_id}/finish"),
    ("DELETE", "/api/v1/uploads/{upload_id}"),  # no page does this
}  # fmt: skip


def _browser(people: People) -> TestClient:
    """Return another browser, in which mina signs in: one that an act may sign out."""
    client = people.browser()
    assert client.post("/sign-in", data={"name": "mina", "password": PASSWORD}).status_code == 303
    return client


def _alone(people: People) -> TestClient:
    """Return the only browser in which mina is signed in."""
    _asked(_browser(people).post("/account/sign-out-everywhere"))
    return _browser(people)


def _saved(people: People, key: str, name: str) -> None:
    """Save the network of the editor under another name."""
    sent = fields(people.client.get(f"/{key}").text)
    _asked(send(people.client, f"/{key}", sent, "save", name=name))


def _picture(people: People) -> bytes:
    return next(people.studio.pictures.rglob("*.png")).read_bytes()


def _version(people: People) -> object:
    edits = [{"class_name": "left", "description": "a corner"}]
    return people.api("POST", f"datasets/{people.studio.dataset}/versions", edits=edits, name="Two")


def _version_by_table(people: People) -> None:
    table = ("edits.csv", b"path,split\nleft/left-000.png,train\nleft/left-001.png,val\nleft/left-002.png,train\n")
    _asked(people.client.post(f"/datasets/{people.studio.dataset}/versions", data={"name": "Two"},
                              files={"file": table}))  # fmt: skip


ACTS = [
    Act("dataset-create", lambda p, _: p.post("datasets/new", **DIGITS),
        lambda p, _: p.api("POST", "datasets", name="Digits", recipe={"source": "sample:digits"})),
    Act("dataset-edit", lambda p, _: _version_by_table(p), lambda p, _: _version(p)),
    Act("model-create", lambda p, _: p.post("models/new", name="One", dataset=p.studio.dataset, network="LeNet"),
        lambda p, _: p.api("POST", "models", name="One", dataset_id=p.studio.dataset, recipe={"network": "LeNet"})),
    Act("network-create", lambda p, _: _saved(p, "networks/new", "n"),
        lambda p, _: p.api("POST", "networks", name="n", layers=LAYERS)),
    Act("network-change", lambda p, key: _saved(p, key, "o"),
        lambda p, key: p.api("PATCH", key, name="o", layers={**LAYERS, "name": "o"}), People.network),
    Act("network-change", lambda p, key: p.post(f"{key}/describe", name="Other", group_name="", notes=""),
        lambda p, key: p.api("PATCH", key, name="Other"), People.network),
    Act("network-share", lambda p, key: p.post("chosen/share", chosen=key, shared="true"),
        lambda p, key: p.api("PATCH", key, shared=True), People.network),
    Act("network-share", lambda p, key: p.post(f"{key}/describe", sharing="true", shared="true"),
        lambda p, key: p.api("POST", "several/share", networks=[key.split("/")[1]], shared=True), People.network),
    Act("network-change", lambda p, key: p.post("chosen/group", chosen=key, group_name="a"),
        lambda p, key: p.api("POST", "several/group", networks=[key.split("/")[1]], group_name="a"), People.network),
    Act("network-bin", lambda p, key: p.post(f"{key}/delete"), lambda p, key: p.api("DELETE", key), People.network),
    Act("network-bin", lambda p, key: p.post("chosen/delete", chosen=key),
        lambda p, key: p.api("POST", "several/delete", networks=[key.split("/")[1]]), People.network),
    Act("network-restore", lambda p, key: p.post(f"{key}/restore"),
        lambda p, key: p.api("POST", f"{key}/restore"), People.binned),
    Act("network-restore", lambda p, key: p.post("chosen/restore", chosen=key),
        lambda p, key: p.api("POST", f"{key}/restore"), People.binned),
    Act("network-restore", lambda p, key: p.post("bin/undo", at=p.moment(key)),
        lambda p, key: p.api("POST", "several/undo", at=p.moment(key)), People.binned),
    Act("network-delete", lambda p, key: p.post("chosen/empty", chosen=key),
        lambda p, key: p.api("DELETE", f"{key}?for_good=true"), People.binned),
    Act("network-delete", lambda p, key: p.post(f"{key}/empty"),
        lambda p, key: p.api("DELETE", f"{key}?for_good=true"), People.binned),
    Act("model-abort", lambda p, key: p.post(f"{key}/abort"), lambda p, key: p.api("POST", f"{key}/abort"),
        People.training),
    Act("model-abort", lambda p, key: p.post("chosen/abort", chosen=key),
        lambda p, key: p.api("POST", "several/abort", models=[key.split("/")[1]]), People.training),
    Act("model-resume", lambda p, key: p.post(f"{key}/resume"), lambda p, key: p.api("POST", f"{key}/resume"),
        lambda p: p.training("failed")),
    Act("dataset-abort", lambda p, key: p.post(f"{key}/abort"), lambda p, key: p.api("POST", f"{key}/abort"),
        People.making),
    Act("dataset-resume", lambda p, key: p.post(f"{key}/resume"), lambda p, key: p.api("POST", f"{key}/resume"),
        lambda p: p.making("failed")),
    Act("model-change", lambda p, key: p.post(f"{key}/describe", name="m", group_name="", notes="seen"),
        lambda p, key: p.api("PATCH", key, notes="seen"), lambda p: p.training("failed")),
    Act("model-bin", lambda p, key: p.post(f"{key}/delete"), lambda p, key: p.api("DELETE", key),
        lambda p: p.training("failed")),
    Act("model-restore", lambda p, key: p.post(f"{key}/restore"), lambda p, key: p.api("POST", f"{key}/restore"),
        lambda p: p.gone(p.training("failed"))),
    Act("model-delete", lambda p, key: p.post(f"{key}/empty"), lambda p, key: p.api("DELETE", f"{key}?for_good=true"),
        lambda p: p.gone(p.training("failed"))),
    Act("dataset-change", lambda p, key: p.post(f"{key}/describe", name="e", group_name="g", notes=""),
        lambda p, key: p.api("PATCH", key, name="e", group_name="g"), People.making),
    Act("dataset-classes", lambda p, _: p.post(f"datasets/{p.studio.dataset}/classes", **{"name-0": "a"}),
        lambda p, _: p.api("PUT", f"datasets/{p.studio.dataset}/class-names", both="a")),
    Act("dataset-bin", lambda p, key: p.post(f"{key}/delete"), lambda p, key: p.api("DELETE", key),
        lambda p: p.making("failed")),
    Act("dataset-restore", lambda p, key: p.post(f"{key}/restore"), lambda p, key: p.api("POST", f"{key}/restore"),
        lambda p: p.gone(p.making("failed"))),
    Act("dataset-delete", lambda p, key: p.post(f"{key}/empty"),
        lambda p, key: p.api("DELETE", f"{key}?for_good=true"), lambda p: p.gone(p.making("failed"))),
    Act("model-continue", lambda p, _: p.post(f"{p.model}/continue", epochs="1"),
        lambda p, _: p.api("POST", f"{p.model}/continue", epochs=1)),
    Act("model-create", lambda p, _: p.post("sample"), lambda p, _: p.api("POST", "models/sample"),
        lambda p: p.api("POST", "models/sample")),
    Act("search-create",
        lambda p, _: p.post("models/new", name="S", dataset=p.studio.dataset, preset="search", minutes="2"),
        lambda p, _: p.api("POST", "searches", name="S", dataset_id=p.studio.dataset, minutes=2)),
    Act("model-abort", lambda p, key: p.post(f"models/{key}/search/stop"),
        lambda p, key: p.api("POST", f"searches/{key}/stop"), People.searching),
    Act("search-prolong", lambda p, key: p.post(f"models/{key}/search/prolong", minutes="10"),
        lambda p, key: p.api("POST", f"searches/{key}/prolong", minutes=10), People.searching),
    Act("model-evaluate", lambda p, _: p.post(f"{p.model}/result", split="val"),
        lambda p, _: p.api("POST", f"{p.model}/evaluate", split="val")),
    Act("model-explain", lambda p, _: p.post(f"{p.model}/layers/statistics", split="val"),
        lambda p, _: p.api("POST", f"{p.model}/explanations", do="statistics"), People.nothing_explained),
    Act("model-explain", lambda p, _: p.post(f"{p.model}/layers", split="val"),
        lambda p, _: p.api("POST", f"{p.model}/explanations", do="filters"), People.nothing_explained),
    Act("model-explain", lambda p, _: p.post(f"{p.model}/explanations"),
        lambda p, _: p.api("POST", f"{p.model}/explanations", do="checks"), People.nothing_explained),
    Act("model-follow", lambda p, png: p.post(f"{p.model}/pictures", seen=b64encode(png).decode()),
        lambda p, png: _asked(p.client.post(f"/api/v1/{p.model}/follow/upload", content=png)), _picture),
    Act("model-export", lambda p, _: p.post(f"{p.model}/use/export"),
        lambda p, _: p.api("POST", f"{p.model}/export"), People.nothing_exported),
    Act("job-abort", lambda p, _: p.post(f"{p.model}/use/export/abort"),
        lambda p, job: p.api("POST", f"jobs/{job}/abort"), People.exporting),
    Act("model-classify", lambda p, _: p.post(f"{p.model}/many", source="sample:digits"),
        lambda p, _: p.api("POST", f"{p.model}/classify", source="sample:digits")),
    Act("model-explain", lambda p, _: p.post(f"{p.model}/map", split="val"),
        lambda p, _: p.api("POST", f"{p.model}/map", split="val"), People.nothing_explained),
    Act("model-explain", lambda p, _: p.post(f"{p.model}/shortcuts", split="val"),
        lambda p, _: p.api("POST", f"{p.model}/shortcuts", split="val"), People.nothing_explained),
    Act("model-explain", lambda p, _: p.post(f"{p.model}/shortcuts", split="val", box="0,0,4,4"),
        lambda p, _: p.api("POST", f"{p.model}/shortcuts/hidden", split="val", box=[1, 1, 4, 4]),
        People.nothing_explained),
    Act("model-follow", lambda p, png: _asked(p.client.post(f"/{p.model}/follow/upload", files={"picture": png})),
        lambda p, png: _asked(p.client.post(f"/api/v1/{p.model}/follow/upload", content=png)), _picture),
    Act("checkpoint-delete", lambda p, name: p.post(f"{p.model}/checkpoints/{name}/delete"),
        lambda p, name: p.api("DELETE", f"{p.model}/checkpoints/{name}"), People.checkpoint),
    Act("job-abort", lambda p, job: p.post(f"queue/{job}/abort"),
        lambda p, job: p.api("POST", f"jobs/{job}/abort"), People.waiting),
    Act("job-abort", lambda p, job: p.post(f"{p.model}/explanations/abort"),
        lambda p, job: p.api("POST", f"jobs/{job}/abort"), People.checking),
    Act("job-abort", lambda p, job: p.post(f"{p.model}/many/{job}/abort"),
        lambda p, job: p.api("POST", f"jobs/{job}/abort"), People.classifying),
    Act("job-resume", lambda p, job: p.post(f"{p.model}/many/{job}/resume"),
        lambda p, job: p.api("POST", f"jobs/{job}/resume"), lambda p: p.classifying("aborted")),
    Act("job-move", lambda p, job: p.post(f"queue/{job}/move"),
        lambda p, job: p.api("POST", f"jobs/{job}/move", before=None), People.waiting),
    Act("choices", lambda p, _: p.post("workers/choices", trainings="", datasets="2", answers="1"),
        lambda p, _: p.api("PUT", "workers/choices", datasets=2)),
    Act("token-create", lambda p, _: p.post("account/tokens", name="one"),
        lambda p, _: p.api("POST", "tokens", name="one")),
    Act("token-delete", lambda p, key: p.post(f"account/tokens/{key}/delete"),
        lambda p, key: p.api("DELETE", f"tokens/{key}"), People.token),
    Act("user-create", lambda p, name: p.post("people", name=name, password=PASSWORD, role="viewer"),
        lambda p, name: p.api("POST", "users", name=name, password=PASSWORD, role="viewer"), _new_name),
    Act("user-change", lambda p, _: p.post("people/mina/role", role="viewer"),
        lambda p, _: p.api("PATCH", "users/mina", role="viewer")),
    Act("user-change", lambda p, _: p.post("people/mina/password", password=PASSWORD),
        lambda p, _: p.api("PATCH", "users/mina", password=PASSWORD)),
    Act("user-change", lambda p, _: p.post("people/mina/disabled", disabled="false"),
        lambda p, _: p.api("PATCH", "users/mina", disabled=False)),
    Act("sign-in", lambda p, _: _browser(p),
        lambda p, _: _asked(p.browser().post("/api/v1/session", json={"name": "mina", "password": PASSWORD}))),
    Act("sign-out", lambda p, browser: _asked(browser.post("/sign-out")),
        lambda p, browser: _asked(browser.delete("/api/v1/session")), _browser),
    Act("sign-out-everywhere", lambda p, browser: _asked(browser.post("/account/sign-out-everywhere")),
        lambda p, browser: _asked(browser.post("/api/v1/account/sign-out-everywhere")), _alone),
    Act("password-change", lambda p, browser: _asked(browser.post("/account/password", data=AGAIN)),
        lambda p, browser: _asked(browser.post("/api/v1/account/password", json=WORDS)), _browser),
    Act("sign-in-failed", lambda p, _: p.browser().post("/sign-in", data={"name": "nobody", "password": "x"}),
        lambda p, _: p.browser().post("/api/v1/session", json={"name": "nobody", "password": "x"})),
    Act("weights-fetch", lambda p, name: p.post("weights/fetch", name=name),
        lambda p, name: p.api("POST", "weights/fetch", name=name), lambda p: "SqueezeNet"),
    Act("weights-add", lambda p, upload: p.post("weights", upload=upload, network="SqueezeNet"),
        lambda p, upload: p.api("POST", "weights", upload=upload, network="SqueezeNet"), People.uploaded),
    Act("weights-remove", lambda p, name: p.post(f"weights/{name}/remove"),
        lambda p, name: p.api("DELETE", f"weights/{name}"), People.shelved),
    Act("upload", lambda p, _: _asked(p.client.post("/datasets/upload", files={"files": ("a.zip", b"PK")})),
        lambda p, _: p.api("POST", "uploads", name="a")),
]  # fmt: skip


@pytest.fixture(scope="module")
def people(studio: Studio) -> Iterator[People]:
    with alone():
        yield People(studio)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.action)
def test_a_page_and_the_api_write_the_same_line(people: People, act: Act) -> None:
    written = []
    for way in (act.page, act.api):
        given = act.given(people)
        written.append(people.lines(lambda _, way=way, given=given: way(people, given)))
    assert written[0] == written[1]
    assert [line[1] for line in written[0]] == [act.action]


def test_every_request_that_may_change_something_is_an_act_or_changes_nothing(people: People) -> None:
    changing = {route for route in ROUTES if route[0] != "GET"}
    acts = {route for route in people.asked if route[0] != "GET"}
    assert changing - acts == CHANGE_NOTHING - acts, "write an act above, or say here that it changes nothing"
    assert not CHANGE_NOTHING - changing


def test_what_changes_nothing_writes_nothing(people: People) -> None:
    def ask(_: People) -> None:
        people.post("datasets/sample")
        people.api("POST", "networks/look", layers=LAYERS)
        people.client.patch(f"/api/v1/{people.model}", json={"name": "First try"})
        assert people.client.delete(f"/api/v1/{people.model}?for_good=true").status_code == 409
        assert people.client.post("/people", data={"name": "x", "password": "short"}).status_code == 422
        assert people.client.post(f"/{people.model}/abort").status_code == 409

    assert people.lines(ask) == []


def test_without_accounts_nothing_is_written(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    client = TestClient(create_app(store), base_url="http://localhost")
    assert client.post("/api/v1/networks", json={"name": "n", "layers": LAYERS}).status_code == 201
    assert page_of_audit(store).items == []


def test_the_command_line_stands_for_itself(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    add_user(store, "mina", PASSWORD)
    change_user(store, "mina", role=Role.ADMIN, even_last=True)
    assert [(one.user_name, one.action, one.detail) for one in reversed(page_of_audit(store).items)] == [
        ("-", "user-create", "mina (member) by the command line"),
        ("-", "user-change", "mina: role admin by the command line"),
    ]
