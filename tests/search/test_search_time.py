"""A search keeps its minutes whatever runs when they end: seconds here pass only when a test says so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from PIL import Image
from searched import Clock, pictures, result, watched

from glasshouse.data.dataset import open_dataset
from glasshouse.errors import RunError
from glasshouse.events import CandidateDone, CandidateStarted, Event, Notice, Progress, SearchFinished, SearchPhase
from glasshouse.search import pictures as searched_pictures
from glasshouse.search.budget import GRACE, Budget, OutOfTimeError, Sizes
from glasshouse.search.candidates import Candidate
from glasshouse.search.pictures import search_source
from glasshouse.search.plan import SearchPlan
from glasshouse.training.interrupts import check_interrupt, interrupted_by
from glasshouse.training.linear_head import solve

MINUTES = 10.0
AFTER = 60 * MINUTES + GRACE + 1


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("gray") / "set")


@pytest.fixture(scope="module")
def first(gray: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search that was closed after its first candidate."""
    out = tmp_path_factory.mktemp("search") / "a"
    for event in watched(gray, out, SearchPlan(MINUTES, clock=Clock()), lambda _: None):
        if isinstance(event, CandidateDone):
            break
    return out


@pytest.fixture
def begun(first: Path, tmp_path: Path) -> Path:
    """A copy of it, which goes on."""
    return copytree(first, tmp_path / "a")


def in_candidate(number: int) -> Callable[[list[Event]], bool]:
    """Whether a candidate of that number is being trained."""
    return lambda past: (
        any(isinstance(e, CandidateStarted) and e.number == number for e in past)
        and isinstance(past[-1], Progress)
        and past[-1].stage == "training"
    )


def in_winner(past: list[Event]) -> bool:
    return any(isinstance(e, SearchPhase) and e.phase == "winner" for e in past) and isinstance(past[-1], Progress)


def until(data: Path, out: Path, when: Callable[[list[Event]], bool], at: float) -> list[Event]:
    """Search until ``when``, set the clock to ``at``, and go on to the end; return the events after that."""
    clock, past = Clock(), list[Event]()
    after: list[Event] = []
    for event in watched(data, out, SearchPlan(MINUTES, clock=clock), past.append):
        if clock.now:
            after.append(event)
        elif when(past):
            clock.now = at
    return after


def test_time_that_ends_in_a_candidate_leaves_the_best_judged(gray: Path, begun: Path) -> None:
    after = until(gray, begun, in_candidate(2), 60 * MINUTES - 1)
    assert not any(isinstance(event, CandidateDone | CandidateStarted) for event in after)
    assert any(isinstance(event, Notice) and event.kind == "time" for event in after)
    told = result(begun)
    assert told["reason"] == "time" and len(told["candidates"]) == 1
    assert told["best"]["valid_accuracy"] is not None and Path(told["best"]["run"]).name == "winner"
    assert isinstance(after[-1], SearchFinished) and after[-1].reason == "time"


def test_time_that_ends_in_the_last_training_leaves_the_candidates_own_run(gray: Path, begun: Path) -> None:
    clock, past = Clock(), list[Event]()
    plan = SearchPlan(MINUTES, clock=clock, stop=lambda: True)
    after: list[Event] = []
    for event in watched(gray, begun, plan, past.append):
        if clock.now:
            after.append(event)
        elif in_winner(past):
            clock.now = AFTER
    assert [type(event) for event in after] == [Notice, SearchFinished]
    best = result(begun)["best"]
    assert best["valid_accuracy"] is None and Path(best["run"]).parent.name == "candidates"


