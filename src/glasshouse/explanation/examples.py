"""Computations from books, by name, whose graphs are worth looking at: Variables with names, the result last.

Source of the functions: Deep Learning from Scratch 3, steps 24 to 36; Rosenbrock 1960.
"""

from collections.abc import Callable
from math import factorial

import numpy as np

from glasshouse.autodiff import Variable
from glasshouse.autodiff import functions as F
from glasshouse.autodiff.core import propagate

__all__ = ["EXAMPLES"]


def _named(**values: float) -> list[Variable]:
    return [Variable(np.array(value), name=name) for name, value in values.items()]


def _done(y: Variable, name: str = "y") -> Variable:
    """Give the result its name, and every input its gradient."""
    y.name = name
    y.backward(retain_grad=True)
    return y


def sphere() -> Variable:
    """z = x² + y² at (1, 1)."""
    x, y = _named(x=1.0, y=1.0)
    return _done(x**2 + y**2, "z")


def matyas() -> Variable:
    """z = 0.26 (x² + y²) - 0.48 x y at (1, 1)."""
    x, y = _named(x=1.0, y=1.0)
    return _done(0.26 * (x**2 + y**2) - 0.48 * x * y, "z")


def goldstein() -> Variable:
    """Goldstein and Price's function at (1, 1); its gradient there is (-5376, 8064)."""
    x, y = _named(x=1.0, y=1.0)
    a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return _done(a * b, "z")


def rosenbrock() -> Variable:
    """y = 100 (b - a²)² + (1 - a)² at (0, 2)."""
    a, b = _named(a=0.0, b=2.0)
    return _done(100 * (b - a**2) ** 2 + (1 - a) ** 2)


def quartic() -> Variable:
    """The derivative of x⁴ - 2x² at 2, itself differentiated: f'' = 44."""
    (x,) = _named(x=2.0)
    found = propagate(x**4 - 2 * x**2, None, True, keep=lambda one: one is x)
    return _done(found[x], "gx")


def sine() -> Variable:
    """sin(π/4) by the first four terms of its Taylor series."""
    (x,) = _named(x=np.pi / 4)
    y: Variable = x * 1.0
    for n in range(1, 4):
        y = y + (-1) ** n / factorial(2 * n + 1) * x ** (2 * n + 1)
    return _done(y)


def neuron() -> Variable:
    """One neuron: p = sigmoid(x · w + b), and its loss where the answer should be 1."""
    x = Variable(np.array([[0.5, -1.0]]), name="x")
    w, b = Variable(np.array([[0.8], [0.2]]), name="w"), Variable(np.array([0.1]), name="b")
    p = F.sigmoid(F.linear(x, w, b))
    p.name = "p"
    return _done(-F.sum(F.log(p)), "loss")


EXAMPLES: dict[str, Callable[[], Variable]] = {
    "goldstein": goldstein,
    "matyas": matyas,
    "neuron": neuron,
    "quartic": quartic,
    "rosenbrock": rosenbrock,
    "sine": sine,
    "sphere": sphere,
}
