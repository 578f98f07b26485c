"""The page of the workers and /api/v1/workers: slots and what runs there, the queue, how many jobs at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from glasshouse.store.choices import Choices, get_choices
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job, list_jobs
from glasshouse.store.people import add_user, begin_session
from glasshouse.store.records import JobKind, JobState, Role
from glasshouse.store.tables import jobs, workers
from glasshouse.store.workers import LEASE, check_in
from glasshouse.web.app import create_app
from glasshouse.web.context.session_cookie import session_cookie
from glasshouse.web.framework.settings import Settings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A Studio with a computer of two GPUs, one of them set aside, a running training and three waiting jobs."""
    opened = open_store(tmp_path / "home")
    with opened.write() as connection:
        for name in ("first", "second", "third", "busy"):
            add_job(connection, NewJob(JobKind.TRAIN, f"{name} <b>"))
        running = {"state": JobState.RUNNING, "host": "lab", "slot": "gpu:0", "done": 1, "total": 4}
        connection.execute(update(jobs).where(jobs.c.title == "busy <b>").values(**running))
    check_in(opened, "lab", "1.0", [
        {"name": "gpu:0", "kinds": ["train"], "gpu": "0", "job_id": None, "aside": None},
        {"name": "gpu:1", "kinds": ["train"], "gpu": "1", "job_id": None, "aside": "The GPU failed: CUDA error"},
        {"name": "data:0", "kinds": ["dataset"], "gpu": None, "job_id": None, "aside": None},
    ])  # fmt: skip
    yield opened
    opened.close()


def client_of(store: Store, session: str = "") -> TestClient:
    headers = {"cookie": f"{session_cookie(Settings())}={session}"} if session else {}
    return TestClient(create_app(store), base_url="http://localhost", follow_redirects=False, headers=headers)


def queued(store: Store) -> list[str]:
    return [job.title.split()[0] for job in list_jobs(store, states=[JobState.QUEUED])]


def test_the_page_shows_slots_what_runs_there_and_why_a_gpu_is_set_aside(store: Store) -> None:
    text = client_of(store).get("/workers").text
    slots, _, queue = text.partition('id="queue"')
    assert "busy &lt;b&gt;" in slots
    assert "busy &lt;b" not in queue
    assert "The GPU failed: CUDA error" in slots
    assert slots.count("free</span>") == 1
    assert "At work" in slots
    assert queue.index("first") < queue.index("second") < queue.index("third")
    assert 'href="/workers"' in client_of(store).get("/").text


def test_a_silent_worker_and_a_job_in_a_slot_that_is_gone_are_told(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.title == "busy <b>").values(slot="gpu:7"))
    assert "Ends with this job" in client_of(store).get("/workers").text
    with store.write() as connection:
        connection.execute(update(workers).values(heartbeat=workers.c.heartbeat - 2 * LEASE))
    text = client_of(store).get("/workers").text
    assert "Not heard lately" in text
    assert "No worker is at work" in text


def test_the_live_part_comes_only_where_something_changed(store: Store) -> None:
    client = client_of(store)
    first = client.get("/workers/live")
    mark = first.text.partition('data-since="')[2].partition('"')[0]
    assert client.get("/workers/live", params={"since": mark}).status_code == 204
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.title == "busy <b>").values(done=2))
    assert 'value="50.0"' in client.get("/workers/live", params={"since": mark}).text


def test_the_buttons_move_a_waiting_job_and_come_back(store: Store) -> None:
    client = client_of(store)
    first, second, third = (job.id for job in list_jobs(store, states=[JobState.QUEUED]))
    answer = client.post(f"/queue/{third}/move", data={"before": second, "back": "workers"})
    assert answer.headers["location"] == "/workers#queue"
    assert queued(store) == ["first", "third", "second"]
    assert client.post(f"/queue/{first}/move", data={"back": "//evil.example"}).headers["location"] == f"/#up-{first}"
    assert queued(store) == ["third", "second", "first"]


def test_how_many_jobs_at_once_is_kept_and_wrong_numbers_are_told(store: Store) -> None:
    client = client_of(store)
    answer = client.post("/workers/choices", data={"trainings": "3", "datasets": "2", "answers": "4"})
    assert answer.headers["location"] == "/workers?done=choices"
    assert get_choices(store) == Choices(trainings=3, datasets=2, answers=4)
    wrong = client.post("/workers/choices", data={"trainings": "", "datasets": "17", "answers": "many"})
    assert wrong.status_code == 422
    assert (wrong.text.count('aria-invalid="true"'), 'value="many"' in wrong.text) == (2, True)
    assert get_choices(store).datasets == 2
    client.post("/workers/choices", data={"trainings": " ", "datasets": "1", "answers": "1"})
    assert get_choices(store) == Choices()


def test_the_api_tells_the_same_and_names_wrong_fields(store: Store) -> None:
    client = client_of(store)
    told = client.get("/api/v1/workers").json()
    (lab,) = told["items"]
    assert (lab["host"], lab["alive"], told["choices"]["trainings"]) == ("lab", True, None)
    assert [slot["aside"] for slot in lab["slots"]] == [None, "The GPU failed: CUDA error", None]
    assert client.put("/api/v1/workers/choices", json={"trainings": 2, "answers": 3}).json() == {
        "trainings": 2, "datasets": 1, "answers": 3,
    }  # fmt: skip
    assert get_choices(store) == Choices(trainings=2, answers=3)
    wrong = client.put("/api/v1/workers/choices", json={"datasets": 0, "answers": 99})
    assert wrong.status_code == 422
    assert {one["field"] for one in wrong.json()["errors"]} == {"datasets", "answers"}
    assert get_choices(store) == Choices(trainings=2, answers=3)


def test_where_there_are_accounts_only_admins_see_and_change_it(store: Store) -> None:
    boss = client_of(store, begin_session(store, add_user(store, "boss", "correct horse battery", Role.ADMIN)))
    mina = client_of(store, begin_session(store, add_user(store, "mina", "correct horse battery", Role.MEMBER)))
    for address in ("/workers", "/workers/live"):
        assert (boss.get(address).status_code, mina.get(address).status_code) == (200, 403)
    assert mina.post("/workers/choices", data={"datasets": "9", "answers": "9"}).status_code == 403
    assert mina.put("/api/v1/workers/choices", json={"datasets": 9}).status_code == 403
    assert get_choices(store) == Choices()
    assert 'href="/workers"' not in mina.get("/").text
    assert boss.put("/api/v1/workers/choices", json={"datasets": 9}).status_code == 200
    assert "choices" in boss.get("/audit").text
    check_in(store, "lab", "1.0", [{"name": "a", "kinds": ["train"], "gpu": None, "job_id": "x", "aside": None}])
    jobs_seen = [client.get("/api/v1/workers").json()["items"][0]["slots"][0]["job_id"] for client in (boss, mina)]
    assert jobs_seen == ["x", None]