def test_time_that_ends_before_any_answer_is_an_error(gray: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no candidate was finished"):
        until(gray, tmp_path / "a", in_candidate(1), 60 * MINUTES + 1)


def test_a_stop_trains_and_judges_the_best_so_far(gray: Path, begun: Path) -> None:
    past: list[Event] = []
    plan = SearchPlan(None, stop=lambda: in_candidate(2)(past) if past else False, clock=Clock())
    list(watched(gray, begun, plan, past.append))
    told = result(begun)
    assert told["reason"] == "stopped" and len(told["candidates"]) == 1
    assert told["best"]["valid_accuracy"] is not None


def test_the_solver_stops_between_two_steps() -> None:
    draw, steps = np.random.default_rng(0), Clock(1.0)
    x, y = draw.normal(size=(60, 8)), np.arange(60) % 3

    def check() -> None:
        if steps() > 3:
            raise OutOfTimeError

    with pytest.raises(OutOfTimeError), interrupted_by(check):
        solve(x, y, np.ones(60), 3, 0.001, check=check_interrupt)
    assert steps.asked == 4
    check_interrupt()


def frozen(views: int = 1, part: int = 1) -> Candidate:
    return Candidate({"strategy": "features", "head": "linear", "weights": "pretrained", "views": views}, "Net", part)


def test_what_would_not_end_in_time_is_not_begun() -> None:
    clock = Clock()
    budget = Budget(SearchPlan(5, clock=clock), Sizes(1000, 500))
    budget.speed("Net").look, budget.overhead = 0.05, 2.0
    plain, eight = frozen(), frozen(8)
    assert budget.expected(plain, 5) == pytest.approx(52) and budget.expected(eight, 5) == pytest.approx(352)
    assert budget.fits(plain, 5, plain) and not budget.fits(eight, 5, plain) and budget.fits(eight, 5, None)
    clock.now = 300 - budget.final(plain) - 1
    budget.check(plain)
    clock.now += 2
    with pytest.raises(OutOfTimeError):
        budget.check(plain)
    assert budget.final(frozen(part=4)) > budget.final(plain)  # features of all the others are still to be computed


def test_where_there_is_no_time_for_all_pictures_the_winner_learns_from_the_part_that_it_was_tried_on() -> None:
    clock = Clock()
    budget = Budget(SearchPlan(5, clock=clock), Sizes(4000, 500))
    budget.speed("Net").look, budget.overhead = 0.05, 2.0
    assert budget.last_part(frozen(part=8)) == 1
    clock.now = 300 - 100
    assert budget.last_part(frozen(part=8)) == 8 and budget.last_part(frozen()) == 1


def photos(place: Path, count: int = 12) -> Path:
    draw = np.random.default_rng(1)
    for index in range(count):
        file = place / "ab"[index % 2] / f"{index}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (20, 20, 3)).astype(np.uint8)).save(file)
    return place


def test_the_minutes_count_while_pictures_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    clock = Clock()
    events = search_source(photos(tmp_path / "photos"), tmp_path / "a", SearchPlan(MINUTES, clock=clock))
    assert isinstance(next(events), SearchPhase)
    clock.now = 60 * MINUTES + 1
    with pytest.raises(RunError, match="before all pictures were read"):
        list(events)


def test_of_too_many_pictures_a_sample_is_read_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(searched_pictures, "LEAST", 4)
    made = searched_pictures.prepare_dataset

    def slow(*arguments: Any, **named: Any) -> Iterator[Event]:
        yield Progress("reading", 10, 200, 10.0, 190.0)  # the first pictures come late
        yield Progress("reading", 110, 200, 60.0, 54.0)
        yield from made(*arguments, **named)

    monkeypatch.setattr(searched_pictures, "prepare_dataset", slow)
    source, told = photos(tmp_path / "photos", 200), list[Event]()
    for _ in range(2):
        events = search_source(source, tmp_path / "a", SearchPlan(1, clock=Clock()))
        for event in events:
            told.append(event)
            if isinstance(event, SearchPhase) and event.phase == "comparing":
                break
        events.close()  # type: ignore[attr-defined]
    assert [event.kind for event in told if isinstance(event, Notice)].count("sample") == 1
    found = next((tmp_path / "home" / "datasets").iterdir())
    assert sum(len(split) for split in open_dataset(found).splits.values()) == 28
