"""Lists of answers: known ones, the promise on average over draws, and what is refused."""

import numpy as np
import pytest
from scipy.stats import beta  # type: ignore[import-untyped]

from glasshouse.errors import InputError, ModelError
from glasshouse.uncertainty.conformal import COVERAGES, AnswerSets, pictures_needed


def test_the_least_probability_is_that_of_the_picture_that_may_just_be_left_out() -> None:
    sets = AnswerSets(np.linspace(0.05, 0.95, 19, dtype=np.float32))  # 19 + 1 pictures: two of them are 10 %
    assert sets.least(0.9) == pytest.approx(0.10)
    assert sets.least(0.95) == pytest.approx(0.05)
    found = sets.sets(np.array([[0.5, 0.4, 0.1], [0.06, 0.07, 0.87], [0.02, 0.01, 0.97]], np.float32), 0.9)
    assert [one.tolist() for one in found] == [[0, 1, 2], [2], [2]]
    nobody = AnswerSets(np.full(19, 0.99, np.float32)).sets(np.array([[0.6, 0.4]], np.float32), 0.8)
    assert [one.tolist() for one in nobody] == [[0]]  # a list is never empty


@pytest.mark.parametrize("coverage", COVERAGES)
def test_the_mean_coverage_over_a_hundred_splits_is_the_promised_one(coverage: float) -> None:
    draw = np.random.default_rng(round(100 * coverage))
    labels = draw.integers(0, 5, 4000)
    scores = draw.normal(size=(4000, 5)) + 1.2 * np.eye(5)[labels]  # 62 % right
    e = np.exp(scores)
    p = (e / e.sum(1, keepdims=True)).astype(np.float32)
    held, right = [], np.mean(p.argmax(1) == labels)
    assert right < coverage - 0.1, "with one class in each list the promise would be exceeded"
    for _ in range(100):
        order = draw.permutation(4000)
        own, new = order[:199], order[199:]
        sets = AnswerSets.calibrated(p[own], labels[own]).sets(p[new[:1000]], coverage)
        held.append(np.mean([label in one for label, one in zip(labels[new], sets)]))
    assert abs(np.mean(held) - coverage) < 2 * np.std(held, ddof=1) / 10


def test_the_promised_interval_is_that_of_the_beta_distribution() -> None:
    sets = AnswerSets(np.linspace(0, 1, 100, dtype=np.float32))
    for coverage, left in ((0.8, 20), (0.9, 10), (0.95, 5)):
        expected = beta(101 - left, left).ppf([0.025, 0.975])
        assert sets.promised(coverage) == pytest.approx(tuple(expected), abs=1e-9)


def test_too_few_pictures_and_odd_coverages_are_refused() -> None:
    sets = AnswerSets(np.linspace(0, 1, 18, dtype=np.float32))
    assert [pictures_needed(one) for one in COVERAGES] == [4, 9, 19]
    assert sets.least(0.9) >= 0
    with pytest.raises(ModelError, match=r"18 calibration pictures.* need at least 19"):
        sets.least(0.95)
    for coverage in (0.2, 1.0, float("nan")):
        with pytest.raises(InputError, match=r"expected a share from 0\.5 to 0\.99"):
            sets.least(coverage)
