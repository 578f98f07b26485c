"""First weights, with Keras' words and meanings: each is a function of a generator and a shape.

    glorot_uniform   uniform within ±√(6 / (fan_in + fan_out))                  the default of kernels
    he_normal        normal of deviation √(2 / fan_in), cut off at two of them    for ReLU

Source: Glorot and Bengio 2010; He and others 2015, arXiv 1502.01852; LeCun and others 1998; Saxe and others 2013.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np

from glasshouse.messages import Message

from .rules import number

__all__ = ["INITIALIZERS", "AnyInitializer", "Initializer", "draw", "fans", "initializer"]

CUT = 0.87962566103423978  # the deviation of a standard normal distribution that is cut off at ±2


@dataclass(frozen=True)
class Initializer:
    """A kind of first weights with its numbers: ``Initializer("random_normal", stddev=0.01)``.

    ``mean`` and ``stddev`` are those of normal kinds, ``low`` and ``high`` the bounds of random_uniform, ``value`` that
    of constant, ``gain`` that of orthogonal.
    """

    name: str
    mean: float = 0.0
    stddev: float = 0.05
    low: float = -0.05
    high: float = 0.05
    value: float = 0.0
    gain: float = 1.0


AnyInitializer: TypeAlias = Any  # a word of INITIALIZERS or an Initializer; held as either


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Inputs and outputs of one unit. shape (D, K) of a dense kernel or (KH, KW, C, O) of a convolution."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _uniform(scale: float, mode: str) -> Callable[..., np.ndarray]:
    def draw_uniform(rng: np.random.Generator, shape: tuple[int, ...], _: Initializer) -> np.ndarray:
        limit = sqrt(3 * scale / _fan(shape, mode))
        return rng.uniform(-limit, limit, shape)

    return draw_uniform


def _normal(scale: float, mode: str) -> Callable[..., np.ndarray]:
    def draw_normal(rng: np.random.Generator, shape: tuple[int, ...], _: Initializer) -> np.ndarray:
        return truncated(rng, shape) * (sqrt(scale / _fan(shape, mode)) / CUT)

    return draw_normal


def _fan(shape: tuple[int, ...], mode: str) -> float:
    fan_in, fan_out = fans(shape)
    return max(1.0, {"in": fan_in, "out": fan_out, "average": (fan_in + fan_out) / 2}[mode])


def truncated(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers, those beyond ±2 drawn again."""
    values = rng.standard_normal(shape)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = rng.standard_normal(int(beyond.sum()))
    return values


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...], given: Initializer) -> np.ndarray:
    rows, columns = prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return given.gain * (q if rows >= columns else q.T).reshape(shape)


INITIALIZERS: dict[str, Callable[[np.random.Generator, tuple[int, ...], Initializer], np.ndarray]] = {
    "constant": lambda rng, shape, given: np.full(shape, given.value),
    "glorot_normal": _normal(1, "average"),
    "glorot_uniform": _uniform(1, "average"),
    "he_normal": _normal(2, "in"),
    "he_uniform": _uniform(2, "in"),
    "lecun_normal": _normal(1, "in"),
    "lecun_uniform": _uniform(1, "in"),
    "ones": lambda rng, shape, given: np.ones(shape),
    "orthogonal": _orthogonal,
    "random_normal": lambda rng, shape, given: given.mean + given.stddev * rng.standard_normal(shape),
    "random_uniform": lambda rng, shape, given: rng.uniform(given.low, given.high, shape),
    "truncated_normal": lambda rng, shape, given: given.mean + given.stddev * truncated(rng, shape),
    "zeros": lambda rng, shape, given: np.zeros(shape),
}


def initializer(value: Any) -> str | Initializer:
    """The rule of a field: a word of INITIALIZERS, an Initializer, or the dictionary of one."""
    if isinstance(value, dict):
        known = set(Initializer.__dataclass_fields__)
        if "name" not in value or set(value) - known:
            raise ValueError(
                Message(
                    "expected an initializer with {known}, got {value}",
                    known=", ".join(sorted(known)),
                    value=repr(value),
                )
            )
        numbers = {key: number(part) for key, part in value.items() if key != "name"}
        value = Initializer(value["name"], **numbers)
    word = value.name if isinstance(value, Initializer) else value
    if not isinstance(word, str) or word not in INITIALIZERS:
        raise ValueError(
            Message("expected one of {INITIALIZERS}, got {word}", INITIALIZERS=", ".join(INITIALIZERS), word=repr(word))
        )
    return value if isinstance(value, Initializer) else str(word)


def draw(kind: str | Initializer, shape: tuple[int, ...], seed: int, name: str) -> np.ndarray:
    """First weights, float32: a function of the seed and of the name of the weights, whatever else is drawn.

    >>> draw("glorot_uniform", (4, 2), seed=1, name="dense/kernel").max() < 1
    np.True_
    """
    given = kind if isinstance(kind, Initializer) else Initializer(kind)
    rng = np.random.default_rng([seed, crc32(name.encode())])
    return np.asarray(INITIALIZERS[given.name](rng, shape, given), dtype=np.float32)
