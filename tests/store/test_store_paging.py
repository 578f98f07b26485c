"""Lists in pages on SQLite and on PostgreSQL: nothing twice, nothing left out, whatever they are sorted by."""

import base64
import json
import math
import time
from typing import Any

import pytest
from sqlalchemy import insert, update

from glasshouse.errors import ConflictError, MissingError, RecipeError, RefusedError
from glasshouse.store.audit import page_of_audit
from glasshouse.store.bulk_actions import (
    abort_chosen,
    bin_chosen,
    change_chosen,
    count_binned_at,
    look_up,
    restore_binned_at,
)
from glasshouse.store.database import Store
from glasshouse.store.datasets import (
    count_datasets,
    count_models_on,
    get_dataset,
    list_datasets,
    page_of_datasets,
)
from glasshouse.store.jobs import abort_job, get_job, move_job
from glasshouse.store.models import count_models, list_models, note_scores, page_of_models
from glasshouse.store.networks import NewNetwork, change_network, count_networks, list_networks, save_network
from glasshouse.store.ownership import Listing
from glasshouse.store.paging import Page
from glasshouse.store.people import add_user
from glasshouse.store.queue import beat, claim, give_back
from glasshouse.store.rates import RUN, TRIAL, find_rate, note_rate
from glasshouse.store.records import JobKind, JobState, Role
from glasshouse.store.resources import change_resource
from glasshouse.store.running import list_running
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.tables import audit, datasets, jobs, models
from glasshouse.store.workers import LEASE, check_in, lapsed, list_workers

EVERY = ("created_at", "updated_at", "name", "group_name", "state")
SCORES: tuple[dict[str, Any], ...] = (
    {"accuracy": 0.5}, {"accuracy": 0.5, "valid_accuracy": 0.9}, {"accuracy": math.nan}, {}, {"valid_accuracy": 0.25},
    {"accuracy": None, "valid_accuracy": 0.75}, {"accuracy": 1}, {"accuracy": 0.1 + 0.2}, {"accuracy": math.inf},
)  # fmt: skip


@pytest.fixture
def world(either: Store) -> tuple[Store, str]:
    """Models with few different values on one of seven datasets: most keys are equal."""
    made = [submit_dataset(either, NewDataset(f"Data {n % 3}", {"source": "sample:digits"})) for n in range(7)]
    network = {"network": "LeNet"}
    found = [submit_models(either, NewModel(f"{'MN'[n % 2]}ina", made[0].id, network))[0] for n in range(len(SCORES))]
    with either.write() as connection:
        connection.execute(update(jobs).values(state="done"))
        connection.execute(update(models).values(created_at=5.0))
        connection.execute(
            update(datasets).where(datasets.c.id.in_([m.id for m in made[:4]])).values(pictures=7, size=9)
        )
    for model, scores in zip(found, SCORES):
        note_scores(either, model.id, scores)
    return either, made[0].id


def walk(one: Any, limit: int) -> tuple[list[str], list[str]]:
    """Return the ids of all pages forwards, then those of all pages backwards from the last."""
    page: Page[Any] = one(Listing(limit=limit))
    assert page.before is None
    forwards = [[item.id for item in page.items]]
    while page.after is not None:
        page = one(Listing(limit=limit, after=page.after))
        forwards.append([item.id for item in page.items])
        assert page.before is not None
    backwards = [forwards[-1]]
    while page.before is not None:
        page = one(Listing(limit=limit, before=page.before))
        backwards.insert(0, [item.id for item in page.items])
        assert page.after is not None
    assert all(len(ids) == limit for ids in forwards[:-1])
    return [key for ids in forwards for key in ids], [key for ids in backwards for key in ids]


@pytest.mark.parametrize("limit", [2, 3])
def test_pages_have_everything_once_forwards_and_backwards(world: tuple[Store, str], limit: int) -> None:
    store, _ = world
    lists = (
        (list_models, page_of_models, (*EVERY, "network", "score", "deleted_at")),
        (list_datasets, page_of_datasets, (*EVERY, "pictures", "size")),
    )
    for whole, page, sorts in lists:
        for sort in (sign + name for name in sorts for sign in ("", "-")):
            expected = [one.id for one in whole(store, None, Listing(sort=sort))]
            assert len(set(expected)) == (9 if whole is list_models else 7)

            def one(asked: Listing, page: Any = page, sort: str = sort) -> Page[Any]:
                listing = Listing(sort=sort, limit=asked.limit, after=asked.after, before=asked.before)
                found: Page[Any] = page(store, None, listing)
                return found

            assert walk(one, limit) == (expected, expected), sort


