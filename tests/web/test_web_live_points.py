"""The live page's one source: points that all who look share, whom it answers, what its files hold."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glasshouse.errors import MissingError
from glasshouse.store.machine import MACHINE_FILE
from glasshouse.store.models import get_model
from glasshouse.store.ownership import may_see
from glasshouse.store.people import add_user
from glasshouse.store.records import Failure, Role
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.context import live_points as boards
from glasshouse.web.context.live_points import LivePoints
from glasshouse.web.context.shapes import PointsOut
from glasshouse.web.models.live_texts import gauges, live_texts
from studio_seed import Studio, finish

SAMPLE = {
    "at": 10.0, "cpu": 50.0, "cpu_job": 98.0, "memory": 4e9, "memory_job": 1e9, "memory_total": 16e9,
    "disk_free": 20e9, "gpus": [{"name": "H100", "use": 87.0, "memory": 12e9, "memory_total": 80e9, "temperature": 56}],
}  # fmt: skip


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture
def running(studio: Studio) -> str:
    """A model that is being trained, with some steps, an epoch and a look at the computer."""
    (model,) = submit_models(studio.store, NewModel("Now", studio.dataset, {"network": "Dense128", "epochs": 9}))
    finish(studio.store, model.job_id, "running", finished_at=None, done=3, total=27, stage="training", version=1)
    folder = studio.store.path(model.folder)
    folder.mkdir(parents=True)
    begun = {
        "type": "run-started",
        "epochs": 9,
        "steps_per_epoch": 3,
        "parameters": 10,
        "trainable": 10,
        "device": "cpu",
    }
    steps = [{"type": "step", "step": n, "epoch": 1, "loss": 2.0 / n, "lr": 0.1, "remaining": 70.0} for n in (1, 2, 3)]
    epoch = {"type": "epoch", "epoch": 1, "step": 3, "train_loss": 1.1, "valid_loss": 1.2, "valid_accuracy": 0.5,
             "train_accuracy": 0.75, "lr": 0.1, "seconds": 1.0, "best": True, "phase": "train"}  # fmt: skip
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (begun, *steps, epoch)))
    work = studio.store.path(f"work/{model.job_id}")
    work.mkdir(parents=True, exist_ok=True)
    (work / MACHINE_FILE).write_text("".join(json.dumps({**SAMPLE, "at": at}) + "\n" for at in (10.0, 15.0)))
    (work / "log.txt").write_text("begun\n")
    return model.id


def test_points_come_from_a_number_on_with_all_that_the_page_tells(client: TestClient, running: str) -> None:
    told = client.get(f"/api/v1/models/{running}/points").json()
    PointsOut.model_validate(told)
    assert [p["type"] for p in told["points"]] == ["run-started", "step", "step", "step", "epoch"]
    epoch = told["points"][-1]
    assert epoch["pictures"] == 18
    assert epoch["interval"] == pytest.approx([0.2903, 0.7097], abs=1e-3)
    assert (told["epoch"], told["epochs"], told["remaining"], told["ended"]) == (1, 9, 70.0, False)
    assert [one["kind"] for one in told["remarks"]] == ["early", "few"]
    assert ([one["n"] for one in told["machine"]], told["machine_last"]) == ([1, 2], 2)
    later = client.get(f"/api/v1/models/{running}/points", params={"since": told["last"], "machine": 2}).json()
    assert (later["points"], later["machine"], later["last"], later["machine_last"]) == ([], [], told["last"], 2)
    some = client.get(f"/api/v1/models/{running}/points", params={"since": 3}).json()
    assert [p["n"] for p in some["points"]] == [4, 5]


def test_the_answer_is_packed_where_that_is_understood(client: TestClient, running: str) -> None:
    address = f"/api/v1/models/{running}/points"
    packed, plain = (client.get(address, headers={"accept-encoding": how}) for how in ("gzip", "identity"))
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_hundred_viewers_cost_one_look(studio: Studio, running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    real = boards.look

    def counted(*given: object) -> boards.View:
        looks.append(threading.get_ident())
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(boards, "look", counted)
    board = LivePoints(studio.store)

    async def crowd() -> list[bytes]:
        return await asyncio.gather(*(board.reply(running, None, 0, 0) for _ in range(100)))

    found = asyncio.run(crowd())
    assert len(set(found)) == 1
    assert len(looks) == 1


def test_who_may_not_see_a_model_is_told_nothing_of_it(studio: Studio, running: str) -> None:
    board = LivePoints(studio.store)
    (model,) = submit_models(studio.store, NewModel("Mine", studio.dataset, {"network": "Dense128"}))
    owner, other, admin = (add_user(studio.store, name, "correct horse", role) for name, role in
                           (("owner-p", Role.MEMBER), ("other-p", Role.MEMBER), ("admin-p", Role.ADMIN)))  # fmt: skip
    try:
        (mine,) = submit_models(studio.store, NewModel("Hers", studio.dataset, {"network": "Dense128"}), owner)
        for viewer in (owner, admin, None):
            assert asyncio.run(board.reply(mine.id, viewer, 0, 0))
        with pytest.raises(MissingError):
            asyncio.run(board.reply(mine.id, other, 0, 0))
        for viewer in (owner, other, admin, None):
            for key in (mine.id, model.id):
                record = get_model(studio.store, key)
                assert may_see(record, viewer) is _found(studio, key, viewer)
    finally:
        from sqlalchemy import delete

        from glasshouse.store.tables import users

        with studio.store.write() as connection:
            connection.execute(delete(users).where(users.c.id.in_([owner.id, other.id, admin.id])))


def _found(studio: Studio, key: str, viewer: object) -> bool:
    try:
        get_model(studio.store, key, viewer)  # type: ignore[arg-type]
    except MissingError:
        return False
    return True


def test_the_page_shows_the_curves_of_the_moment_without_scripts(client: TestClient, running: str) -> None:
    text = client.get(f"/models/{running}").text
    assert text.count('class="series train') == 6, "three lines and three marks of the legends"
    assert "75.0 %" in text and "Accuracy on training pictures" in text
    assert "Epoch 2 of 9" in text
    assert "50.0 %" in text
    assert "on 18 validation pictures" in text
    assert "Only 18 validation pictures" in text
    assert "4.0 of 16.0 GB" in text
    assert "87 %" in text
    assert f'data-points="/api/v1/models/{running}/points"' in text


def test_what_the_page_offers_to_take_away(client: TestClient, studio: Studio, running: str) -> None:
    base = f"/api/v1/models/{studio.model}"
    table = client.get(f"{base}/curves.csv").text.splitlines()
    assert table[0].startswith("\ufeffepoch,step,train_loss,valid_loss")
    assert table[0].endswith(",train_accuracy")
    assert len(table) == 3
    assert client.get(f"{base}/recipe.json").json()["network"] == "Dense128"
    assert len(client.get(f"{base}/checkpoints/best.safetensors").content) > 1000
    for name in ("nothing.safetensors", "..%2Frecipe.json"):
        assert client.get(f"{base}/checkpoints/{name}").status_code == 404
    log = client.get(f"/api/v1/models/{running}/log").json()
    assert log == {"text": "begun\n", "told": "begun\n", "last": 6, "ended": False}
    assert client.get(f"/api/v1/models/{running}/log", params={"since": 6}).json()["text"] == ""
    assert client.get(f"/api/v1/models/{running}/log.txt").text == "begun\n"


def test_the_computer_is_told_in_words_and_a_missing_number_is_a_dash() -> None:
    words = live_texts(str)["gauges"]
    later = {**SAMPLE, "at": 15.0, "cpu": 100.0}
    told = {name: (value, note) for name, value, note, _ in gauges([SAMPLE, later], words)}
    assert told["Processor"] == ("100 %", "this job: 98 % of one core")
    assert told["GPU"] == ("87 %", "H100 · 12.0 of 80.0 GB · 56 °C")
    assert gauges([SAMPLE, later], words)[0][3] == "M0.0 16.0L160.0 1.0"
    assert {row[0]: row[1] for row in gauges([{**SAMPLE, "cpu": None}], words)}["Processor"] == "–"
    assert gauges([], words) == []


@pytest.mark.parametrize(
    ("failure", "detail", "says", "again"),
    [
        (Failure.NOT_FINITE, "Traceback", "ten times lower", False),
        (Failure.MEMORY, "", "half the batch size", True),
        (Failure.DATASET, "Traceback", "Put the dataset back", True),
        (Failure.NETWORK, "Traceback", "another network", False),
        (Failure.DISK, "", "Empty the bin", True),
        (Failure.KILLED, "", "it is killed again", True),
        (Failure.FAULT, "Traceback", "would most likely come to it again", False),
        (Failure.OTHER, "", "Put right what is named", True),
        (None, "", "Put right what is named", True),  # written by an older Glasshouse
    ],
)
def test_a_failure_has_a_next_step_of_its_own(
    client: TestClient, studio: Studio, failure: Failure | None, detail: str, says: str, again: bool
) -> None:
    (model,) = submit_models(studio.store, NewModel("Broken so", studio.dataset, {"network": "Dense128"}))
    reason = "The words of memory, dataset and disk decide nothing."
    finish(studio.store, model.job_id, "failed", reason=reason, detail=detail, failure=failure)
    frame = client.get(f"/models/{model.id}").text
    assert bool(re.search(r'resume">\s*<button class="primary">', frame)) is again
    assert client.get(f"/api/v1/models/{model.id}").json()["job"]["failure"] == failure
    text = client.get(f"/models/{model.id}").text
    assert says in text
    assert reason in text
    assert "Kept:" in text
    assert bool(re.search(r"<details>\s*<summary>Details", text)) is bool(detail)


def test_modules_are_named_by_all_of_them(tmp_path: Path, client: TestClient, studio: Studio) -> None:
    text = client.get(f"/models/{studio.model}").text
    digests = {part.split("/")[2] for part in text.split('"') if part.endswith(".js") and part.startswith("/static/")}
    assert len(digests) == 1, "live.js loads curves.js from beside it, so both change together"
