"""Is a derivative right? The numerical gradient says so: (f(x + ε) - f(x - ε)) / 2ε, number by number."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Array, module_of
from .core import Variable, as_variable, constant, grad
from .faults import GraphError
from .switches import no_grad, using_config

__all__ = ["check_gradients", "gradient_check", "numerical_grad"]


def numerical_grad(f: Callable[..., Variable], x: Any, *args: Any, eps: float = 1e-4, **kwargs: Any) -> Array:
    """The gradient of Σ f(x) by central differences: slow, and independent of every backward.

    Source: Deep Learning from Scratch 3, step 4.

    >>> numerical_grad(lambda x: x**2, np.array([3.0])).round(6)
    array([6.])
    """
    x = as_variable(x).data
    module = module_of(x)
    point, gradient = module.copy(x), module.copy(x)
    for i in np.ndindex(*x.shape):
        value = x[i]
        high, low = (_sum_at(f, point, i, value + step, args, kwargs) for step in (eps, -eps))
        gradient[i] = (high - low) / (2 * eps)
        point[i] = value
    return gradient


def _sum_at(f: Callable[..., Variable], point: Array, i: tuple[int, ...], value: Any, args: Any, kwargs: Any) -> Any:
    point[i] = value
    with no_grad():
        return f(constant(module_of(point).copy(point)), *args, **kwargs).data.sum()


def check_gradients(
    f: Callable[..., Variable], *inputs: Any, order: int = 2, rtol: float = 1e-4, atol: float = 1e-5, eps: float = 1e-4
) -> None:
    """Compare the gradients of f in each of its inputs with the numerical ones, up to an order of derivative.

    Raises:
        GraphError: names the order and the input where they differ, and both gradients.

    >>> check_gradients(lambda x, y: (x * y).sum(), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    """
    for index in range(len(inputs)):
        variables = [as_variable(x) for x in inputs]

        def along(x: Variable, index: int = index, variables: list[Variable] = variables) -> Variable:
            return f(*variables[:index], x, *variables[index + 1 :])

        _compare(along, variables[index].data, f"input {index}", 1, order, rtol, atol, eps)


def _compare(
    f: Callable[[Variable], Variable], x: Array, name: str, at: int, order: int, rtol: float, atol: float, eps: float
) -> None:
    point = Variable(x)
    (found,) = grad(f(point), [point])
    expected = numerical_grad(f, x, eps=eps)
    got = module_of(x).zeros(x.shape, x) if found is None else found.data
    a, b = (np.asarray(module_of(x).host(g)) for g in (got, expected))
    if not np.allclose(a, b, rtol=rtol, atol=atol):
        raise GraphError(
            "derivative {at} in {name} is wrong by up to {a}\n backward: {a2}\nnumerical: {b}",
            at=at,
            name=name,
            a=f"{np.abs(a - b).max():.3g}",
            a2=a,
            b=b,
        )
    if at < order and found is not None:
        _compare(lambda x: _squared_gradient(f, x), x, name, at + 1, order, rtol, atol, eps)


def _squared_gradient(f: Callable[[Variable], Variable], x: Variable) -> Variable:
    """A curved function of the gradient, so that no part of its derivative cancels."""
    watched = Variable(x.data) if not x.requires_grad else x
    with using_config("enable_backprop", True):
        (g,) = grad(f(watched), [watched], create_graph=True)
    g = constant(x.data * 0) if g is None else g
    return (g * g).sum() + g.sum()


def gradient_check(
    f: Callable[..., Variable], x: Any, *args: Any, rtol: float = 1e-4, atol: float = 1e-5, **kwargs: Any
) -> bool:
    """Whether the gradient of f at x agrees with the numerical one, both worked out in float64.

    Source: Deep Learning from Scratch 3, step 10.

    >>> gradient_check(lambda x: x**3, np.array([1.0, 2.0]))
    True
    """
    data = np.asarray(x.data if isinstance(x, Variable) else x).astype(np.float64)
    point = Variable(data)
    f(point, *args, **kwargs).backward()
    expected = numerical_grad(f, data, *args, **kwargs)
    return point.grad is not None and bool(np.allclose(point.grad.data, expected, rtol=rtol, atol=atol))
