"""Every route of the application, asked by everybody: nothing is shown or done that is not the person's.

A route without a line in ``ROUTES`` fails the first test: say there for whom it is.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient

from glasshouse.layers import Dense, Flatten, Network
from glasshouse.layers.description import describe
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.models import get_model
from glasshouse.store.networks import NewNetwork, save_network
from glasshouse.store.people import add_token, add_user, begin_session
from glasshouse.store.records import JobKind, Role, UserRecord
from glasshouse.store.results import result_place, write_answers
from glasshouse.store.tables import datasets, jobs, models, networks
from glasshouse.store.uploads import begin_upload
from glasshouse.web.app import create_app
from glasshouse.web.attempts import Attempts
from glasshouse.web.explorer import opened
from glasshouse.web.guard import COOKIE
from studio_seed import alone, finish, make_studio

OPEN = "open"  # also who is not signed in
ANY = "any"  # who is signed in; what is listed is what they may see
MAKER = "maker"  # members and admins
ADMIN = "admin"
READ = "read"  # who may see the dataset or the model
USE = "use"  # who may see it and make things with it
CHANGE = "change"  # its owner and admins
OWN = "own"  # a job or an upload: its owner and admins, even where its model is shared
SELF = "self"  # a token: its owner alone
SECRET = "zebra"  # stands in every name and note of the things that are not shared

FORM = "form"
ALSO = {  # what refuses within a form, or before it looks whether the thing is there
    ("POST", "/models/new"): (403, 404, 422), ("POST", "/models/{key}/many"): (403, 404, 409),
    ("GET", "/live/estimate"): (200, 403, 404), ("GET", "/live/weights"): (200, 403, 404),
    ("GET", "/api/v1/compare"): (404, 422), ("POST", "/models/{key}/follow/upload"): (403, 404, 409, 422),
    ("POST", "/api/v1/models/{model_id}/evaluate"): (403, 404), ("GET", "/live/augmented"): (200, 404),
}  # fmt: skip
MODELS = {"chosen": "models/{model}"}
ROUTES: dict[tuple[str, str], tuple[Any, ...]] = {
    ("GET", "/api/v1/openapi.json"): (ANY,),
    ("GET", "/api/v1/datasets"): (ANY,),
    ("POST", "/api/v1/datasets"): (MAKER, {"name": "", "recipe": {}}),
    ("GET", "/api/v1/datasets/{dataset_id}"): (READ,),
    ("PATCH", "/api/v1/datasets/{dataset_id}"): (CHANGE, {"group_name": "zebras"}),
    ("GET", "/api/v1/datasets/{dataset_id}/models"): (READ,),
    ("DELETE", "/api/v1/datasets/{dataset_id}"): (CHANGE,),
    ("POST", "/api/v1/datasets/{dataset_id}/restore"): (CHANGE,),
    ("POST", "/api/v1/datasets/{dataset_id}/abort"): (CHANGE,),
    ("POST", "/api/v1/datasets/{dataset_id}/resume"): (CHANGE,),
    ("POST", "/api/v1/datasets/preview"): (MAKER, {"recipe": {}}),
    ("GET", "/api/v1/datasets/{dataset_id}/download/{name}"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/left-out"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/mean"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/pictures"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/pictures/{split}/{row}"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/pictures/{split}/{row}/image"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/pictures/{split}/{row}/original"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/statistics"): (READ,),
    ("GET", "/api/v1/datasets/{dataset_id}/twins"): (READ,),
    ("GET", "/api/v1/models/{model_id}/checkpoints/{name}"): (READ,),
    ("GET", "/api/v1/models/{model_id}/curves.csv"): (READ,),
    ("GET", "/api/v1/models/{model_id}/download"): (READ,),
    ("GET", "/api/v1/models/{model_id}/log"): (OWN,),
    ("GET", "/api/v1/models/{model_id}/log.txt"): (OWN,),
    ("GET", "/api/v1/models/{model_id}/recipe.json"): (READ,),
    ("GET", "/api/v1/models"): (ANY,),
    ("POST", "/api/v1/models"): (USE, {"name": "", "dataset_id": "{dataset}", "recipe": {}}),
    ("POST", "/api/v1/trials/estimate"): (USE, {"dataset_id": "{dataset}", "recipe": {"epochs": -1}}),
    ("POST", "/api/v1/trials/weights"): (USE, {"dataset_id": "{dataset}", "recipe": {"network": "LeNet"}}),
    ("GET", "/api/v1/models/{model_id}"): (READ,),
    ("PATCH", "/api/v1/models/{model_id}"): (CHANGE, {"group_name": "zebras"}),
    ("DELETE", "/api/v1/models/{model_id}"): (CHANGE,),
    ("POST", "/api/v1/models/{model_id}/restore"): (CHANGE,),
    ("GET", "/api/v1/models/{model_id}/points"): (READ,),
    ("POST", "/api/v1/models/{model_id}/abort"): (CHANGE,),
    ("POST", "/api/v1/models/{model_id}/resume"): (CHANGE,),
    ("POST", "/api/v1/models/{model_id}/continue"): (USE, {"epochs": 1}),
    ("POST", "/api/v1/models/{model_id}/evaluate"): (CHANGE, {"split": "val"}),
    ("GET", "/api/v1/models/{model_id}/results/{split}"): (READ,),
    ("GET", "/api/v1/models/{model_id}/results/{split}/answers"): (READ,),
    ("GET", "/api/v1/models/{model_id}/results/{split}/top"): (READ,),
    ("GET", "/api/v1/models/{model_id}/results/{split}/top.csv"): (READ,),
    ("GET", "/api/v1/models/{model_id}/openings"): (READ,),
    ("POST", "/api/v1/models/{model_id}/classify"): (USE, {"source": "sample:none"}),
    ("GET", "/api/v1/models/{model_id}/checkpoints"): (READ,),
    ("DELETE", "/api/v1/models/{model_id}/checkpoints/{name}"): (CHANGE,),
    ("POST", "/api/v1/models/{model_id}/warm"): (READ,),
    ("POST", "/api/v1/models/{model_id}/predict"): (READ,),
    ("GET", "/api/v1/jobs"): (ANY,),
    ("GET", "/api/v1/jobs/{job_id}"): (OWN,),
    ("GET", "/api/v1/jobs/{job_id}/answers"): (OWN,),
    ("GET", "/api/v1/jobs/{job_id}/top"): (OWN,),
    ("GET", "/api/v1/jobs/{job_id}/top.csv"): (OWN,),
    ("POST", "/api/v1/jobs/{job_id}/abort"): (OWN,),
    ("POST", "/api/v1/jobs/{job_id}/resume"): (OWN,),
    ("POST", "/api/v1/jobs/{job_id}/move"): (OWN, {"before": None}),
    ("GET", "/api/v1/jobs/{job_id}/log"): (OWN,),
    ("GET", "/api/v1/jobs/{job_id}/predictions"): (OWN,),
    ("GET", "/api/v1/jobs/{job_id}/predictions.csv"): (OWN,),
    ("GET", "/api/v1/workers"): (ANY,),
    ("PUT", "/api/v1/workers/choices"): (ADMIN, {}),
    ("POST", "/api/v1/uploads"): (MAKER, {}),
    ("GET", "/api/v1/uploads/{upload_id}"): (OWN,),
    ("GET", "/api/v1/uploads/{upload_id}/files"): (OWN,),
    ("GET", "/api/v1/uploads/{upload_id}/files/{name:path}"): (OWN,),
    ("PUT", "/api/v1/uploads/{upload_id}/files/{name:path}"): (OWN,),
    ("POST", "/api/v1/uploads/{upload_id}/finish"): (OWN, {}),
    ("DELETE", "/api/v1/uploads/{upload_id}"): (OWN,),
    ("GET", "/api/v1/paths"): (MAKER,),
    ("GET", "/api/v1/networks"): (ANY,),
    ("GET", "/api/v1/networks/vocabulary"): (ANY,),
    ("POST", "/api/v1/networks"): (MAKER, {"name": "", "layers": {}}),
    ("POST", "/api/v1/networks/look"): (ANY, {}),
    ("GET", "/api/v1/networks/{network_id}"): (READ,),
    ("PATCH", "/api/v1/networks/{network_id}"): (CHANGE, {"group_name": "zebras"}),
    ("DELETE", "/api/v1/networks/{network_id}"): (CHANGE,),
    ("POST", "/api/v1/networks/{network_id}/restore"): (CHANGE,),
    ("GET", "/workers"): (ADMIN,),
    ("GET", "/workers/live"): (ADMIN,),
    ("POST", "/workers/choices"): (ADMIN, FORM, {"trainings": "", "datasets": "1", "answers": "1"}),
    ("GET", "/networks"): (ANY,),
    ("GET", "/networks/new"): (ANY,),
    ("POST", "/networks/new"): (MAKER, FORM, {"do": "save"}),
    ("POST", "/live/network"): (ANY, FORM, {}),
    ("GET", "/networks/{key}"): (READ,),
    ("POST", "/networks/{key}"): (CHANGE, FORM, {"do": "save"}),
    ("POST", "/api/v1/session"): (OPEN, {"name": "", "password": ""}),
    ("GET", "/api/v1/session"): (OPEN,),
    ("DELETE", "/api/v1/session"): (OPEN,),
    ("POST", "/api/v1/account/password"): (ANY, {"old": "", "new": ""}),
    ("POST", "/api/v1/account/sign-out-everywhere"): (ANY,),
    ("GET", "/api/v1/tokens"): (ANY,),
    ("POST", "/api/v1/tokens"): (ANY, {"name": "one"}),
    ("DELETE", "/api/v1/tokens/{token_id}"): (SELF,),
    ("GET", "/api/v1/users"): (ADMIN,),
    ("POST", "/api/v1/users"): (ADMIN, {"name": "", "password": ""}),
    ("PATCH", "/api/v1/users/{name}"): (ADMIN, {}),
    ("GET", "/api/v1/audit"): (ADMIN,),
    ("POST", "/api/v1/several/{action}"): (CHANGE, {"models": ["{model}"], "group_name": "zebras"}),
    ("GET", "/"): (ANY,),
    ("POST", "/columns"): (ANY, FORM, {"kind": "models"}),
    ("POST", "/language"): (OPEN, FORM, {}),
    ("GET", "/live/home"): (ANY,),
    ("POST", "/queue/{key}/move"): (OWN, FORM, {}),
    ("POST", "/queue/{key}/abort"): (OWN, FORM, {}),
    ("POST", "/chosen/delete"): (CHANGE, FORM, MODELS),
    ("POST", "/chosen/abort"): (CHANGE, FORM, MODELS),
    ("POST", "/chosen/group"): (CHANGE, FORM, {**MODELS, "group_name": "zebras"}),
    ("POST", "/chosen/share"): (CHANGE, FORM, {**MODELS, "shared": "{shared}"}),
    ("POST", "/chosen/restore"): (CHANGE, FORM, MODELS),
    ("POST", "/chosen/empty"): (CHANGE, FORM, MODELS),
    ("GET", "/bin"): (ANY,),
    ("POST", "/bin/undo"): (ANY, FORM, {"at": "1.5"}),
    ("POST", "/{kind}/{key}/delete"): (CHANGE, FORM, {}),
    ("POST", "/{kind}/{key}/restore"): (CHANGE, FORM, {}),
    ("POST", "/{kind}/{key}/empty"): (CHANGE, FORM, {}),
    ("GET", "/{kind}/{key}/edit"): (CHANGE,),
    ("POST", "/{kind}/{key}/describe"): (CHANGE, FORM, {"notes": "zebra, with stripes"}),
    ("GET", "/datasets/new"): (MAKER,),
    ("GET", "/datasets/new/preview"): (MAKER,),
    ("POST", "/datasets/new"): (MAKER, FORM, {"name": ""}),
    ("POST", "/datasets/upload"): (MAKER, FORM, {}),
    ("POST", "/datasets/sample"): (ANY, FORM, {}),
    ("GET", "/folders"): (MAKER,),
    ("GET", "/models/new"): (MAKER,),
    ("POST", "/models/new"): (USE, FORM, {"dataset": "{dataset}", "name": ""}),
    ("GET", "/live/schedule"): (ANY,),
    ("GET", "/live/plan"): (READ, "?dataset={dataset}"),
    ("GET", "/live/estimate"): (USE, "?dataset={dataset}&network=LeNet&epochs=-1"),
    ("GET", "/live/weights"): (USE, "?dataset={dataset}&network=LeNet&weights=none"),
    ("GET", "/api/v1/compare"): (READ, "?model={model}&model={model}"),
    ("GET", "/api/v1/models/{model_id}/follow"): (READ,),
    ("POST", "/api/v1/models/{model_id}/follow/upload"): (USE,),
    ("GET", "/api/v1/models/{model_id}/graph"): (READ,),
    ("GET", "/api/v1/models/{model_id}/code"): (READ, "?level=learner"),
    ("GET", "/api/v1/models/{model_id}/in-and-out"): (READ,),
    ("GET", "/models/{key}/in-and-out"): (READ,),
    ("GET", "/models/{key}/in-and-out/pictures"): (READ,),
    ("GET", "/models/{key}/code"): (READ,),
    ("GET", "/models/{key}/code/{level}.py"): (READ,),
    ("GET", "/models/{key}/follow"): (READ,),
    ("GET", "/models/{key}/follow/live"): (READ,),
    ("POST", "/models/{key}/follow/upload"): (USE, FORM, {}),
    ("GET", "/models/{key}/follow/graph"): (READ,),
    ("GET", "/models/{key}/follow/graph/live"): (READ,),
    ("GET", "/live/augmented"): (READ, "?dataset={dataset}&network=LeNet"),
    ("GET", "/datasets/{key}"): (READ,),
    ("GET", "/datasets/{key}/means/{fingerprint}"): (READ,),
    ("GET", "/datasets/{key}/live"): (READ,),
    ("GET", "/datasets/{key}/explore"): (READ,),
    ("GET", "/datasets/{key}/left-out"): (READ,),
    ("GET", "/datasets/{key}/left-out/{fingerprint}/{number}"): (READ,),
    ("GET", "/datasets/{key}/twins"): (READ,),
    ("GET", "/datasets/{key}/recipe"): (READ,),
    ("GET", "/datasets/{key}/pictures/{split}/{row}"): (READ,),
    ("GET", "/datasets/{key}/originals/{fingerprint}/{split}/{row}"): (READ,),
    ("GET", "/datasets/{key}/images/{fingerprint}/{split}/{row}"): (READ,),
    ("POST", "/datasets/{key}/abort"): (CHANGE, FORM, {}),
    ("POST", "/datasets/{key}/resume"): (CHANGE, FORM, {}),
    ("GET", "/datasets/{key}/table.csv"): (READ,),
    ("GET", "/datasets/{key}/download/{name}"): (READ,),
    ("GET", "/models/{key}"): (READ,),
    ("GET", "/models/{key}/details"): (READ,),
    ("POST", "/models/{key}/abort"): (CHANGE, FORM, {}),
    ("POST", "/models/{key}/resume"): (CHANGE, FORM, {}),
    ("POST", "/models/{key}/continue"): (USE, FORM, {"epochs": "1"}),
    ("POST", "/models/{key}/checkpoints/{name}/delete"): (CHANGE, FORM, {}),
    ("GET", "/models/{key}/result"): (READ,),
    ("GET", "/models/{key}/result/live"): (READ,),
    ("POST", "/models/{key}/result"): (CHANGE, FORM, {"split": "val"}),
    ("GET", "/models/{key}/result/pictures"): (READ, "?truth=0&answer=1"),
    ("GET", "/models/{key}/result/table.csv"): (READ,),
    ("GET", "/models/{key}/result/top"): (READ,),
    ("GET", "/models/{key}/result/top.csv"): (READ,),
    ("GET", "/models/{key}/classify"): (READ,),
    ("POST", "/models/{key}/classify"): (READ, FORM, {}),
    ("GET", "/models/{key}/many"): (READ,),
    ("POST", "/models/{key}/many"): (USE, FORM, {"source": "/nowhere"}),
    ("GET", "/models/{key}/many/{number}"): (OWN,),
    ("GET", "/models/{key}/many/{number}/live"): (OWN,),
    ("GET", "/models/{key}/many/{number}/table.csv"): (OWN,),
    ("GET", "/models/{key}/many/{number}/top"): (OWN,),
    ("GET", "/models/{key}/many/{number}/top.csv"): (OWN,),
    ("GET", "/models/{key}/many/{number}/pictures/{row}"): (OWN,),
    ("POST", "/models/{key}/many/{number}/abort"): (OWN, FORM, {}),
    ("POST", "/models/{key}/many/{number}/resume"): (OWN, FORM, {}),
    ("GET", "/compare"): (READ, "?chosen=models/{model}"),
    ("GET", "/account"): (ANY,),
    ("POST", "/account/password"): (ANY, FORM, {}),
    ("POST", "/account/tokens"): (ANY, FORM, {"name": "one"}),
    ("POST", "/account/tokens/{key}/delete"): (SELF, FORM, {}),
    ("POST", "/account/sign-out-everywhere"): (ANY, FORM, {}),
    ("GET", "/people"): (ADMIN,),
    ("POST", "/people"): (ADMIN, FORM, {"name": ""}),
    ("GET", "/people/{name}"): (ADMIN,),
    ("POST", "/people/{name}/role"): (ADMIN, FORM, {"role": "viewer"}),
    ("POST", "/people/{name}/password"): (ADMIN, FORM, {}),
    ("POST", "/people/{name}/disabled"): (ADMIN, FORM, {"disabled": "false"}),
    ("GET", "/audit"): (ADMIN,),
    ("GET", "/sign-in"): (OPEN,),
    ("POST", "/sign-in"): (OPEN, FORM, {}),
    ("POST", "/sign-out"): (ANY, FORM, {}),
    ("GET", "/static/{digest}/{name}"): (OPEN,),
}  # fmt: skip
MAY_MISS = {  # what the person may ask for, and is not there
    ("POST", "/models/{key}/checkpoints/{name}/delete"), ("DELETE", "/api/v1/models/{model_id}/checkpoints/{name}"),
    ("GET", "/api/v1/models/{model_id}/checkpoints/{name}"),
}  # fmt: skip
ENDING = ("session", "sign", "password", "disabled", "users")  # in paths that end somebody's session
LISTS = (
    "/", "/?q=stripes", "/?group=zebras", "/?show=datasets", "/bin", "/live/home", "/models/new", "/datasets/new",
    "/?models-columns=state,dataset,notes,owner,group&sort=score", "/api/v1/datasets?search=stripes",
    "/api/v1/models?search=stripes", "/api/v1/models?search=zebra", "/api/v1/jobs", "/api/v1/datasets?binned=true",
    "/account", "/compare",
)  # fmt: skip


@dataclass
class World:
    """A Studio with mina's things, and everybody who asks for them."""

    app: FastAPI
    store: Store
    users: dict[str, UserRecord]
    dataset: str
    model: str
    job: str
    network: str
    fingerprint: str
    sessions: dict[str, str] = field(default_factory=dict)

    def words(self, path: str) -> dict[str, str]:
        """Return what stands for the words in a path and its body; an upload and a token are new each time."""
        mina = self.users["owner"]
        upload = begin_upload(self.store, "zebra.zip", mina).id if "{upload_id}" in path else ""
        token = add_token(self.store, mina, "t")[0].id if "token" in path else ""
        shared = str(get_model(self.store, self.model).shared).lower()
        return {
            "dataset": self.dataset, "dataset_id": self.dataset, "model": self.model, "model_id": self.model,
            "network_id": self.network, "job_id": self.job, "number": self.job, "upload_id": upload,
            "token_id": token,
            "split": "val", "level": "learner",
            "row": "0", "fingerprint": self.fingerprint, "name": "none.safetensors", "kind": "models",
            "action": "group", "name:path": "a.png", "digest": "x", "shared": shared,
        }  # fmt: skip

    def ask(self, who: str, method: str, path: str, **more: Any) -> Response:
        """Send a request as somebody."""
        headers = {}
        if who in self.users:
            session = self.sessions.setdefault(who, "") or begin_session(self.store, self.users[who])
            headers["cookie"] = f"{COOKIE}={session}"
            self.sessions[who] = "" if any(word in path for word in ENDING) else session
        client = TestClient(
            self.app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False
        )
        answer: Response = client.request(method, path, headers=headers, **more)
        return answer

    def send(self, who: str, method: str, path: str) -> Response:
        """Ask a route with the words and the body that stand in its line."""
        _, *more = ROUTES[method, path]
        words = self.words(path)
        if "{key}" in path:
            keys = {"/datasets": "dataset", "/networks": "network_id", "/queue": "job_id", "/account": "token_id"}
            words["key"] = words[next((word for start, word in keys.items() if path.startswith(start)), "model")]
        if "download/" in path:
            words["name"] = "train.arrow"
        if path.startswith("/static"):
            words["name"] = "studio.css"
        if path.startswith(("/people", "/api/v1/users")):
            words["name"] = "vera"
        address = _filled(path, words)
        if more and isinstance(more[0], str) and more[0].startswith("?"):
            address += _filled(more.pop(0), words)
        if more and more[0] == FORM:
            return self.ask(who, method, address, data=json.loads(_filled(json.dumps(more[1]), words)))
        return self.ask(who, method, address, json=json.loads(_filled(json.dumps(more[0]), words)) if more else None)


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    return text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_studio(tmp_path_factory.mktemp("who"))
    store = made.store
    roles = {"owner": Role.MEMBER, "other": Role.MEMBER, "viewer": Role.VIEWER, "admin": Role.ADMIN}
    names = {"owner": "mina", "other": "otto", "viewer": "vera", "admin": "boss"}
    users = {who: add_user(store, names[who], "correct horse battery", role) for who, role in roles.items()}
    mina = users["owner"].id
    source = {"source": str(made.pictures)}
    with store.write() as connection:
        held = {"owner_id": mina, "notes": "zebra, with stripes", "group_name": "zebras"}
        connection.execute(update(datasets).values(**held, name="zebra pictures"))
        connection.execute(update(models).values(**held, name="zebra model"))
        job = add_job(connection, NewJob(JobKind.CLASSIFY, "zebra holiday", mina, None, made.model, None, source))
        waiting = add_job(connection, NewJob(JobKind.EVALUATE, "zebra scoring", mina, made.dataset, made.model))
        connection.execute(update(jobs).values(user_id=mina, title="zebra job"))
    finish(store, job)
    assert waiting
    folder = store.path(f"work/{job}")
    folder.mkdir(parents=True)
    picture = next(made.pictures.rglob("*.png")).relative_to(made.pictures).as_posix()
    line = {
        "path": picture,
        "label": "both",
        "probability": 0.9,
        "top": [],
        "error": None,
        "truth": "zebra",
    }
    (folder / "predictions.jsonl").write_text(json.dumps(line) + "\n")
    (folder / "log.txt").write_text("zebra")
    fingerprint = opened(store.path(get_dataset(store, made.dataset).folder)).fingerprint[:12]
    small = describe(Network([Flatten(), Dense(3, activation="softmax")], input_shape=(8, 8, 1)))
    network = save_network(store, NewNetwork("zebra net", small, notes="zebra, with stripes"), users["owner"]).id
    run = store.path(get_model(store, made.model).folder)
    labels = opened(store.path(get_dataset(store, made.dataset).folder)).splits["val"].labels
    place = result_place(run, "val")
    write_answers(place, labels, np.eye(3, dtype=np.float32)[labels])
    place.with_suffix(".json").write_text((run / "report-val.json").read_text())
    with alone():
        yield World(create_app(store), store, users, made.dataset, made.model, job, network, fingerprint)
    store.close()