def test_scores_are_sorted_by_what_is_known_and_what_is_no_number_is_last(world: tuple[Store, str]) -> None:
    store, _ = world
    found = list_models(store, None, Listing(sort="-score"))
    seen = [one.scores.get("accuracy") or one.scores.get("valid_accuracy") for one in found]
    assert seen == [1, 0.75, 0.5, 0.5, 0.1 + 0.2, 0.25, None, None, None]
    assert list_models(store, None, Listing(sort="score"))[-1].scores["accuracy"] == 1


def test_a_page_stays_where_it_is_while_others_add_and_delete(world: tuple[Store, str]) -> None:
    store, data = world
    first = page_of_models(store, None, Listing(limit=4))
    second = [one.id for one in page_of_models(store, None, Listing(limit=4, after=first.after or "")).items]
    submit_models(store, NewModel("new", data, {"network": "LeNet"}))
    with store.write() as connection:
        connection.execute(update(models).where(models.c.id == first.items[-1].id).values(deleted_at=1.0))
    assert [one.id for one in page_of_models(store, None, Listing(limit=4, after=first.after or "")).items] == second


def test_filters_and_counts_agree(world: tuple[Store, str]) -> None:
    store, data = world
    mina, otto = (add_user(store, name, "a long password") for name in ("mina", "otto"))
    one, other = list_models(store)[:2]
    change_chosen(store, look_up(store, {"datasets": [data], "models": [one.id]}), {"group_name": "50%_of\\it"})
    with store.write() as connection:
        connection.execute(update(models).where(models.c.id == one.id).values(owner_id=mina.id))
        connection.execute(update(models).where(models.c.id == other.id).values(owner_id=mina.id, shared=True))
        connection.execute(update(jobs).where(jobs.c.id == other.job_id).values(state="failed"))
    asked = (
        (None, Listing(search="mina data")), (None, Listing(search="LENET 0")), (None, Listing(search="50%_of\\")),
        (None, Listing(search="50__")), (None, Listing(group="50%_of\\it")), (None, Listing(states=("failed",))),
        (mina, Listing(owner="mine")), (mina, Listing(owner="others")), (otto, Listing()),
        (otto, Listing(owner="mine")), (None, Listing(search="nul \x00")),
    )  # fmt: skip
    counts = [count_models(store, who, listing) for who, listing in asked]
    assert counts == [5, 9, 1, 0, 1, 1, 2, 7, 8, 0, 0]
    assert [len(page_of_models(store, who, listing).items) for who, listing in asked] == counts
    assert [len(list_models(store, who, listing)) for who, listing in asked] == counts
    assert count_datasets(store, None, Listing("data 0", group="50%_of\\it")) == 1
    assert count_models_on(store, [data], otto) == {data: 8}
    assert count_models(store, dataset_id=data) == 9


def mark(value: Any, tie: Any = "x") -> str:
    return base64.urlsafe_b64encode(json.dumps([value, tie]).encode()).decode()


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("name", "none"), ("name", mark(1)), ("pictures", mark("a")), ("pictures", mark(10**30)),
        ("name", mark("\x00")),
        ("name", mark("\ud800")), ("name", mark("a", "\x00")), ("size", mark(math.nan)), ("size", mark(-math.inf)),
        ("size", mark(None)), ("created_at", mark(True)), ("name", mark("a", 1)), ("size", "é"), ("size", mark([1])),
    ],
)  # fmt: skip
def test_marks_that_are_not_ours_are_refused_and_named(either: Store, sort: str, text: str) -> None:
    with pytest.raises(RecipeError, match="after"):
        page_of_datasets(either, None, Listing(sort=sort, after=text))


