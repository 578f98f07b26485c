"""Schedules against their formulas, DIGITS' defaults and fastai's one-cycle."""

import math

import pytest

from glasshouse.recipe import ScheduleRecipe
from glasshouse.training.schedules import SCHEDULES, rate

FORMULAS = {
    ("constant", None): lambda t: 1.0,
    ("step", None): lambda t: 0.1 ** math.floor(t / 33),
    ("multi-step", None): lambda t: 0.5 ** ((t >= 50) + (t >= 85)),
    ("exponential", None): lambda t: 0.95**t,
    ("inverse", None): lambda t: (1 + 0.1 * t) ** -0.5,
    ("polynomial", None): lambda t: (1 - t / 100) ** 3,
    ("sigmoid", None): lambda t: 1 / (1 + math.exp(0.1 * (t - 50))),
    ("cosine", None): lambda t: 1e-5 + (1 - 1e-5) * (1 + math.cos(math.pi * t / 100)) / 2,
}


@pytest.mark.parametrize("name", [name for name, _ in FORMULAS])
def test_a_schedule_follows_its_formula(name: str) -> None:
    recipe = ScheduleRecipe(name=name)
    for step in range(101):
        assert rate(step, 100, 0.3, recipe) == pytest.approx(0.3 * FORMULAS[name, None](step), rel=1e-12)


def test_the_formulas_and_one_cycle_are_all_the_schedules() -> None:
    assert {name for name, _ in FORMULAS} | {"one-cycle"} == set(SCHEDULES)


def test_constants_of_the_recipe_are_used() -> None:
    assert rate(40, 100, 1, ScheduleRecipe(name="step", step=20, gamma=0.5)) == pytest.approx(0.25)
    assert rate(30, 100, 1, ScheduleRecipe(name="multi-step", milestones=(60, 30), gamma=0.1)) == pytest.approx(0.1)
    assert rate(50, 100, 1, ScheduleRecipe(name="polynomial", power=1)) == pytest.approx(0.5)
    assert rate(10, 100, 1, ScheduleRecipe(name="inverse", gamma=1, power=1)) == pytest.approx(1 / 11)
    assert rate(0, 100, 1, ScheduleRecipe(name="sigmoid", step=10, gamma=1)) == pytest.approx(1 / (1 + math.exp(-10)))


def test_one_cycle_has_the_values_of_fastai() -> None:
    """fastai 2.7: combined_cos(0.25, lr/25, lr, lr/1e5) at 0, 1/8, 1/4, 5/8 and 1."""
    recipe = ScheduleRecipe()
    expected = {0: 0.04, 125: 0.52, 250: 1.0, 625: (1 + 1e-5) / 2, 1000: 1e-5}
    for step, value in expected.items():
        assert rate(step, 1000, 1.0, recipe) == pytest.approx(value, rel=1e-9)


def test_warm_up_rises_in_a_straight_line_and_leaves_the_schedule_the_rest() -> None:
    recipe = ScheduleRecipe(name="cosine", final_div=1e5)
    assert [rate(s, 20, 1.0, recipe, 4) for s in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert rate(12, 20, 1.0, recipe, 4) == pytest.approx(rate(8, 16, 1.0, recipe))


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_a_rate_is_finite_and_not_negative_everywhere(name: str) -> None:
    rates = [rate(s, 7, 1.0, ScheduleRecipe(name=name), w) for s in range(8) for w in (0, 3, 7)]
    assert all(math.isfinite(r) and r >= 0 for r in rates)


@pytest.mark.parametrize("name", ["cosine", "one-cycle", "polynomial"])
def test_after_its_end_a_schedule_stays_where_it_ended(name: str) -> None:
    recipe = ScheduleRecipe(name=name)
    assert rate(150, 100, 0.1, recipe) == pytest.approx(rate(100, 100, 0.1, recipe), abs=1e-12)