def share(world: World, shared: bool) -> None:
    """Share mina's things or not, as they were at first; what others made of them is gone."""
    with world.store.write() as connection:
        made = models.c.id != world.model
        connection.execute(delete(jobs).where(jobs.c.id.in_(select(models.c.job_id).where(made))))
        connection.execute(delete(models).where(made))
        connection.execute(delete(jobs).where(jobs.c.user_id != world.users["owner"].id))
        for table in (datasets, models, networks):
            connection.execute(update(table).values(shared=shared, deleted_at=None, updated_at=time.time()))


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Return the method and the path of every route, those of routers in it too."""

    def walk(found: Any, prefix: str) -> Iterator[tuple[str, str]]:
        for one in found:
            inner = getattr(one, "original_router", None)
            if inner is not None:
                yield from walk(inner.routes, prefix + one.include_context.prefix)
            else:
                for method in (getattr(one, "methods", None) or {"ALL"}) - {"HEAD"}:
                    yield method, prefix + one.path

    return set(walk(app.routes, ""))


def in_order() -> list[tuple[str, str]]:
    """Return the routes so that what destroys comes last, and nothing is in the bin when it is emptied."""
    steps = (("/empty", 1), ("/delete", 2), ("DELETE", 2), ("/restore", 3))

    def step(route: tuple[str, str]) -> int:
        return next((number for word, number in steps if word in " ".join(route)), 0)

    return sorted(ROUTES, key=step)


def refused(world: World, who: str, method: str, path: str, kind: str, shared: bool) -> tuple[int, ...] | None:
    """Return the statuses by which a person must be refused, or None where they may."""
    api = path.startswith("/api/")
    if who == "anonymous":
        return None if kind == OPEN else (401,) if api else (303,)
    if kind in (OPEN, ANY) or (kind == SELF and who == "owner"):
        return None
    if kind == SELF:
        return (404,)
    if kind == ADMIN:
        return None if who == "admin" else (403,)
    if kind == MAKER:
        return (403,) if who == "viewer" else None
    if who in ("owner", "admin"):
        return None
    if (method, path) in ALSO and (not shared or (who == "viewer" and kind != READ)):
        return ALSO[method, path]
    if kind == USE and who == "viewer":
        return (403,) if shared else (403, 404)
    if not shared or kind == OWN:
        return (404,)
    if kind == READ or (kind == USE and who == "other"):
        return None
    return (403,)


def test_every_route_says_for_whom_it_is(world: World) -> None:
    found = routes(world.app)
    assert len(found) > 100
    assert found - set(ROUTES) == set(), "add a line to ROUTES: who may ask for it?"
    assert set(ROUTES) - found == set(), "these are gone: take their lines away"


@pytest.mark.parametrize("shared", [False, True], ids=["private", "shared"])
@pytest.mark.parametrize("who", ["anonymous", "viewer", "other"])
def test_nobody_gets_what_is_not_theirs(world: World, who: str, shared: bool) -> None:
    share(world, shared)
    world.app.state.attempts = Attempts()
    wrong = []
    for method, path in in_order():
        kind = ROUTES[method, path][0]
        expected = refused(world, who, method, path, kind, shared)
        answer = world.send(who, method, path)
        said = f"{who}: {method} {path}: {answer.status_code}"
        if expected is not None:
            location = answer.headers.get("location", "")
            asked = answer.status_code != 303 or location.startswith("/sign-in?next=")
            shown = "data:image" in answer.text or (SECRET in answer.text and not shared)
            if answer.status_code not in expected or not asked or shown:
                wrong.append(f"{said}, expected {expected}")
        elif not permitted(answer, method, path):
            wrong.append(f"{said}, expected to be allowed: {answer.text[-160:]}")
        elif not shared and SECRET in answer.text:
            wrong.append(f"{said} shows what is not theirs: {around(answer.text)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_the_owner_and_admins_may(world: World, who: str) -> None:
    share(world, False)
    world.app.state.attempts = Attempts()
    wrong = []
    for method, path in in_order():
        kind = ROUTES[method, path][0]
        expected = refused(world, who, method, path, kind, False)
        answer = world.send(who, method, path)
        right = answer.status_code in expected if expected is not None else permitted(answer, method, path)
        if not right:
            wrong.append(f"{who}: {method} {path}: {answer.status_code} {answer.text[-160:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["viewer", "other"])
def test_lists_searches_and_counts_hold_nothing_of_others(world: World, who: str) -> None:
    share(world, False)
    for address in LISTS:
        answer = world.ask(who, "GET", address)
        text = answer.text.replace('value="zebras"', "").replace("group=zebras", "").replace("q=stripes", "")
        assert SECRET not in text, f"{address}: {around(text)}"
        if address.startswith("/api/") and "count" in answer.json():
            assert answer.json()["count"] == 0, address
    assert world.ask("owner", "GET", "/api/v1/models?search=stripes").json()["count"] == 1


def test_a_shared_model_keeps_the_name_of_a_dataset_that_is_not(world: World) -> None:
    share(world, False)
    with world.store.write() as connection:
        connection.execute(update(models).values(shared=True, name="striped model", notes="", group_name=""))
        connection.execute(update(jobs).where(jobs.c.model_id == world.model).values(title="striped model"))
    other = world.users["other"]
    assert get_model(world.store, world.model, other).dataset_name is None
    model = f"/models/{world.model}"
    for address in (
        "/",
        model,
        f"{model}/details",
        f"{model}/result",
        f"/api/v1{model}",
        "/api/v1/models?search=zebra",
    ):
        answer = world.ask("other", "GET", address)
        assert answer.status_code == 200
        assert SECRET not in answer.text, f"{address}: {around(answer.text)}"
    answer = world.ask("other", "GET", f"{model}/result/pictures?truth=0&answer=0")
    assert "/images/" not in answer.text


def permitted(answer: Response, method: str, path: str) -> bool:
    """Whether the person was let in; what they sent may still be wrong, or the thing not there yet."""
    if answer.status_code == 303:
        return not answer.headers["location"].startswith("/sign-in?next=")
    if answer.status_code == 404 and (method, path) in MAY_MISS:
        return True
    if answer.status_code == 401:  # signing in with a wrong password
        return "password" in answer.text
    return answer.status_code < 400 or answer.status_code in (409, 422)


def around(text: str) -> str:
    at = text.find(SECRET)
    return text[max(0, at - 100) : at + 60]
