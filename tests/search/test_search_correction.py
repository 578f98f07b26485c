"""The best of many looks better than it is; the corrected score does not."""

import numpy as np

from glasshouse.search.correction import corrected

TRUE, CANDIDATES, PICTURES = 0.8, 30, 200


def test_the_best_of_equals_is_optimistic_and_the_corrected_interval_covers() -> None:
    raw, fair, covered = [], [], 0
    for trial in range(100):
        draw = np.random.default_rng(trial)
        right = draw.random((PICTURES, CANDIDATES)) < TRUE
        found = corrected(right, np.arange(PICTURES), seed=trial, draws=200)
        raw.append(right.mean(0).max() - TRUE)
        fair.append(found.accuracy - TRUE)
        covered += found.interval[0] <= TRUE <= found.interval[1]
    assert np.mean(raw) > 0.04
    assert abs(np.mean(fair)) < 0.01
    assert covered >= 93


def test_one_candidate_needs_no_correction() -> None:
    right = (np.arange(100) % 4 > 0)[:, None]
    found = corrected(right, np.arange(100))
    assert abs(found.accuracy - 0.75) < 0.01 and found.interval[0] < 0.75 < found.interval[1]


def test_pictures_of_a_group_are_drawn_together() -> None:
    """Ten series of ten alike pictures say no more than ten pictures do."""
    draw = np.random.default_rng(0)
    right = np.repeat(draw.random((10, 3)) < 0.7, 10, axis=0)
    together = corrected(right, np.repeat(np.arange(10), 10)).interval
    alone = corrected(right, np.arange(100)).interval
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_one_group_alone_is_left_as_it_is() -> None:
    found = corrected(np.array([[True, False], [True, True]]), np.zeros(2, np.int64))
    assert (found.accuracy, found.interval) == (1.0, (0.0, 1.0))
