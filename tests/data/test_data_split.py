"""The split: exact, seeded, and never through the middle of a group."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.data.items import Item
from glasshouse.data.splitting.groups import join, series_keys
from glasshouse.data.splitting.quotas import apportion, quotas
from glasshouse.data.splitting.split import deal, draw
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe


def recipe(**fields: object) -> DatasetRecipe:
    return DatasetRecipe(**{"source": "x", **fields})


def items_of(counts: dict[str, int], **fields: object) -> list[Item]:
    return [Item(f"{n}/{i:04}.jpg", n, **fields) for n, count in counts.items() for i in range(count)]  # type: ignore[arg-type]


def counted(items: Sequence[Item], sides: Sequence[str]) -> Counter[tuple[str, str]]:
    return Counter((item.label, side) for item, side in zip(items, sides))


def test_twenty_and_ten_percent_are_exact() -> None:
    items = items_of({"a": 100, "b": 50, "c": 10})
    sides = deal(items, range(len(items)), recipe(valid=0.2, test=0.1))
    found = counted(items, sides)
    assert {s: [found[n, s] for n in "abc"] for s in ("train", "val", "test")} == {
        "train": [70, 35, 7],
        "val": [20, 10, 2],
        "test": [10, 5, 1],
    }


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 80), min_size=1), st.floats(0, 0.9))
def test_largest_remainder_is_within_one_and_sums_right(counts: dict[str, int], fraction: float) -> None:
    shares = apportion(counts, fraction)
    assert sum(shares.values()) == int(sum(counts.values()) * fraction + 0.5)
    assert all(abs(shares[name] - count * fraction) <= 1 for name, count in counts.items())


@given(st.lists(st.integers(2, 60), min_size=2, max_size=5), st.sampled_from([0.1, 0.2, 0.25, 0.5]), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_pictures_without_groups_reach_their_quota(sizes: list[int], valid: float, seed: int) -> None:
    counts = {f"c{i}": n for i, n in enumerate(sizes)}
    items = items_of(counts)
    sides = deal(items, range(len(items)), recipe(valid=valid, test=0.1, seed=seed))
    found, wanted = counted(items, sides), quotas(counts, valid, 0.1)
    for name in counts:
        assert [found[name, s] for s in ("train", "val", "test")] == list(vars(wanted[name]).values())
        assert abs(found[name, "val"] - counts[name] * valid) <= 1
        assert found[name, "train"] >= 1
        assert found[name, "val"] >= 1


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_no_group_is_ever_torn(data: st.DataObject) -> None:
    mode = data.draw(st.sampled_from(["random", "ordered", "time"]))
    items = items_of({"a": 40, "b": 40}, time=0.0)
    groups = data.draw(st.lists(st.integers(0, 25), min_size=80, max_size=80))
    try:
        sides = deal(items, groups, recipe(valid=0.25, test=0.1, split=mode))
    except SourceError:
        return
    sides_of: dict[int, set[str]] = {}
    for group, side in zip(groups, sides):
        sides_of.setdefault(group, set()).add(side)
    assert all(len(found) == 1 for found in sides_of.values())
    assert set(sides) <= {"train", "val", "test"}


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_groups_of_thirty_come_near_the_quota(seed: int) -> None:
    items = items_of({"a": 300, "b": 300})
    groups = [i // 30 for i in range(600)]
    found = counted(items, deal(items, groups, recipe(valid=0.2, test=0.1, seed=seed)))
    for name in "ab":
        assert [found[name, s] for s in ("train", "val", "test")] == [210, 60, 30]


def test_large_groups_leave_the_single_pictures_to_fill_the_quota() -> None:
    items = items_of({"a": 100, "b": 100})
    groups = [0] * 20 + list(range(1, 181))
    sides = deal(items, groups, recipe(valid=0.25))
    assert counted(items, sides) == {("a", "train"): 75, ("a", "val"): 25, ("b", "train"): 75, ("b", "val"): 25}


def test_seed_decides_and_a_new_picture_reshuffles_few() -> None:
    items = items_of({"a": 200, "b": 200})
    first = deal(items, range(400), recipe())
    assert first == deal(items, range(400), recipe())
    assert first != deal(items, range(400), recipe(seed=43))
    more = [*items, Item("a/new.jpg", "a")]
    assert sum(x != y for x, y in zip(first, deal(more, range(401), recipe()))) <= 2
    assert draw(1, "split", "a") != draw(1, "sample", "a")


def test_ordered_takes_the_last_and_time_the_newest() -> None:
    items = items_of({"a": 10, "b": 10})
    sides = deal(items, range(20), recipe(split="ordered", valid=0.2, test=0.1))
    assert sides[:10] == ["train"] * 7 + ["val"] * 2 + ["test"]
    backwards = [Item(i.path, i.label, time=-float(n)) for n, i in enumerate(items)]
    assert deal(backwards, range(20), recipe(split="time", valid=0.2, test=0.1))[:10] == list(reversed(sides[:10]))


def test_time_needs_times() -> None:
    with pytest.raises(SourceError, match=r"a/0000\.jpg has no time"):
        deal(items_of({"a": 4, "b": 4}), range(8), recipe(split="time"))


def test_given_sides_stay_and_missing_ones_come_out_of_training() -> None:
    items = [*items_of({"a": 20, "b": 20}, split="train"), *items_of({"a": 7, "b": 7}, split="val")]
    sides = deal(items, range(len(items)), recipe(valid=0.4, test=0.1))
    assert sides[40:] == ["val"] * 14
    assert Counter(sides[:40]) == {"train": 36, "test": 4}


def test_a_class_without_training_pictures_is_one_clear_error() -> None:
    items = [*items_of({"a": 5, "b": 5}, split="train"), *items_of({"c": 5}, split="val")]
    with pytest.raises(SourceError, match=r"no usable picture of 'c'"):
        deal(items, range(15), recipe())


def test_too_few_groups_name_all_their_classes() -> None:
    items = items_of({"a": 3, "b": 3, "c": 10})
    groups = [0, 0, 0, 1, 1, 1, *range(2, 12)]
    with pytest.raises(SourceError) as error:
        deal(items, groups, recipe())
    assert "2 classes have too few pictures" in str(error.value)
    assert "a: 3 pictures in 1 groups" in str(error.value)
    assert "--min-per-class 4" in str(error.value)
    assert set(deal(items, groups, recipe(valid=0))) == {"train"}


def test_two_groups_of_a_class_go_to_two_sides() -> None:
    items = items_of({"a": 10, "b": 10})
    groups = [0] * 5 + [1] * 5 + [2] * 9 + [3]
    found = counted(items, deal(items, groups, recipe()))
    assert all(found[name, side] for name in "ab" for side in ("train", "val"))


@pytest.mark.parametrize(("sizes", "valid", "moved"), [((3, 3), 0.2, 3), ((9, 4, 6), 0.02, 4), ((5, 3), 0.9, 3)])
def test_a_side_that_was_left_empty_gets_the_smallest_group(sizes: tuple[int, ...], valid: float, moved: int) -> None:
    groups = [number for number, size in enumerate(sizes) for _ in range(size)]
    items = items_of({"a": len(groups)})
    for seed in range(8):
        sides = deal(items, groups, recipe(valid=valid, seed=seed))
        assert moved in (sides.count("val"), sides.count("train"))
        assert set(sides) == {"train", "val"}


@given(st.lists(st.lists(st.integers(1, 7), min_size=2, max_size=5), min_size=1, max_size=4), st.floats(0.01, 0.9))
@settings(max_examples=150, deadline=None)
def test_classes_of_two_groups_and_more_are_on_both_sides(sizes: list[list[int]], valid: float) -> None:
    bundles = [f"c{name}" for name, members in enumerate(sizes) for _ in members]
    groups = [number for number, size in enumerate(chain(*sizes)) for _ in range(size)]
    items = [Item(f"{bundles[group]}/{n}.jpg", bundles[group]) for n, group in enumerate(groups)]
    found = counted(items, deal(items, groups, recipe(valid=valid)))
    assert all(found[f"c{name}", side] for name in range(len(sizes)) for side in ("train", "val"))


def test_bonds_are_joined() -> None:
    assert join(5, ["x", None, "x", None, None], [None, 1, 1, None, None]) == [0, 0, 0, 3, 4]


def test_series_are_named_within_their_class() -> None:
    items = [Item(f"{c}/{s}_{i}.ppm", c) for c in "ab" for s in ("01", "02") for i in range(2)]
    keys = series_keys(items, r"([^/]+)_\d+\.ppm$")
    assert keys == [(c, s) for c in "ab" for s in ("01", "02") for _ in range(2)]
    with pytest.raises(SourceError, match=r"matches none of 8 paths, such as .a/01_0\.ppm"):
        series_keys(items, "(video)")
