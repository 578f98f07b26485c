"""Random numbers as functions: never changing, evenly spread, and independent along every axis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from glasshouse.data import draws

MANY = np.arange(40_000, dtype=np.int64)
SOME = np.array([0, 1, 2, 60_000])


def test_pinned_for_ever() -> None:
    """A change of these numbers would change every run that was ever described by a recipe."""
    assert [hex(b) for b in draws.bits(42, 3, SOME, "rotation")] == [
        "0x77715ababa18af83", "0x344b05181736cf40", "0x5ed92239cd444467", "0xf3e55194b28c3146",
    ]  # fmt: skip
    assert draws.uniform(42, 3, SOME, "rotation").tolist() == [
        0.4665734010578456, 0.20426971281195982, 0.37050069724252044, 0.9527178752928627,
    ]  # fmt: skip
    assert draws.permutation(42, 0, 10).tolist() == [6, 2, 7, 8, 4, 9, 5, 3, 0, 1]
    assert draws.choice(7, 0, np.arange(8), "c", 5).tolist() == [1, 4, 1, 1, 2, 4, 2, 3]
    assert draws.normal(1, 2, SOME, "x") == pytest.approx([-0.246164732, -0.690000384, -0.966316641, -0.528206948])
    assert draws.beta(1, 2, SOME, "x", 0.4) == pytest.approx([0.325661207, 0.105415164, 0.041550658, 0.167725383])


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**6), st.lists(st.integers(0, 2**62), min_size=1, max_size=20))
def test_a_sample_has_the_same_number_in_any_company(seed: int, epoch: int, samples: list[int]) -> None:
    together = draws.uniform(seed, epoch, np.array(samples), "s")
    alone = [draws.uniform(seed, epoch, np.array([sample]), "s")[0] for sample in samples]
    assert together.tolist() == alone
    assert (together >= 0).all() and (together < 1).all()


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_evenly_spread(seed: int) -> None:
    for epoch in (0, 1, 1000):
        assert stats.kstest(draws.uniform(seed, epoch, MANY, "a"), "uniform").pvalue > 1e-3
    bits = np.unpackbits(draws.bits(seed, 0, MANY, "a").view(np.uint8)).reshape(-1, 64)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.015  # six deviations


def test_neighbours_are_independent() -> None:
    """Next samples, epochs, seeds and streams: no correlation beyond chance (1/sqrt(40000) = 0.005)."""
    one = draws.uniform(42, 0, MANY, "a")
    others = {
        "sample": draws.uniform(42, 0, MANY + 1, "a"),
        "epoch": draws.uniform(42, 1, MANY, "a"),
        "seed": draws.uniform(43, 0, MANY, "a"),
        "stream": draws.uniform(42, 0, MANY, "b"),
        "seed for epoch": draws.uniform(0, 42, MANY, "a"),
    }
    for name, other in others.items():
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.02, name
        pairs = np.histogram2d(one, other, bins=10)[0].ravel()
        assert stats.chisquare(pairs).pvalue > 1e-4, name


def test_distributions() -> None:
    assert stats.kstest(draws.normal(1, 0, MANY, "n"), "norm").pvalue > 1e-3
    for alpha in (0.2, 1.0, 3.0):
        assert stats.kstest(draws.beta(1, 0, MANY, f"b{alpha}", alpha), stats.beta(alpha, alpha).cdf).pvalue > 1e-3
    assert stats.chisquare(np.bincount(draws.choice(1, 0, MANY, "c", 7))).pvalue > 1e-3


def test_permutations() -> None:
    first, second = draws.permutation(42, 0, 5000), draws.permutation(42, 1, 5000)
    assert sorted(first) == sorted(second) == list(range(5000))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06 and abs(np.corrcoef(first, np.arange(5000))[0, 1]) < 0.06
    assert draws.permutation(42, 0, 0).tolist() == []


def test_no_global_state() -> None:
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    draws.uniform(1, 1, MANY, "a")
    assert (np.random.get_state()[1] == state).all()
