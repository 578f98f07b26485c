"""Wilson's interval: published values, the equation it solves, and its ends."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.errors import InputError
from glasshouse.evaluation.intervals import wilson


@pytest.mark.parametrize(
    ("correct", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_it_has_the_published_values(correct: int, count: int, low: float, high: float) -> None:
    """R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3."""
    assert [round(end, 4) for end in wilson(correct, count)] == [low, high]


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0.01, 0.999))
def test_its_ends_solve_the_score_equation(count: int, part: float, level: float) -> None:
    correct = round(part * count)
    z = NormalDist().inv_cdf((1 + level) / 2)
    low, high = wilson(correct, count, level)
    assert 0 <= low <= correct / count <= high <= 1
    for end in (low, high):
        assert abs(correct / count - end) == pytest.approx(z * math.sqrt(end * (1 - end) / count), abs=1e-7)


@given(st.integers(1, 10**6))
def test_none_right_begins_at_0_and_all_right_ends_at_1(count: int) -> None:
    assert wilson(0, count)[0] == 0
    assert wilson(count, count)[1] == 1
    assert wilson(0, count)[1] == pytest.approx(1 - wilson(count, count)[0])


def test_nothing_counted_tells_nothing() -> None:
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize("arguments", [(-1, 5), (6, 5), (1, 5, 0.0), (1, 5, 1.0), (0, -1)])
def test_odd_arguments_are_refused(arguments: tuple[int, int, float]) -> None:
    with pytest.raises(InputError, match="expected 0 <= correct <= count"):
        wilson(*arguments)
