"""Every route of the application, asked by everybody: nothing is shown or done that is not the person's.

A route without a line in ``routes_for_whom.ROUTES`` fails the first test: say there for whom it is.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from routes_for_whom import ADMIN, ALSO, ANY, LISTS, MAKER, MAY_MISS, OPEN, OWN, READ, ROUTES, SECRET, SELF, USE
from sqlalchemy import delete, select, update
from world_of_people import World, world_of

from glasshouse.store.models import get_model
from glasshouse.store.tables import datasets, jobs, models, networks
from glasshouse.web.framework.sign_in_attempts import Attempts
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def world(studio: Studio) -> Iterator[World]:
    with alone():
        yield world_of(studio)


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


@pytest.mark.parametrize("who", ["viewer", "other"])
def test_no_place_on_the_server_is_shown_to_those_whose_it_is_not(world: World, who: str) -> None:
    share(world, True)
    world.app.state.attempts = Attempts()
    hidden = world.store.folders[0] / "corners"
    downloads = [
        f"/datasets/{world.dataset}/download/{name}" for name in ("recipe.json", "dataset.json", "dataset.zip")
    ]
    more = [*downloads, *(f"/api/v1{one}" for one in downloads), f"/datasets/new?clone={world.dataset}"]
    routes_and_more = [*in_order(), *(("GET", address) for address in more)]
    wrong = []
    for method, path in routes_and_more:
        asked = world.send if (method, path) in ROUTES else world.ask
        answer = asked(who, method, path)
        told = answer.text + str(answer.headers)
        places = [str(place) for place in (world.store.home, hidden) if str(place) in told]
        wrong += [f"{method} {path}: {excerpt(told, place)}" for place in places]
    assert not wrong, "\n".join(wrong)


def excerpt(text: str, found: str) -> str:
    at = text.find(found)
    return text[max(0, at - 100) : at + 60 + len(found)]


@pytest.mark.parametrize("who", ["viewer", "other"])
def test_no_message_names_the_home_nor_where_the_owners_pictures_lie(world: World, who: str) -> None:
    share(world, True)
    place = f"{world.store.home}/uploads/x/files/notes.txt"
    failed = {"state": "failed", "detail": place, "notices": [{"kind": "tiny", "message": f"{place} is tiny"}]}
    with world.store.write() as connection:
        connection.execute(update(jobs).values(reason=f"{place} cannot be read", **failed))
    for path in (f"/models/{world.model}", f"/datasets/{world.dataset}", "/"):
        for address in (path, f"/api/v1{path}"):
            told = world.ask(who, "GET", address).text
            assert str(world.store.home) not in told, f"{address}: {excerpt(told, str(world.store.home))}"
    seen = world.ask(who, "GET", f"/api/v1/models/{world.model}").json()["job"]
    assert (seen["reason"], seen["notices"][0]["message"]) == ("notes.txt cannot be read", "notes.txt is tiny")
    owner = world.ask("owner", "GET", f"/api/v1/models/{world.model}").json()["job"]
    assert owner["reason"] == f"{place} cannot be read"


def test_what_went_wrong_is_told_without_the_home_where_there_are_accounts(world: World) -> None:
    share(world, True)
    folder = world.store.path(get_model(world.store, world.model).folder)
    folder.rename(folder.with_name("away"))
    try:
        for path in (f"/models/{world.model}/details", f"/api/v1/models/{world.model}/download",
                     f"/api/v1/models/{world.model}/results/val", f"/models/{world.model}/code"):  # fmt: skip
            answer = world.ask("other", "GET", path)
            assert str(world.store.home) not in answer.text, path
    finally:
        folder.with_name("away").rename(folder)
