"""``dezero.core_simple``: the core of steps 23 to 32, in which a gradient is a plain array."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from typing import Any

from glasshouse.autodiff import arithmetic, core
from glasshouse.autodiff.arithmetic import *
from glasshouse.autodiff.arrays import as_array
from glasshouse.autodiff.core import Function
from glasshouse.autodiff.switches import no_grad, using_config

from .core import setup_variable

__all__ = [
    "Function", "Variable", "as_array", "as_variable", "no_grad", "setup_variable", "using_config",
]  # fmt: skip
__all__ += arithmetic.__all__


class Variable(core.Variable):
    """A Variable whose gradient is an array, so that ``x.data -= lr * x.grad`` works; no second derivatives.

    Source: Deep Learning from Scratch 3, steps 23 to 29.

    >>> import numpy as np
    >>> x = Variable(np.array(3.0))
    >>> (x**2).backward()
    >>> x.data -= 0.1 * x.grad
    >>> x
    variable(2.4)
    """

    __slots__ = ("_gradient",)
    _gradient: core.Variable | None

    @property
    def grad(self) -> Any:
        """The gradient, an array; None before `backward`."""
        return None if self._gradient is None else self._gradient.data

    @grad.setter
    def grad(self, gradient: Any) -> None:
        self._gradient = None if gradient is None else core.as_variable(gradient)


def as_variable(x: Any) -> core.Variable:
    """`x` itself if it is a Variable; else a Variable that holds it."""
    return x if isinstance(x, core.Variable) else Variable(as_array(x))
