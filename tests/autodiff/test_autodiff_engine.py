"""Variable, Function and the walk back: the book's numbers, dtypes, errors, memory, threads, wide graphs."""

import gc
import threading
import weakref

import numpy as np
import pytest
import torch

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import (
    Config,
    Function,
    Parameter,
    Variable,
    as_variable,
    core,
    grad,
    no_grad,
    test_mode,
    using_config,
)
from glasshouse.autodiff.faults import ArrayError, GraphError, ShapeError


def sphere(x, y):
    return x**2 + y**2


def matyas(x, y):
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


def goldstein_price(x, y):
    return (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)) * (
        30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    )


@pytest.mark.parametrize(
    ("f", "gradient"), [(sphere, (2, 2)), (matyas, (0.04, 0.04)), (goldstein_price, (-5376, 8064))]
)
@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_the_numbers_of_the_book(f, gradient, make):
    x, y = Variable(make(1.0)), Variable(make(1.0))
    f(x, y).backward()
    assert (float(x.grad.data), float(y.grad.data)) == pytest.approx(gradient, rel=1e-5)


def test_second_derivative_is_44():
    x = Variable(np.array(2.0))
    (x**4 - 2 * x**2).backward(create_graph=True)
    slope = x.grad
    assert slope.data == 24
    x.cleargrad()
    slope.backward()
    assert x.grad.data == 44


def test_newtons_method_reaches_1():
    x = Variable(np.array(2.0))
    for _ in range(10):
        y = x**4 - 2 * x**2
        x.cleargrad()
        y.backward(create_graph=True)
        slope = x.grad
        x.cleargrad()
        slope.backward()
        x.data -= slope.data / x.grad.data
    assert x.data == pytest.approx(1.0, abs=1e-12)


def test_double_backprop_gives_100():
    x = Variable(np.array(2.0))
    (x**2).backward(create_graph=True)
    slope = x.grad
    x.cleargrad()
    (slope**3 + x**2).backward()
    assert x.grad.data == 100


def test_a_place_picked_twice_gets_both_gradients():
    x = Variable(np.arange(6.0).reshape(2, 3))
    x[np.array([0, 0, 1])].sum().backward()
    assert x.grad.data.tolist() == [[2, 2, 2], [1, 1, 1]]


def test_higher_derivatives_of_sine():
    x = Variable(np.array(0.7))
    y = F.sin(x)
    for expected in (np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)):
        (y,) = grad(y, [x], create_graph=True)
        assert y.data == pytest.approx(expected)


def test_gradients_add_up_until_they_are_cleared():
    x = Variable(np.array(3.0))
    (x + x).backward()
    assert x.grad.data == 2
    (x + x + x).backward()
    assert x.grad.data == 5
    x.cleargrad()
    (x * 1).backward()
    assert x.grad.data == 1


def test_what_lies_between_keeps_its_gradient_only_when_asked():
    x = Variable(np.array(3.0))
    y = x * 2
    z = y * y
    z.backward()
    assert y.grad is None
    x.cleargrad()
    z.backward(retain_grad=True)
    assert (y.grad.data, x.grad.data, z.grad.data) == (12, 24, 1)


def test_grad_touches_no_variable():
    x, other = Variable(np.array(3.0)), Variable(np.array(1.0))
    y = x * x
    slope, none, itself = grad(y, [x, other, y])
    assert (slope.data, none, itself.data, x.grad) == (6, None, 1, None)


def test_raw_arrays_and_numbers_are_constants():
    x = Variable(np.ones(3, np.float32))
    y = x * np.arange(3, dtype=np.float32) + 1
    assert not y.creator.inputs[1].requires_grad
    assert F.sin(np.ones(2)).creator is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2.5), np.int64(3), np.float32(2.5)])
def test_a_number_never_changes_the_dtype(dtype, number):
    for array in (np.ones(3, dtype), torch.ones(3, dtype=getattr(torch, np.dtype(dtype).name))):
        x = Variable(array)
        for y in (x + number, number - x, x * number, number / x, x / number, x**number, number**x, F.mean(x)):
            assert y.dtype == array.dtype
        y.backward()
        assert x.grad.dtype == array.dtype


