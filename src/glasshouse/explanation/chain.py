"""The chain rule, written out: dL/dx = Σ dy/dx · dL/dy, each term with its numbers.

    local = directional(f, x, one_hot(x.shape, index))   dy/dx at one number of x, for every number of y
    chain = chain_rule(local, gy)                        the terms, the largest first, and their sum

The local derivatives are those that autodiff computes: f is differentiated, and the result once more in the direction
of x, so that f may be any operation. Nothing here knows of layers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.autodiff import Variable
from glasshouse.autodiff.core import grad, propagate
from glasshouse.messages import Message

__all__ = ["Chain", "Term", "central_difference", "chain_rule", "directional", "one_hot"]

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Term:
    """One way from x to the loss: through the number of y at ``place`` (without N)."""

    place: tuple[int, ...]
    local: float  # dy/dx there
    upstream: float  # dL/dy there

    @property
    def product(self) -> float:
        """What this way adds to dL/dx."""
        return self.local * self.upstream


@dataclass(frozen=True)
class Chain:
    """dL/dx as a sum: the largest ``terms``, the sum of all the others as ``rest``, and the ``total``.

    ``count`` is the number of terms where dy/dx is not 0.
    """

    terms: tuple[Term, ...]
    count: int
    rest: float
    total: float

    def written(self, digits: int = 4) -> str:
        """The sum in one line: 0.5·0.2 + 0.1·-0.3 + (7 more: 0.01) = 0.08."""
        parts = [f"{t.local:.{digits}g}·{_signed(t.upstream, digits)}" for t in self.terms]
        hidden = self.count - len(self.terms)
        if hidden:
            parts.append(Message("({hidden} more: {rest})", hidden=f"{hidden:,}", rest=f"{self.rest:.{digits}g}"))
        return f"{' + '.join(parts) or '0'} = {self.total:.{digits}g}"


def _signed(value: float, digits: int) -> str:
    return f"({value:.{digits}g})" if value < 0 else f"{value:.{digits}g}"


def one_hot(shape: Sequence[int], index: Sequence[int]) -> Array:
    """Zeros, and 1 at ``index``.

    >>> one_hot((3,), (1,))
    array([0., 1., 0.])
    """
    found = np.zeros(tuple(shape))
    found[tuple(index)] = 1
    return found


def directional(f: Callable[[Variable], Variable], x: Array, direction: Array) -> Array:
    """How y = f(x) changes when x moves in a direction: J u, of the shape of y.

    dL/dx = Jᵀ v is a linear function of v = dL/dy; its product with u, differentiated in v, is J u.

    >>> directional(lambda x: x * x, np.array([3.0, 5.0]), np.array([0.0, 1.0]))
    array([ 0., 10.])
    """
    variable = Variable(x)
    y = f(variable)
    v = Variable(np.zeros(y.shape, x.dtype))
    back = propagate(y, v, True, keep=lambda one: one is variable).get(variable)
    if back is None or not back.requires_grad:
        return np.zeros(y.shape, x.dtype)
    (found,) = grad((back * direction).sum(), [v])
    return np.zeros(y.shape, x.dtype) if found is None else np.asarray(found.data)


def chain_rule(local: Array, upstream: Array, most: int = 6) -> Chain:
    """The sum over all numbers of y of dy/dx · dL/dy; arrays of the shape of y, with N = 1.

    >>> print(chain_rule(np.array([[2.0, 0.0, 3.0]]), np.array([[0.5, 9.0, -1.0]])).written())
    3·(-1) + 2·0.5 = -2
    """
    products = (local * upstream).reshape(-1)
    touched = np.flatnonzero(local)
    order = touched[np.argsort(-np.abs(products[touched]), kind="stable")][:most]
    shape = local.shape[1:]
    terms = tuple(
        Term(tuple(int(n) for n in np.unravel_index(i, shape)), float(local.flat[i]), float(upstream.flat[i]))
        for i in order
    )
    total = float(products.sum())
    return Chain(terms, len(touched), total - sum(term.product for term in terms), total)


def central_difference(f: Callable[[float], float], x: float, step: float = 1e-6) -> float:
    """(f(x + h) - f(x - h)) / 2h: the slope measured by trying, without any rule.

    >>> round(central_difference(lambda x: x**3, 2.0), 6)
    12.0
    """
    return (f(x + step) - f(x - step)) / (2 * step)
