"""docs/from-the-book.md, "What differs, and why": what each row says is done here."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import glasshouse.dezero as dezero
import glasshouse.dezero.functions as F
import glasshouse.dezero.layers as L
from glasshouse.autodiff import seed
from glasshouse.autodiff.faults import ArrayError, GraphError
from glasshouse.dezero import Model, Variable, optimizers
from glasshouse.dezero.core_simple import Variable as SimpleVariable
from glasshouse.dezero.models import MLP
from glasshouse.dezero.utils import plot_dot_graph
from page_rows import left_cells


def float32_stays(_: Path) -> None:
    x = Variable(np.ones(3, np.float32))
    y = F.sum((x * 2.0 + 1) / 3)
    y.backward()
    assert y.dtype == np.float32 and x.grad.dtype == np.float32


def torch_tensors(_: Path) -> None:
    x = Variable(torch.full((3,), 2.0))
    y = F.sum(x**2)
    y.backward()
    assert isinstance(x.grad.data, torch.Tensor) and x.grad.data.tolist() == [4, 4, 4] and not y.data.requires_grad


def switched_in_a_block(_: Path) -> None:
    with dezero.using_config("train", False):
        assert not dezero.Config.train
    with dezero.test_mode():
        assert not dezero.Config.train
    with pytest.raises(GraphError, match=r"Config\.train is read only"):
        dezero.Config.train = False  # type: ignore[misc]
    assert dezero.Config.train


def seeded(_: Path) -> None:
    x = Variable(np.ones(50))
    same = [F.dropout(x, 0.5, seed=3).data for _ in range(2)]
    np.testing.assert_array_equal(*same)
    drawn = []
    for _again in range(2):
        with seed(7):
            drawn.append(F.dropout(x, 0.5).data)
    np.testing.assert_array_equal(*drawn)
    assert not np.array_equal(F.dropout(x, 0.5).data, F.dropout(x, 0.5).data)


def a_product_for_each_matrix(_: Path) -> None:
    a, b = (np.random.default_rng(n).random(shape) for n, shape in enumerate(((2, 3, 4), (2, 4, 5))))
    np.testing.assert_allclose(F.matmul(Variable(a), Variable(b)).data, a @ b)


def ties_share(_: Path) -> None:
    x = Variable(np.array([1.0, 1.0]))
    F.max(x).backward()
    assert x.grad.data.tolist() == [0.5, 0.5]


def padding_never_wins(_: Path) -> None:
    assert F.pooling(Variable(-np.ones((1, 1, 2, 2))), 2, 2, 1).data.max() == -1


def batch_norm_backward(_: Path) -> None:
    layer, x = L.BatchNorm(), Variable(np.random.default_rng(0).normal(size=(4, 3)))
    layer(x)
    with dezero.test_mode():
        F.sum(layer(x) ** 2).backward()
    assert np.abs(x.grad.data).max() > 0
    x.cleargrad()
    F.sum(layer(x) ** 3).backward(create_graph=True)
    first = x.grad
    x.cleargrad()
    F.sum(first**2).backward()
    t = torch.tensor(x.data, requires_grad=True)
    norm = torch.nn.functional.batch_norm(t, None, None, training=True, eps=2e-5)
    (g,) = torch.autograd.grad((norm**3).sum(), t, create_graph=True)
    (expected,) = torch.autograd.grad((g**2).sum(), t)
    np.testing.assert_allclose(x.grad.data, expected.numpy(), rtol=1e-5, atol=1e-7)


class Listed(Model):
    def __init__(self) -> None:
        super().__init__()
        self.second, self.first = L.Linear(2, in_size=3), L.Linear(3, in_size=4)
        self.more = [L.Linear(1, in_size=2)]


def the_order_of_attributes(_: Path) -> None:
    assert [p.shape for p in Listed().params()] == [(3, 2), (2,), (4, 3), (3,), (2, 1), (1,)]


def saved(folder: Path) -> None:
    model = MLP((3, 2), seed=0)
    with pytest.raises(GraphError, match="cannot be saved before its first use"):
        model.save_weights(str(folder / "early.npz"))
    y = model(np.ones((1, 4)))
    for name in ("my.npz", "my.weights"):
        model.save_weights(str(folder / name))
        other = MLP((3, 2), seed=1)
        other(np.ones((1, 4)))
        other.load_weights(str(folder / name))
        np.testing.assert_array_equal(other(np.ones((1, 4))).data, y.data)
    assert (folder / "my.npz").read_bytes()[:2] == b"PK"


def a_state_goes_on(folder: Path) -> None:
    model = MLP((3, 2), seed=0)
    optimizer = optimizers.Adam().setup(model)

    def step() -> None:
        model.cleargrads()
        F.sum(model(np.ones((1, 4))) ** 2).backward()
        optimizer.update()

    step()
    optimizer.save_state(folder / "state")
    kept = [p.data.copy() for p in model.params()]
    step()
    after = [p.data.copy() for p in model.params()]
    for p, data in zip(model.params(), kept):
        p.data = data
    optimizer = optimizers.Adam().setup(model)
    optimizer.load_state(folder / "state")
    step()
    for p, data in zip(model.params(), after, strict=True):
        np.testing.assert_array_equal(p.data, data)


def drawn_without_graphviz(folder: Path) -> None:
    x = Variable(np.array(1.0), name="x")
    assert plot_dot_graph(x * 2, to_file=str(folder / "y.png")) is not None
    assert (folder / "y.svg").read_text(encoding="utf-8").startswith("<svg") and not (folder / "y.png").exists()


def labels_are_checked(_: Path) -> None:
    with pytest.raises(ValueError, match=r"3"):
        F.softmax_cross_entropy(Variable(np.zeros((2, 3))), np.array([0, 3]))


def a_constant(_: Path) -> None:
    raw, x = np.ones(2), Variable(np.ones(2))
    F.sum(raw * x).backward()
    assert x.grad.data.tolist() == [1, 1] and not hasattr(raw, "grad")


def no_shared_memory(_: Path) -> None:
    u, v = Variable(np.ones(2)), Variable(np.ones(2))
    F.sum(u + v).backward()
    u.grad.data[0] = 5
    assert v.grad.data.tolist() == [1, 1]


def no_numpy_function(_: Path) -> None:
    with pytest.raises(ArrayError, match=r"write F\.sin\(x\)"):
        np.sin(Variable(np.ones(2)))


def descent(_: Path) -> None:
    x, simple = Variable(np.array([1.0])), SimpleVariable(np.array([1.0]))
    for one in (x, simple):
        (one**2).backward()
    with pytest.raises(ArrayError, match=r"write x\.data -= lr \* x\.grad\.data"):
        x.data -= 0.1 * x.grad
    simple.data -= 0.1 * simple.grad
    assert simple.data.tolist() == [0.8]


ROWS: list[tuple[str, Callable[[Path], None]]] = [
    ("`x * 2.0` turns float32 into float64", float32_stays),
    ("CuPy arrays", torch_tensors),
    ("`Config.train = False`", switched_in_a_block),
    ("the global NumPy generator", seeded),
    ("`matmul` of three axes", a_product_for_each_matrix),
    ("ties in `F.max`", ties_share),
    ("max pooling pads with 0", padding_never_wins),
    ("batch norm cannot go backward in `test_mode`", batch_norm_backward),
    ("the order of `params()`", the_order_of_attributes),
    ('`save_weights("my.npz")`', saved),
    ("an optimiser's state is lost", a_state_goes_on),
    ('`plot_dot_graph(y, to_file="y.png")` runs Graphviz', drawn_without_graphviz),
    ("`F.softmax_cross_entropy` with a wrong label", labels_are_checked),
    ("a raw array in an expression", a_constant),
    ("gradients that share memory", no_shared_memory),
    ("`np.sin(x)` on a Variable", no_numpy_function),
    ("`x.data -= lr * x.grad`", descent),
]


@pytest.mark.parametrize(("row", "check"), ROWS, ids=[check.__name__ for _, check in ROWS])
def test_a_row_says_what_is_done(row: str, check: Callable[[Path], None], tmp_path: Path) -> None:
    check(tmp_path)


def test_every_row_of_the_page_is_above_in_both_languages() -> None:
    page = left_cells("from-the-book.md")
    assert [cell.startswith(row) for cell, (row, _) in zip(page, ROWS, strict=True)] == [True] * len(ROWS)
    assert len(left_cells("from-the-book.ko.md")) == len(ROWS)
