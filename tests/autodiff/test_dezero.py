"""`glasshouse.dezero`: the book's imports with ``glasshouse.`` in front; programs written anew in the book's manner."""

import gzip
import importlib
from pathlib import Path

import numpy as np
import pytest

import glasshouse.dezero as dezero
import glasshouse.dezero.functions as F
import glasshouse.dezero.layers as L
from glasshouse import autodiff
from glasshouse.autodiff.faults import ArrayError
from glasshouse.dezero import DataLoader, Variable, optimizers
from glasshouse.dezero.core_simple import Variable as SimpleVariable
from glasshouse.dezero.core_simple import setup_variable
from glasshouse.dezero.models import MLP
from glasshouse.dezero.utils import plot_dot_graph

MODULES = ("core", "core_simple", "cuda", "dataloaders", "datasets", "functions", "functions_conv", "layers", "models",
           "optimizers", "transforms", "utils")  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_every_name_of_a_module_is_there_and_is_the_engines_own(name: str) -> None:
    module = importlib.import_module(f"glasshouse.dezero.{name}")
    for word in module.__all__:
        found = getattr(module, word)
        if name != "core_simple" and word != "setup_variable":
            assert found.__module__.startswith("glasshouse.autodiff"), word


def test_the_names_above_are_the_same_objects() -> None:
    assert dezero.Variable is autodiff.Variable
    assert dezero.DataLoader is autodiff.DataLoader
    assert F.conv2d_simple is autodiff.functions.conv2d
    assert L.Linear is autodiff.layers.Linear
    assert plot_dot_graph is autodiff.utils.plot_dot_graph
    assert dezero.cuda.gpu_enable in (True, False)
    assert not dezero.is_simple_core


def test_descent_with_the_simple_core() -> None:
    setup_variable()
    x0, x1 = SimpleVariable(np.array(0.0)), SimpleVariable(np.array(2.0))
    for _ in range(999):
        y = 100 * (x1 - x0**2) ** 2 + (x0 - 1) ** 2
        x0.cleargrad()
        x1.cleargrad()
        y.backward()
        assert isinstance(x0.grad, np.ndarray)
        x0.data -= 0.001 * x0.grad
        x1.data -= 0.001 * x1.grad
    np.testing.assert_allclose([x0.data, x1.data], [0.6834917840420289, 0.46565059996514135])


def test_gradients_of_the_simple_core_add_up_and_share_no_memory() -> None:
    a, b = SimpleVariable(np.ones(2)), SimpleVariable(np.ones(2))
    for _ in range(2):
        (a + b).backward()
    np.testing.assert_array_equal(a.grad, [2, 2])
    a.grad[0] = 5
    np.testing.assert_array_equal(b.grad, [2, 2])


def test_an_array_is_not_changed_in_place_by_a_gradient() -> None:
    x = Variable(np.array([1.0, 2.0]))
    (x**2).sum().backward()
    with pytest.raises(ArrayError, match=r"write x\.data -= lr \* x\.grad\.data"):
        x.data -= 0.1 * x.grad
    x.data -= 0.1 * x.grad.data
    np.testing.assert_allclose(x.data, [0.8, 1.6])


def test_functions_of_numpy_say_which_function_keeps_the_graph() -> None:
    x = Variable(np.array([1.0, 2.0]))
    for call in (np.sin, np.exp, np.tanh, np.negative):
        ours = {"negative": "neg"}.get(call.__name__, call.__name__)
        with pytest.raises(ArrayError, match=rf"write F\.{ours}\(x\)"):
            call(x)
    with pytest.raises(ArrayError, match=r"np\.arctan would lose the graph.*write a Function"):
        np.arctan(x)
    with pytest.raises(ArrayError, match="would lose the graph"):
        np.add.reduce(x)


def test_an_array_on_the_left_still_leaves_the_operation_to_the_variable() -> None:
    a, x = np.array([3.0, 4.0]), Variable(np.array([1.0, 2.0]))
    W = Variable(np.eye(2))
    cases = [(a + x, [4, 6]), (a - x, [2, 2]), (a * x, [3, 8]), (a / x, [3, 2]), (a**x, [3, 16]), (a @ W, [3, 4])]
    for y, expected in cases:
        assert isinstance(y, Variable)
        np.testing.assert_allclose(y.data, expected)
        y.backward()
    np.testing.assert_array_equal(a > x, [True, True])
    np.testing.assert_array_equal(a <= x, [False, False])
    assert isinstance(np.float64(2) * x, Variable)
    np.testing.assert_allclose((np.float32(2) - x).data, [1, 0])


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + bytes(range(256)) * 49))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + bytes(range(16))))
    return tmp_path


def test_mnist_gives_rows_from_0_to_1_as_the_book_expects(digits: Path) -> None:
    train_set = dezero.datasets.MNIST(train=True, root=digits)
    x, t = train_set[0]
    assert (x.shape, x.dtype, int(t)) == ((784,), np.float32, 0)
    assert x.max() == 1
    assert train_set.data.shape == (16, 1, 28, 28)
    assert dezero.datasets.MNIST(transform=None, root=digits)[0][0].dtype == np.uint8
    assert train_set.labels()[7] == "7"
    assert train_set.show(2, 3, seed=0).size == (84, 56)
    loader = DataLoader(train_set, 5, seed=0)
    assert loader.max_iter == 4
    model = MLP((8, 16), seed=0)
    optimizer = optimizers.SGD().setup(model)
    for x, t in loader:
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()
    assert np.isfinite(float(loss.data))
