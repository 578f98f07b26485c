"""Signing in: who waits for whose mistakes, how many passwords are looked at at once, and which address counts."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from glasshouse.cli.studio import server_options
from glasshouse.store import people
from glasshouse.store.database import Store, open_store
from glasshouse.store.people import HASHES_AT_ONCE, add_user
from glasshouse.web.app import create_app
from glasshouse.web.framework.settings import Settings
from glasshouse.web.framework.sign_in_attempts import Attempts
from glasshouse.web.people.passwords import PasswordQueue

HERE = "http://127.0.0.1:8800"
PASSWORD, WRONG = "correct horse battery", "wrong wrong"


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    for name in ("anna", "ben"):
        add_user(opened, name, PASSWORD)
    yield opened
    opened.close()


def client(app: ASGIApp, address: str = "10.0.0.7") -> TestClient:
    return TestClient(app, base_url=HERE, follow_redirects=False, client=(address, 50000))


def status(one: TestClient, name: str, password: str) -> int:
    return one.post("/api/v1/session", json={"name": name, "password": password}).status_code


def test_mistakes_of_one_person_lock_nobody_else_out(store: Store) -> None:
    app = create_app(store)
    app.state.attempts = Attempts(clock=Clock())
    here = client(app)
    assert [status(here, "anna", WRONG) for _ in range(10)] == [401] * 8 + [429] * 2
    assert status(here, "ben", PASSWORD) == 200, "behind the same address"
    assert status(client(app, "10.0.0.8"), "anna", PASSWORD) == 200, "anna herself, elsewhere"
    page = here.post("/sign-in", data={"name": "anna", "password": WRONG})
    assert page.status_code == 429 and page.headers["retry-after"] == "1"
    assert "try again in 1 s" in page.text


def test_a_name_that_was_not_mistyped_is_never_refused(store: Store) -> None:
    app = create_app(store)
    app.state.attempts = Attempts(many=10, clock=Clock())
    here = client(app)
    for number in range(12):
        assert status(here, f"nobody{number}", WRONG) == 401
    assert status(here, "anna", PASSWORD) == 200, "though the address has all its wrong tries behind it"
    assert status(here, "ben", WRONG) == 401
    assert status(here, "ben", WRONG) == 429, "in such a crowd one wrong try is free, not eight"


def test_waiting_grows_and_ends() -> None:
    clock = Clock()
    attempts = Attempts(free=3, longest=60, clock=clock)
    waits = []
    for _ in range(11):
        while wait := attempts.begin("Anna", "10.0.0.7"):
            waits.append(wait)
            clock.now += wait
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert attempts.begin("anna", "10.0.0.7") == 60, "whatever the case of its letters"
    clock.now += 241
    assert [attempts.begin("anna", "10.0.0.7") for _ in range(3)] == [0, 0, 0], "forgotten after a while"
    attempts.right("anna", "10.0.0.7")
    assert attempts.begin("anna", "10.0.0.7") == 0, "and at once when the password was right"


def test_an_address_of_ipv6_counts_with_its_network() -> None:
    attempts = Attempts(free=1, clock=Clock())
    assert attempts.begin("anna", "2001:db8:1:2::1") == 0
    assert attempts.begin("anna", "2001:db8:1:2:ffff::9") == 1
    assert attempts.begin("anna", "2001:db8:1:3::1") == 0
    assert attempts.begin("anna", "::ffff:10.0.0.7") == 0
    assert attempts.begin("anna", "10.0.0.7") == 1


def test_what_is_kept_of_tries_is_bounded_and_keeps_the_worst() -> None:
    attempts = Attempts(free=2, most=50, clock=Clock())
    for _ in range(2):
        assert attempts.begin("anna", "10.0.0.7") == 0
    for number in range(1000):
        attempts.begin(f"name{number}", f"10.1.{number // 250}.{number % 250}")
    assert len(attempts._pairs) <= 50
    assert len(attempts._addresses) <= 50
    assert attempts.begin("anna", "10.0.0.7") > 0


def test_few_passwords_are_looked_at_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    class Hasher:
        def verify(self, *_: str) -> None:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.005)
            with lock:
                inside -= 1

        def hash(self, password: str) -> str:
            return password

    monkeypatch.setattr(people, "_hasher", Hasher)
    people._decoy.cache_clear()
    app = create_app(store)
    with ThreadPoolExecutor(60) as pool:
        tries = [pool.submit(status, client(app, f"10.0.1.{n}"), "anna", PASSWORD) for n in range(60)]
        assert {one.result() for one in tries} == {200}
    assert most == HASHES_AT_ONCE
    people._decoy.cache_clear()


def test_beyond_the_queue_one_is_asked_to_come_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    going = threading.Event()
    monkeypatch.setattr("glasshouse.web.people.api.check_password", lambda *_: going.wait(60) and None)
    app = create_app(store)
    app.state.passwords, app.state.attempts = PasswordQueue(1, 2), Attempts(clock=Clock())
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(status, client(app, "10.0.0.1"), "anna", WRONG)
        while not app.state.passwords._inside:
            threading.Event().wait(0.001)
        answer = client(app, "10.0.0.1").post("/api/v1/session", json={"name": "ben", "password": WRONG})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        page = client(app, "10.0.0.1").post("/sign-in", data={"name": "ben", "password": WRONG})
        assert page.status_code == 503 and "Too many people are signing in" in page.text
        going.set()
        assert first.result() == 401
    assert [status(client(app, "10.0.0.1"), "ben", WRONG) for _ in range(9)] == [401] * 8 + [429], "nor is it counted"


def test_an_unknown_name_costs_what_a_known_one_costs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    hasher = people._hasher()

    class Hasher:
        def verify(self, kept: str, password: str) -> bool:
            seen.append(kept.rsplit("$", 2)[0])
            return hasher.verify(kept, password)

        def hash(self, password: str) -> str:
            return hasher.hash(password)

    monkeypatch.setattr(people, "_hasher", Hasher)
    one = client(create_app(store))
    assert [status(one, name, WRONG) for name in ("anna", "nobody")] == [401, 401]
    assert len(seen) == 2 and seen[0] == seen[1], "one hash of the same cost each"


def test_wrong_tokens_of_scripts_are_slowed_down_and_right_ones_never(store: Store) -> None:
    _, secret = people.add_token(store, people.list_users(store)[0], "script")
    app = create_app(store)
    app.state.attempts = Attempts(many=5, clock=Clock())
    one = client(app)
    path, wrong = "/api/v1/datasets", {"authorization": "Bearer gh_wrong"}
    codes = [one.get(path, headers=wrong).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    assert "retry-after" in one.get(path, headers=wrong).headers
    assert one.get(path, headers={"authorization": f"Bearer {secret}"}).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "expected"), [((), "127.0.0.1"), (("127.0.0.1",), "203.0.113.5"), (("10.9.9.9",), "127.0.0.1")]
)
def test_headers_of_proxies_are_believed_only_where_the_proxy_is_named(proxies: tuple[str, ...], expected: str) -> None:
    import uvicorn

    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, **server_options(Settings(proxies=proxies)))
    config.load()
    one = TestClient(config.loaded_app, base_url=HERE, client=("127.0.0.1", 50000))
    one.get("/", headers={"x-forwarded-for": "203.0.113.5"})
    assert seen == [expected]
