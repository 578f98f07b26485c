"""``keras.initializers``: each gives what a layer's ``kernel_initializer`` takes."""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name
from glasshouse.layers import Initializer

from .hints import INITIALIZERS

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Ones",
    "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "Zeros",
]  # fmt: skip


def _plain(name: str) -> type[Initializer]:
    def start(self: Initializer, seed: int | None = None) -> None:
        Initializer.__init__(self, name)  # the draws are a function of the network's seed and the layer's name

    words = {"__init__": start, "__module__": __name__, "__doc__": f"{name}, as in Keras."}
    return type("".join(part.title() for part in name.split("_")), (Initializer,), words)


GlorotNormal, GlorotUniform = _plain("glorot_normal"), _plain("glorot_uniform")
HeNormal, HeUniform = _plain("he_normal"), _plain("he_uniform")
LecunNormal, LecunUniform = _plain("lecun_normal"), _plain("lecun_uniform")
Ones, Zeros = _plain("ones"), _plain("zeros")


def Constant(value: float = 0.0) -> Initializer:  # noqa: N802
    """The same number everywhere."""
    return Initializer("constant", value=value)


def Orthogonal(gain: float = 1.0, seed: int | None = None) -> Initializer:  # noqa: N802
    """An orthogonal matrix times ``gain``."""
    return Initializer("orthogonal", gain=gain)


def RandomNormal(mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> Initializer:  # noqa: N802
    """A normal distribution."""
    return Initializer("random_normal", mean=mean, stddev=stddev)


def TruncatedNormal(mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> Initializer:  # noqa: N802
    """A normal distribution, cut off at two deviations."""
    return Initializer("truncated_normal", mean=mean, stddev=stddev)


def RandomUniform(minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> Initializer:  # noqa: N802
    """A uniform distribution."""
    return Initializer("random_uniform", low=minval, high=maxval)


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, INITIALIZERS)
