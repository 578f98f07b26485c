"""Small classes keep something to train on, whatever is asked for; and one picture is always trained on."""

import pytest

from glasshouse.data.items import Item
from glasshouse.data.quotas import Quota, quotas
from glasshouse.data.split import deal
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
