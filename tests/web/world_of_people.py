"""A Studio with mina's things in it, and people of every role who ask for them."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from fastapi import FastAPI
from httpx import Response
from routes_for_whom import ENDING, FORM, ROUTES
from sqlalchemy import update
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
from glasshouse.store.tables import datasets, jobs, models
from glasshouse.store.uploads import begin_upload
from glasshouse.web.app import create_app
from glasshouse.web.context.session_cookie import session_cookie
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.framework.settings import Settings
from studio_seed import Studio, finish


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
            headers["cookie"] = f"{session_cookie(Settings())}={session}"
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


def world_of(made: Studio) -> World:
    """Give a Studio to mina, with a job, a network and answers of hers, and add those who ask."""
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
    return World(create_app(store), store, users, made.dataset, made.model, job, network, fingerprint)