def test_whole_numbers_divide_to_fractions():
    x = Variable(np.array([1, 2]))
    assert (x * 2).dtype == np.int64
    assert (x / 2).data.tolist() == [0.5, 1.0]
    assert (x * 0.5).data.tolist() == [0.5, 1.0]


def test_a_gradient_has_the_dtype_of_its_variable():
    x, w = Variable(np.ones(3)), Variable(np.ones(3, np.float32))
    y = (x * w).sum()
    y.backward(create_graph=True)
    assert (y.dtype, x.grad.dtype, w.grad.dtype) == (np.float64, np.float64, np.float32)
    w.grad.sum().backward()
    assert x.grad.data.tolist() == [2, 2, 2]


def test_torch_records_nothing():
    x = torch.ones(3, requires_grad=True)
    v = Variable(x)
    y = F.sum(v * x)
    y.backward()
    assert not y.data.requires_grad
    assert y.data.grad_fn is None
    assert x.grad is None


def test_torch_tensors_on_the_left_ask_the_variable():
    x = Variable(torch.ones(2))
    for y in (torch.ones(2) * x, torch.ones(2) - x, torch.ones(2) / x, torch.ones(2) @ x):
        assert isinstance(y, Variable)


def test_numpy_arrays_on_the_left_ask_the_variable():
    x = Variable(np.ones(2))
    for y in (np.ones(2) * x, np.ones(2) - x, np.ones(2) / x, np.ones(2) @ x, np.float64(2) * x, np.ones(2) ** x):
        assert isinstance(y, Variable)


def test_a_variable_says_what_it_holds():
    x = Variable(np.arange(6.0).reshape(2, 3), name="x")
    assert (x.name, x.shape, x.ndim, x.size, x.dtype, len(x)) == ("x", (2, 3), 2, 6, np.float64, 2)
    assert repr(x) == "variable([[0. 1. 2.]\n          [3. 4. 5.]])"
    assert (x.T.shape, x.reshape(6).shape, x.reshape((3, 2)).shape, x.transpose(1, 0).shape) == (
        (3, 2),
        (6,),
        (3, 2),
        (3, 2),
    )
    assert (x > 2).tolist() == [[False, False, False], [True, True, True]]
    assert Variable(torch.zeros(2, 3)).size == 6
    assert abs(-x).data.max() == x.max().data == 5
    assert repr(Parameter(None)) == "variable(None)"


@pytest.mark.parametrize("wrong", [1.0, [1.0], "1", np.float64(1)])
def test_a_variable_holds_arrays_only(wrong):
    with pytest.raises(TypeError, match=r"Variable holds a NumPy array or a torch tensor.*np\.array"):
        Variable(wrong)


def test_as_variable_takes_numbers_and_is_watched():
    x = as_variable(2.0)
    (x * x).backward()
    assert x.grad.data == 4
    assert as_variable(x) is x


def test_two_kinds_of_array_are_refused_with_the_way_out():
    with pytest.raises(ArrayError, match=r"NumPy array and a torch tensor.*to_torch"):
        Variable(np.ones(2)) + Variable(torch.ones(2))


def test_a_wrong_backward_is_named():
    class Wrong(Function):
        def __init__(self, result):
            self.result = result

        def forward(self, x):
            return x * 1

        def backward(self, gy):
            return self.result(gy)

    x = Variable(np.ones(3))
    with pytest.raises(
        ShapeError, match=r"Wrong\.backward gave a gradient of shape \(1, 3\) for an input of shape \(3,\)"
    ):
        Wrong(lambda gy: gy.reshape(1, 3))(x).backward()
    with pytest.raises(GraphError, match=r"Wrong\.backward returned 2 gradients for 1 inputs"):
        Wrong(lambda gy: (gy, gy))(x).backward()
    with pytest.raises(NotImplementedError, match="Function has no forward"):
        Function()(x)


def test_a_function_with_several_outputs():
    class Both(Function):
        def forward(self, x):
            return x * 2, x * 3

        def backward(self, ga, gb):
            return 2 * ga + 3 * gb

    x = Variable(np.array(1.0))
    a, b = Both()(x)
    (a * b).backward()
    assert x.grad.data == 12
    x.cleargrad()
    only, _ = Both()(x)
    del _
    only.backward()
    assert x.grad.data == 2