def test_the_audit_log_in_pages(either: Store) -> None:
    values = [
        {"id": f"{n:02}", "at": float(n // 4), "user_name": "Mina", "action": "x%", "target": "t", "detail": str(n % 2)}
        for n in range(11)
    ]
    with either.write() as connection:
        connection.execute(insert(audit), values)

    def page(listing: Listing) -> Page[Any]:
        return page_of_audit(either, "mina x%", after=listing.after, before=listing.before, limit=listing.limit)

    expected = [f"{n:02}" for n in reversed(range(11))]
    assert walk(page, 3) == (expected, expected)
    assert len(page_of_audit(either, "mina 1").items) == 5


def test_networks_are_kept_listed_and_edited_by_two(either: Store) -> None:
    layers = {"layers": [{"type": "Flatten"}]}
    for name in ("b", "A", "c"):
        save_network(either, NewNetwork(name, layers, notes="100%"))
    listed = list_networks(either, None, Listing(sort="name"))
    assert [one.name for one in listed] == ["A", "b", "c"]
    assert [one.name for one in list_networks(either, None, Listing(sort="-parameters", limit=1, offset=2))]
    assert (count_networks(either, None, Listing("100%")), count_networks(either, None, Listing("10_%"))) == (3, 0)
    assert change_network(either, listed[0].id, {"name": "first", "revision": 1}).revision == 2
    with pytest.raises(ConflictError, match="name is now 'first', you sent 'second'"):
        change_network(either, listed[0].id, {"name": "second", "revision": 1})


def test_two_people_editing_a_dataset(either: Store) -> None:
    made = submit_dataset(either, NewDataset("Digits", {"source": "sample:digits"}))
    change_resource(either, made, {"notes": "theirs", "revision": 1})
    with pytest.raises(ConflictError, match="notes is now 'theirs', you sent 'mine'"):
        change_resource(either, made, {"notes": "mine", "revision": 1})
    assert get_dataset(either, made.id).notes == "theirs"


def test_rates_are_kept_by_kind_and_what_is_no_number_is_none(either: Store) -> None:
    note_rate(either, "LeNet 1", TRIAL, {"seconds": 2.0}, busy=True)
    note_rate(either, "LeNet 1", TRIAL, {"seconds": math.nan})
    assert find_rate(either, "LeNet 1") == {"seconds": None, "kind": TRIAL, "busy": False}
    note_rate(either, "LeNet 1", RUN, {"seconds": 1.0})
    assert find_rate(either, "LeNet 1") == {"seconds": 1.0, "kind": RUN, "busy": False}
    assert find_rate(either, "LeNet 2") is None


def test_several_go_and_come_back_all_or_none(world: tuple[Store, str]) -> None:
    store, data = world
    ids = [one.id for one in list_models(store)]
    chosen = look_up(store, {"datasets": [data], "models": ids[:2]})
    with pytest.raises(ConflictError, match="is needed by"):
        bin_chosen(store, chosen)
    mina = add_user(store, "mina", "a long password", Role.MEMBER)
    with store.write() as connection:
        connection.execute(update(models).where(models.c.id == ids[0]).values(owner_id="somebody", shared=True))
    with pytest.raises(RefusedError):
        bin_chosen(store, look_up(store, {"models": ids[:2]}, mina), mina)
    assert (count_models(store), count_datasets(store)) == (9, 7), "all or none"
    at = bin_chosen(store, look_up(store, {"datasets": [data], "models": ids}))
    assert (count_models(store), count_datasets(store), count_binned_at(store, at)) == (0, 6, 10)
    with pytest.raises(MissingError):
        look_up(store, {"models": [ids[0], "none"]})
    assert len(restore_binned_at(store, at)) == 10
    assert (count_models(store), count_datasets(store), count_binned_at(store, at)) == (9, 7, 0)


def test_what_runs_and_waits_and_its_order(either: Store) -> None:
    made = submit_dataset(either, NewDataset("Digits", {"source": "sample:digits"}))
    found = submit_models(either, NewModel("m", made.id, {"network": "LeNet"}, sweep={"lr": [0.1, 0.2, 0.3]}))
    first = claim(either, (JobKind.DATASET,), "a", "data")
    assert first is not None
    move_job(either, found[2].job_id, found[0].job_id)
    order = [live.job.id for live in list_running(either)]
    assert order == [first.id, *(found[n].job_id for n in (2, 0, 1))]
    assert [one.id for one in abort_chosen(either, look_up(either, {"models": [found[0].id]}))] == [found[0].id]
    abort_job(either, found[1].job_id)
    assert len(list_running(either)) == 2


def test_leases_lapse_by_the_clock_of_the_database(either: Store) -> None:
    submit_dataset(either, NewDataset("Digits", {"source": "sample:digits"}))
    job = claim(either, (JobKind.DATASET,), "a", "data")
    assert job is not None and job.heartbeat == pytest.approx(time.time(), abs=5)
    assert lapsed(either, "b") == []
    with either.write() as connection:
        connection.execute(update(jobs).values(heartbeat=jobs.c.heartbeat - LEASE - 5))
    assert [row.id for row in lapsed(either, "b")] == [job.id]
    beat(either, [job.id], "a")
    assert lapsed(either, "b") == []
    check_in(either, "a", "1", [])
    assert list_workers(either)[0].alive
    assert give_back(either, job.id, job.attempt, lost=True)
    assert get_job(either, job.id).state is JobState.QUEUED
