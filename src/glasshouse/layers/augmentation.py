"""Layers that change pictures, or other numbers, at random in training only: Keras' words and ranges.

Every picture has its own draws, NumPy's: the same on both engines. A factor f means -f to f; (a, b) means a to b.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from .engine import Engine, Run, T
from .layer import Layer
from .rules import amount, factor, layer_class, one_of, optional, rule
from .rules import pair_of_numbers as numbers
from .shapes import Shape, picture

__all__ = [
    "GaussianNoise", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation",
    "RandomZoom",
]  # fmt: skip

Factor: TypeAlias = float | tuple[float, float]  # f for -f to f, or (lowest, highest)
FILLS = one_of("reflect", "nearest", "constant")


def drawn(run: Run, count: int, bounds: Factor) -> np.ndarray:
    """Uniform numbers, one a picture."""
    low, high = bounds if isinstance(bounds, tuple) else (-bounds, bounds)
    return source(run).uniform(low, high, count)


def source(run: Run) -> Generator:
    """The generator of a run that has one."""
    if run.random is None:
        raise LookupError("a change that draws needs Run(random=...)")
    return run.random


def maps(count: int, rows: Sequence[Sequence[float | np.ndarray]]) -> np.ndarray:
    """Matrices (N, 2, 3) of numbers and arrays (N,)."""
    return np.stack([np.stack([np.broadcast_to(v, count) for v in row], -1) for row in rows], 1).astype(np.float64)


class _Random(Layer):
    """What works in training only."""

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        picture(shape, self.who)
        return shape

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        if run.training and run.random is None:
            run = replace(run, random=F.generator())
        return self.change(F, xs[0], run) if run.training else xs[0]

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        """The pictures, changed."""
        raise NotImplementedError(f"{type(self).__name__} has no change")


@layer_class
class RandomFlip(_Random):
    """Each picture mirrored with a chance of one half, in each direction of ``mode`` (both by default, as in Keras)."""

    mode: str = rule(one_of("horizontal", "vertical", "horizontal_and_vertical"), default="horizontal_and_vertical")

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        signs = source(run).integers(0, 2, (2, x.shape[0])) * 2 - 1
        across = signs[0] if "horizontal" in self.mode else 1
        down = signs[1] if "vertical" in self.mode else 1
        return F.warp(x, maps(x.shape[0], [[across, 0, 0], [0, down, 0]]), "nearest")


@layer_class
class RandomRotation(_Random):
    """Turned by a share of a full turn: 0.1 is -36 to 36 degrees, positive against the clock."""

    factor: Factor = rule(factor)
    fill_mode: str = rule(FILLS, default="reflect")

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        angle = drawn(run, x.shape[0], self.factor) * 2 * np.pi
        c, s = np.cos(angle), np.sin(angle)
        return F.warp(x, maps(x.shape[0], [[c, -s, 0], [s, c, 0]]), self.fill_mode)


@layer_class
class RandomZoom(_Random):
    """Zoomed: a draw of 0.2 shows 20 % more (smaller things), -0.2 20 % less; widths as heights by default."""

    height_factor: Factor = rule(factor)
    width_factor: Factor | None = rule(optional(factor), default=None)
    fill_mode: str = rule(FILLS, default="reflect")

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        tall = 1 + drawn(run, x.shape[0], self.height_factor)
        wide = tall if self.width_factor is None else 1 + drawn(run, x.shape[0], self.width_factor)
        return F.warp(x, maps(x.shape[0], [[wide, 0, 0], [0, tall, 0]]), self.fill_mode)


@layer_class
class RandomTranslation(_Random):
    """Moved by a share of the height (positive: down) and of the width (positive: to the right)."""

    height_factor: Factor = rule(factor)
    width_factor: Factor = rule(factor)
    fill_mode: str = rule(FILLS, default="reflect")

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        N, _, H, W = x.shape
        down, right = drawn(run, N, self.height_factor) * H, drawn(run, N, self.width_factor) * W
        return F.warp(x, maps(N, [[1, 0, -right], [0, 1, -down]]), self.fill_mode)


@layer_class
class RandomContrast(_Random):
    """y = (x - mean) f + mean, the mean of each channel, f from 1 - factor to 1 + factor; kept within value_range."""

    factor: Factor = rule(factor)
    value_range: tuple[float, float] = rule(numbers, default=(0.0, 255.0))

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        share = F.values(1 + drawn(run, x.shape[0], self.factor).reshape(-1, 1, 1, 1), x)
        mean = F.mean(x, (2, 3), True)
        return F.bounded((x - mean) * share + mean, *self.value_range)


@layer_class
class RandomBrightness(_Random):
    """y = x + f (highest - lowest), f from -factor to factor; kept within value_range."""

    factor: Factor = rule(factor)
    value_range: tuple[float, float] = rule(numbers, default=(0.0, 255.0))

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        low, high = self.value_range
        shift = drawn(run, x.shape[0], self.factor).reshape(-1, 1, 1, 1) * (high - low)
        return F.bounded(x + F.values(shift, x), low, high)


@layer_class
class GaussianNoise(_Random):
    """y = x + noise of a normal distribution with mean 0 and deviation ``stddev``; numbers of any shape."""

    stddev: float = rule(amount)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        return shape

    def change(self, F: Engine[T], x: T, run: Run) -> T:
        noise = source(run).standard_normal(tuple(x.shape), dtype="float32") * np.float32(self.stddev)
        return x + F.values(noise, x)
