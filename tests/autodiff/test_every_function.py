"""One battery for every Function: numerical gradient, torch.autograd; first and second order; both kinds of array."""

import importlib
import pkgutil

import numpy as np
import pytest
import torch
from function_cases import CASES, Draw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import glasshouse.autodiff as autodiff
from glasshouse.autodiff import Function, Variable
from glasshouse.autodiff.arrays import module_of
from glasshouse.autodiff.gradcheck import numerical_grad

KINDS = {"numpy": np.asarray, "torch": torch.tensor}


def host(x):
    return np.asarray(module_of(x.data).host(x.data))


def functions_behind(y, found=None):
    found, todo = set(), [y.creator]
    while todo:
        f = todo.pop()
        if f is not None and f not in found:
            found.add(f)
            todo += [x.creator for x in f.inputs]
    return {type(f) for f in found}


def ours(f, arrays, u, vs):
    """y; the gradients of Σ u y, walked twice; the gradients of Σ v·gradient; and the Functions that took part."""
    xs = [Variable(a) for a in arrays]
    y = f(*xs)
    loss = (y * constant(u, y)).sum()
    plain, first = autodiff.grad(loss, xs), autodiff.grad(loss, xs, create_graph=True)
    total = sum(((g * constant(v, g)).sum() for g, v in zip(first, vs) if g is not None), start=(xs[0] * 0).sum())
    return y, plain, first, autodiff.grad(total, xs), functions_behind(total) | functions_behind(y)


def constant(array, like):
    return module_of(like.data).array_like(array, like.data)


def torchs(f, arrays, u, vs):
    xs = [torch.tensor(np.asarray(a), requires_grad=True) for a in arrays]
    y = f(*xs)
    first = torch.autograd.grad((y * torch.tensor(u)).sum(), xs, create_graph=True, allow_unused=True)
    total = sum((g * torch.tensor(v)).sum() for g, v in zip(first, vs) if g is not None) + sum(
        (x * 0).sum() for x in xs
    )
    second = torch.autograd.grad(total, xs, allow_unused=True)
    return y, first, second


def close(got, expected, shape, what, rtol=1e-6, atol=1e-8):
    got, expected = (np.zeros(shape) if g is None else g for g in (got, expected))
    got = host(got) if isinstance(got, Variable) else got
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    assert got.shape == shape, what
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, err_msg=what)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@settings(max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_oracles_agree(case, data):
    draw = Draw(data)
    arrays, f, torch_f = case.make(draw)
    with torch.no_grad():
        u = draw.rng.standard_normal(tuple(torch_f(*map(torch.tensor, arrays)).shape))
    vs = [draw.rng.standard_normal(a.shape) for a in arrays]
    y_t, first_t, second_t = torchs(torch_f, arrays, u, vs)
    for kind, make in KINDS.items():
        y, plain, first, second, used = ours(f, [make(a) for a in arrays], u, vs)
        assert case.covers is None or case.covers in used, f"{case.name} does not use {case.covers}"
        close(y, y_t, u.shape, f"{kind}: value")
        for i, a in enumerate(arrays):
            close(first[i], first_t[i], a.shape, f"{kind}: first derivative in input {i}, against torch")
            close(plain[i], first_t[i], a.shape, f"{kind}: first derivative in input {i}, not recorded")
            close(second[i], second_t[i], a.shape, f"{kind}: second derivative in input {i}, against torch")
            assert type(y.data) is type(make(a)), f"{kind}: another kind of array came out"
    check_numerically(f, arrays, u, vs, first, second)
    check_float32(f, arrays, u, vs, y, first)


def check_numerically(f, arrays, u, vs, first, second):
    for i, a in enumerate(arrays):

        def value(x, i=i):
            return (f(*(x if j == i else Variable(b) for j, b in enumerate(arrays))) * u).sum()

        def slope(x, i=i):
            xs = [Variable(x.data if j == i else b) for j, b in enumerate(arrays)]
            with autodiff.using_config("enable_backprop", True):
                gs = autodiff.grad((f(*xs) * u).sum(), xs)
            return sum(((g * v).sum() for g, v in zip(gs, vs) if g is not None), start=(xs[0] * 0).sum())

        close(first[i], numerical_grad(value, a), a.shape, f"first derivative in input {i}, numerically", 1e-4, 1e-6)
        close(second[i], numerical_grad(slope, a), a.shape, f"second derivative in input {i}, numerically", 1e-4, 1e-5)


def check_float32(f, arrays, u, vs, y, first):
    for make in KINDS.values():
        y32, plain32, first32, second32, _ = ours(f, [make(a.astype(np.float32)) for a in arrays], u, vs)
        firsts = [*plain32, *first32]
        for what, x in [("value", y32), *(("first", g) for g in firsts), *(("second", g) for g in second32)]:
            assert x is None or "float32" in str(x.dtype), f"{what} became {x.dtype}"
        np.testing.assert_allclose(host(y32), host(y), rtol=2e-4, atol=2e-5)
        for g32, g in zip(firsts, [*first, *first]):
            if g is not None:
                np.testing.assert_allclose(host(g32), host(g), rtol=2e-3, atol=2e-4)


def all_functions():
    for module in pkgutil.iter_modules(autodiff.__path__):
        importlib.import_module(f"glasshouse.autodiff.{module.name}")
    todo, found = [Function], set()
    while todo:
        below = [c for c in todo.pop().__subclasses__() if c.__module__.startswith("glasshouse.autodiff.")]
        todo += below
        found |= set(below)
    return found


def test_no_function_is_left_out():
    missing = all_functions() - {case.covers for case in CASES}
    assert not missing, f"these Functions have no case in function_cases.py: {sorted(c.__name__ for c in missing)}"


def test_the_two_array_modules_offer_the_same():
    from glasshouse.autodiff import numpy_arrays, torch_arrays
    from glasshouse.autodiff.arrays import ArrayModule

    asked = {name for name in vars(ArrayModule) if not name.startswith("_")}
    assert set(numpy_arrays.__all__) == set(torch_arrays.__all__) == asked
