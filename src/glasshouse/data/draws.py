"""Random numbers as functions of (seed, epoch, sample, stream): no state, so order, workers and resume change nothing.

A number is the finaliser of SplitMix64 (Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, 2014)
applied once for each of the four; equal arguments give equal numbers on every machine.
"""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draw", "beta", "bits", "choice", "normal", "permutation", "uniform"]

Samples = NDArray[np.int64]
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def bits(seed: int, epoch: int, samples: Samples, stream: str) -> NDArray[np.uint64]:
    """Return 64 random bits (n,) for each of ``samples`` (n,), whole numbers from 0.

    ``stream`` names what the numbers are for; streams of different names are independent.
    """
    state = np.zeros(len(samples), dtype=np.uint64)
    for part in (_number(seed), _stream(stream), _number(epoch), np.asarray(samples, dtype=np.int64).view(np.uint64)):
        state = _mix(state * GOLDEN + GOLDEN ^ part)
    return state


def uniform(
    seed: int, epoch: int, samples: Samples, stream: str, low: float = 0.0, high: float = 1.0
) -> NDArray[np.float64]:
    """Return numbers (n,) evenly from [low, high)."""
    unit = (bits(seed, epoch, samples, stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return low + (high - low) * unit


def choice(seed: int, epoch: int, samples: Samples, stream: str, count: int) -> NDArray[np.int64]:
    """Return whole numbers (n,) evenly from 0 to ``count`` - 1."""
    return (uniform(seed, epoch, samples, stream) * count).astype(np.int64)


def normal(seed: int, epoch: int, samples: Samples, stream: str) -> NDArray[np.float64]:
    """Return numbers (n,) of the normal distribution with mean 0 and deviation 1: its quantiles at (u + 2^-54)."""
    from scipy.special import ndtri  # type: ignore[import-untyped]  # half a second of every process, for these two only

    quantiles: NDArray[np.float64] = ndtri(uniform(seed, epoch, samples, stream) + 2.0**-54)
    return quantiles


def beta(seed: int, epoch: int, samples: Samples, stream: str, alpha: float) -> NDArray[np.float64]:
    """Return numbers (n,) in [0, 1] of Beta(alpha, alpha): its quantiles at u."""
    from scipy.special import betaincinv

    quantiles: NDArray[np.float64] = betaincinv(alpha, alpha, uniform(seed, epoch, samples, stream))
    return quantiles


def permutation(seed: int, epoch: int, count: int, stream: str = "order") -> NDArray[np.int64]:
    """Return the numbers 0 to ``count`` - 1 in random order: sorted by their random bits."""
    keys = bits(seed, epoch, np.arange(count, dtype=np.int64), stream)
    return np.argsort(keys, kind="stable").astype(np.int64)


class Draw:
    """The numbers that a batch is changed by: one for each of ``samples``, by the name of what they are for."""

    def __init__(self, seed: int, epoch: int, samples: Samples) -> None:
        self.seed, self.epoch, self.samples = seed, epoch, samples

    def only(self, part: slice) -> "Draw":
        """Return the same for some of the samples."""
        return Draw(self.seed, self.epoch, self.samples[part])

    def between(self, stream: str, low: float, high: float) -> NDArray[np.float64]:
        """Return numbers (N,) evenly from [low, high)."""
        return uniform(self.seed, self.epoch, self.samples, stream, low, high)

    def around(self, stream: str, amount: float | tuple[float, float]) -> NDArray[np.float64]:
        """Return factors (N,) from [1 - amount, 1 + amount), or from the pair."""
        low, high = amount if isinstance(amount, tuple) else (1 - amount, 1 + amount)
        return self.between(stream, low, high)

    def happens(self, stream: str, probability: float) -> NDArray[np.bool_]:
        """Return True (N,) with that probability."""
        return self.between(stream, 0.0, 1.0) < probability

    def beta(self, stream: str, alpha: float) -> NDArray[np.float64]:
        """Return numbers (N,) of Beta(alpha, alpha)."""
        return beta(self.seed, self.epoch, self.samples, stream, alpha)

    def one_of(self, stream: str, values: tuple[float, ...]) -> NDArray[np.float64]:
        """Return one of ``values`` for each sample (N,)."""
        return np.asarray(values)[choice(self.seed, self.epoch, self.samples, stream, len(values))]


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _number(value: int) -> np.uint64:
    return np.uint64(value & 0xFFFFFFFFFFFFFFFF)


@cache
def _stream(name: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))