def test_one_function_may_be_called_twice():
    from glasshouse.autodiff.elementary import Exp

    exp, x = Exp(), Variable(np.array(0.5))
    y = exp(exp(x))
    y.backward()
    assert x.grad.data == pytest.approx(np.exp(0.5) * np.exp(np.exp(0.5)))


def test_backward_on_arrays_of_the_users_own_function():
    class Square(Function):
        def forward(self, x):
            return x**2

        def backward(self, gy):
            (x,) = self.inputs
            return 2 * x.data * gy.data  # arrays, as in the book's first steps

    x = Variable(np.array(3.0))
    Square()(x).backward()
    assert x.grad.data == 6


def test_switches_stay_in_their_block_and_thread():
    seen = {}
    with no_grad(), test_mode():
        worker = threading.Thread(target=lambda: seen.update(there=(Config.enable_backprop, Config.train)))
        worker.start()
        worker.join()
        seen["here"] = (Config.enable_backprop, Config.train)
        with using_config("enable_backprop", True):
            assert Config.enable_backprop
        assert (Variable(np.ones(1)) * 2).creator is None
    assert seen == {"there": (True, True), "here": (False, False)}
    assert (Config.enable_backprop, Config.train) == (True, True)
    with pytest.raises(GraphError, match="using_config"):
        Config.train = False
    with pytest.raises(GraphError, match="no switch 'speed'"), using_config("speed", True):
        pass


def test_a_switch_is_set_back_after_an_error():
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert Config.enable_backprop


def test_a_dropped_result_frees_its_graph_without_the_garbage_collector():
    gc.disable()
    try:
        x = Variable(np.ones(10))
        y = x * 2
        between = weakref.ref(y)
        z = F.sum(y * y)
        z.backward()
        del y
        assert between() is not None
        del z
        assert between() is None
    finally:
        gc.enable()


def test_backward_leaves_only_the_gradients_of_the_leaves():
    x = Variable(np.ones(3))
    y = F.exp(x)
    z = F.sum(y)
    z.backward()
    assert (y.grad, z.grad.data if z.grad else None) == (None, None)


def test_unchain_cuts_the_past():
    x = Variable(np.array(1.0))
    y = x * 2
    z = y * 3
    z.unchain_backward()
    z.backward()
    assert x.grad is None
    y.unchain()
    assert y.creator is None


@pytest.mark.parametrize("products", [500, 8000])
def test_a_wide_graph_is_walked_in_linear_time(products, monkeypatch):
    """Counted, not timed: every Function enters the heap once and is pulled once."""
    pushes, pulls = [], []
    push, pull = core.heapq.heappush, core._pull
    monkeypatch.setattr(core.heapq, "heappush", lambda heap, item: (pushes.append(1), push(heap, item)))
    monkeypatch.setattr(core, "_pull", lambda function, gradients: (pulls.append(1), pull(function, gradients))[1])
    x = Variable(np.array(2.0))
    wide = [x * float(i) for i in range(products)]
    while len(wide) > 1:
        wide = [a + b for a, b in zip(wide[::2], wide[1::2])] + wide[len(wide) // 2 * 2 :]
    wide[0].backward()
    functions = 2 * products - 1
    assert len(pushes) == len(pulls) == functions
    assert x.grad.data == sum(range(products))


def test_a_deep_graph_needs_no_recursion():
    x = y = Variable(np.array(1.0))
    for _ in range(20_000):
        y = y + 1
    y.backward()
    assert x.grad.data == 1


def test_diamonds_are_counted_right():
    x = Variable(np.array(2.0))
    a = x**2
    (a**2 + a**2).backward()
    assert x.grad.data == 64


@pytest.mark.parametrize("function", [F.minimum, F.maximum])
def test_a_number_is_of_the_kind_of_the_arrays(function):
    numbers = torch.tensor([1.0, 5.0])
    expected = getattr(torch, function.__name__)(numbers, torch.tensor(3.0))
    for a, b in ((Variable(numbers), 3), (3.0, Variable(numbers))):
        y = function(a, b)
        assert isinstance(y.data, torch.Tensor)
        assert torch.equal(y.data, expected)
