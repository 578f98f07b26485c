"""The people of the tests of the audit log, and what they act on: a Studio with an admin who is signed in."""

import re
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from glasshouse.layers import Dense, Flatten, Network
from glasshouse.layers.description import describe
from glasshouse.networks.shelf.items import CARD, WEIGHTS, Card, written
from glasshouse.store.audit import page_of_audit
from glasshouse.store.jobs import abort_job, list_jobs
from glasshouse.store.models import get_model
from glasshouse.store.networks import NewNetwork, get_network, save_network
from glasshouse.store.people import add_token, add_user
from glasshouse.store.records import AuditEntry, JobKind, Role
from glasshouse.store.resources import bin_resources
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from glasshouse.store.weights import shelf_of
from glasshouse.web.app import create_app
from studio_seed import Studio, finish

__all__ = ["LAYERS", "PASSWORD", "People"]

PASSWORD = "correct horse battery"
LAYERS = describe(Network([Flatten(), Dense(3, activation="softmax")], input_shape=(8, 8, 1)))


class People:
    """A Studio with an admin who is signed in, and what an act is done to: new for each way."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.store = studio, studio.store
        self.boss = add_user(self.store, "boss", PASSWORD, Role.ADMIN)
        add_user(self.store, "mina", PASSWORD, by=self.boss)
        self.asked: set[tuple[str, str]] = set()  # routes
        self.made = 0
        self.app = create_app(self.store)
        self.client = self.browser()
        assert self.client.post("/sign-in", data={"name": "boss", "password": PASSWORD}).status_code == 303
        self.dataset, self.model = f"datasets/{studio.dataset}", f"models/{studio.model}"

    def browser(self) -> TestClient:
        """Return a browser in which nobody has signed in."""
        return TestClient(self._watched, base_url="http://localhost", follow_redirects=False)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        if "route" in scope:
            at = "/api/v1" if scope["path"].startswith("/api/v1/") else ""
            self.asked.add((scope["method"], at + scope["route"].path))

    def post(self, path: str, **form: Any) -> Any:
        """Send a form."""
        answer = self.client.post(f"/{path}", data=form)
        assert answer.status_code < 400, (path, answer.status_code, answer.text[-500:])
        return answer

    def api(self, method: str, path: str, **body: Any) -> Any:
        """Send JSON."""
        answer = self.client.request(method, f"/api/v1/{path}", json=body or None)
        assert answer.status_code < 400, (path, answer.status_code, answer.text[-500:])
        return answer

    def nothing_explained(self) -> str:
        """End what explains the model, so that asking for it again is more than finding it."""
        return self._ended(JobKind.EXPLAIN)

    def nothing_exported(self) -> str:
        """End what exports the model."""
        return self._ended(JobKind.EXPORT)

    def exporting(self) -> str:
        """Return the id of an export that waits."""
        self.nothing_exported()
        return str(self.api("POST", f"{self.model}/export").json()["id"])

    def _ended(self, kind: JobKind) -> str:
        for job in list_jobs(self.store, model_id=self.studio.model, kind=kind):
            if job.state.live:
                abort_job(self.store, job.id)
        return ""

    def lines(self, act: Callable[["People"], object]) -> list[tuple[str, str, str, str]]:
        """Return who, action, which and details of what an act wrote, with what differs each time as a word."""
        seen = {entry.id for entry in page_of_audit(self.store).items}
        act(self)
        return [self._plain(one) for one in reversed(page_of_audit(self.store).items) if one.id not in seen]

    def _plain(self, one: AuditEntry) -> tuple[str, str, str, str]:
        made = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}|(?<=^new)\d")
        return one.user_name, one.action, made.sub("ID", one.target), made.sub("ID", one.detail)

    def network(self) -> str:
        """Return the address of a new network."""
        return f"networks/{save_network(self.store, NewNetwork('Small', LAYERS), self.boss).id}"

    def binned(self) -> str:
        """Return the address of a network in the bin."""
        made = save_network(self.store, NewNetwork("Small", LAYERS), self.boss)
        bin_resources(self.store, [made], self.boss)
        return f"networks/{made.id}"

    def uploaded(self) -> str:
        """Return an upload of a file of weights, which nothing has read yet."""
        made = begin_upload(self.store, "a", self.boss)
        write_piece(self.store, made, "a.pth", 0, [b"x"])
        finish_upload(self.store, made)
        return f"upload:{made.id}"

    def shelved(self) -> str:
        """Return the name of weights on the shelf."""
        place = shelf_of(self.store) / "mine"
        place.mkdir(parents=True)
        (place / WEIGHTS).write_bytes(b"")
        (place / CARD).write_text(written(Card("mine", "SqueezeNet", 224, 224, 1)))
        return "mine"

    def moment(self, key: str) -> float:
        """Return when a network went into the bin."""
        return float(get_network(self.store, key.split("/")[1]).deleted_at or 0)

    def classifying(self, state: str = "queued") -> str:
        """Return the id of a classification that waits, or that ended."""
        job = str(self.api("POST", f"{self.model}/classify", source="sample:digits").json()["id"])
        if state != "queued":
            finish(self.store, job, state)
        return job

    def waiting(self) -> str:
        """Return the id of a scoring that waits."""
        return str(self.api("POST", f"{self.model}/evaluate", split="val").json()["id"])

    def checking(self) -> str:
        """Return the id of a check of the explanations that waits."""
        return str(self.api("POST", f"{self.model}/explanations", do="checks").json()["id"])

    def training(self, state: str = "queued") -> str:
        """Return the address of a model that waits, or whose training has another state."""
        recipe = {"network": "Dense128", "epochs": 1}
        made = self.api("POST", "models", name="m", dataset_id=self.studio.dataset, recipe=recipe).json()["items"][0]
        if state != "queued":
            finish(self.store, made["job"]["id"], state)
        return f"models/{made['id']}"

    def making(self, state: str = "queued") -> str:
        """Return the address of a dataset that is still to be made, or that was not."""
        made = self.api("POST", "datasets", name="d", recipe={"source": "sample:digits"}).json()
        if state != "queued":
            finish(self.store, made["job"]["id"], state)
        return f"datasets/{made['id']}"

    def searching(self) -> str:
        """Return the address of a search that waits."""
        asked = {"name": "s", "dataset_id": self.studio.dataset, "minutes": 2}
        return str(self.api("POST", "searches", **asked).json()["id"])

    def gone(self, key: str) -> str:
        """Put something into the bin and return its address."""
        self.api("DELETE", key)
        return key

    def checkpoint(self) -> str:
        """Return the name of a checkpoint that may go."""
        folder = self.store.path(get_model(self.store, self.studio.model).folder) / "checkpoints"
        (folder / "epoch-0001.safetensors").write_bytes(b"weights")
        return "epoch-0001.safetensors"

    def token(self) -> str:
        """Return the id of a token."""
        return add_token(self.store, self.boss, "script")[0].id
