"""What a search tries, in which order: a function of the scores so far, of which nothing is trained here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from glasshouse.search import rounds
from glasshouse.search.candidates import Candidate, Score
from glasshouse.search.rounds import Start, next_candidate

GOOD = {"Best": 0.9, "Next": 0.85, "Third": 0.7, "Fourth": 0.6}


class Pictures:
    """The training pictures of a dataset, as far as they are counted."""

    def __init__(self, count: int, side: int) -> None:
        self.count, self.sizes = count, np.full((count, 2), side)

    def __len__(self) -> int:
        return self.count


@dataclass
class Data:
    """As much of a dataset as the rounds look at."""

    count: int = 200
    width: int = 224
    channels: int = 3
    classes: tuple[str, ...] = ("a", "b")
    splits: dict[str, Pictures] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.height = self.width
        self.splits = {"train": Pictures(self.count, 500)}


def order(data: Data, score: Callable[[Candidate], float], most: int = 60, timed: bool = False) -> list[Candidate]:
    """Return what is tried, where each candidate is as good as ``score`` says."""
    scores: list[Score] = []
    while len(scores) < most:
        found = next(next_candidate(data, scores, 1, timed=timed), None)  # type: ignore[arg-type]
        if found is None:
            break
        scores.append(Score(found, score(found), 0.0, True))
    return [one.candidate for one in scores]


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "starts", lambda _data: [Start(name, "pretrained", 1) for name in reversed(GOOD)])
    monkeypatch.setattr(rounds, "other_sides", lambda _data, _published: [288, 160])


def described(one: Candidate) -> tuple[Any, ...]:
    head = one.fields.get("head") if one.strategy == "features" else one.fields["epochs"]
    return one.of_network, one.strategy, head, one.views, one.side, one.part


@pytest.mark.usefixtures("shelf")
def test_all_networks_then_views_of_the_better_half_then_sizes_heads_and_fine_tuning_of_the_best() -> None:
    tried = order(Data(), lambda one: GOOD[one.of_network] + (0.05 if one.side == 288 else 0.0))
    found = [described(one) for one in tried]
    plain = [(name, "features", "linear", 1, None, 1) for name in ("Fourth", "Third", "Next", "Best")]
    assert found[:4] == plain, "first of all networks, as the shelf has them"
    views = [(name, "features", "linear", count, None, 1) for name in ("Best", "Next") for count in (2, 4)]
    assert found[4:8] == views, "the weaker half is not looked at again"
    assert tried[4].fields["augmentation"] == {"horizontal_flip": True} and "crop_scale" in str(tried[5].fields)
    assert found[8:10] == [("Best", "features", "linear", 1, side, 1) for side in (288, 160)]
    rest = found[10:]
    assert {(one[0], one[4]) for one in rest[:-2]} == {("Best", 288)}, "the best network, at its best size"
    assert [(one[1], one[2], one[4]) for one in rest[-2:]] == [("fine-tune", count, None) for count in (1, 3)]
    assert ("Best", "features", "steps", 1, 288, 1) in rest
    assert [one[2] for one in rest[:-2] if one[1] == "fine-tune"] == [1, 3, 3, 8], "for longer and longer"
    assert len(set(map(str, tried))) == len(tried)


@pytest.mark.usefixtures("shelf")
def test_of_many_pictures_networks_are_first_tried_on_a_part_and_the_better_half_on_all() -> None:
    found = [described(one) for one in order(Data(6000), lambda one: GOOD[one.of_network] + 0.01 / one.part, 8)]
    assert [(one[0], one[5]) for one in found[:6]] == [
        ("Fourth", 20), ("Third", 20), ("Next", 20), ("Best", 20), ("Best", 1), ("Next", 1)]  # fmt: skip


GOOD_FRESH = {"LeNet": 0.8, "Dense128": 0.7, "MiniXception": 0.6}


def fresh(data: Data, timed: bool) -> list[Candidate]:
    found = order(data, lambda one: GOOD_FRESH[one.of_network] + ("rotation" in str(one.fields)) / 9, timed=timed)
    assert all(one.strategy == "scratch" and one.fields["weights"] == "none" and one.side is None for one in found)
    return found


def test_small_pictures_are_learned_from_scratch_by_successive_halving() -> None:
    tried = fresh(Data(60_000, 28, 1), timed=False)
    rungs: dict[tuple[int, int], list[str]] = {}
    for one in tried:
        rungs.setdefault((one.part, one.fields["epochs"]), []).append(one.of_network)
    assert rungs[25, 8] == ["LeNet", "Dense128", "MiniXception"]
    assert rungs[1, 4][:2] == ["LeNet", "MiniXception"], "the one that learns slowly at first is kept"
    assert {one.fields["epochs"] for one in tried[-2:]} == {64}, "for longer and longer"
    assert all("rotation" in one.fields["augmentation"] for one in tried[-2:]), "in the way that suited it"


def test_where_the_time_ends_the_longest_training_that_fits_comes_first() -> None:
    tried = fresh(Data(60_000, 28, 1), timed=True)
    first = next(one for one in tried if one.part == 1)
    assert (first.of_network, first.fields["epochs"]) == ("MiniXception", 64)
    few = [described(one) for one in fresh(Data(900, 28, 1), timed=True)]
    assert [one[0] for one in few[:3]] == ["LeNet", "Dense128", "MiniXception"] and {one[5] for one in few} == {1}


@pytest.mark.usefixtures("shelf")
def test_a_list_that_is_asked_for_again_goes_on_where_it_was() -> None:
    whole = order(Data(), lambda one: GOOD[one.of_network])
    scores = [Score(one, GOOD[one.of_network], 0.0, True) for one in whole[:7]]
    assert next(next_candidate(Data(), scores, 1)) == whole[7]  # type: ignore[arg-type]
