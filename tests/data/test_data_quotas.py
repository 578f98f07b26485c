"""Small classes keep something to train on, whatever is asked for; and one picture is always trained on."""

import pytest

from glasshouse.data.items import Item
from glasshouse.data.splitting.quotas import Quota, quotas
from glasshouse.data.splitting.split import _best_side, _Table, _Unit, deal
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe


@pytest.mark.parametrize(
    ("count", "valid", "test", "expected"),
    [
        (1, 0.9, 0.0, Quota(1, 0, 0)), (1, 0.0, 0.9, Quota(1, 0, 0)), (2, 0.1, 0.0, Quota(1, 1, 0)),
        (2, 0.5, 0.4, Quota(1, 1, 0)), (2, 0.0, 0.9, Quota(1, 0, 1)), (3, 0.1, 0.8, Quota(1, 1, 1)),
        (4, 0.2, 0.7, Quota(1, 1, 2)), (10, 0.25, 0.0, Quota(7, 3, 0)), (10, 0.2, 0.1, Quota(7, 2, 1)),
    ],
)  # fmt: skip
def test_a_class_alone(count: int, valid: float, test: float, expected: Quota) -> None:
    assert quotas({"a": count}, valid, test) == {"a": expected}


@pytest.mark.parametrize("mode", ["ordered", "time"])
def test_the_first_group_is_trained_on_however_much_is_asked_for(mode: str) -> None:
    items = [Item(f"{name}/{n}.jpg", name, time=float(n)) for name in "ab" for n in range(4)]
    sides = deal(items, [0, 0, 1, 1, 2, 2, 3, 3], DatasetRecipe(source="x", split=mode, valid=0.9))
    assert sides == ["train", "train", "val", "val"] * 2


def test_a_group_goes_where_it_is_missed_most_for_the_size_of_its_classes() -> None:
    table = _Table({"a": Quota(700, 200, 100), "b": Quota(7, 2, 1)})
    table.have.update({("a", "train"): 700, ("b", "val"): 2})
    group = _Unit((0, 1, 2), {"a": 1, "b": 2}, "a", 0)
    assert _best_side(group, table) == "train", "two of seven count more than one of two hundred"


@pytest.mark.parametrize(("count", "last"), [(20, "c19"), (21, "and 1 more"), (33, "and 13 more")])
def test_twenty_classes_that_are_too_small_are_named(count: int, last: str) -> None:
    items = [Item(f"c{n:02}/1.jpg", f"c{n:02}") for n in range(count)]
    with pytest.raises(SourceError) as caught:
        deal(items, range(count), DatasetRecipe(source="x"))
    lines = str(caught.value).splitlines()
    named = [line for line in lines if line.startswith("  ")]
    assert len(named) == min(count, 21) and last in named[-1]
