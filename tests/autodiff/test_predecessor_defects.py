"""The faults that users of the book's library met; each was seen there, and must not be here (predecessors, 1.6)."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import Layer, Model, Parameter, Variable, grad, optimizers, test_mode
from glasshouse.autodiff import layers as L
from glasshouse.autodiff.faults import GraphError
from glasshouse.autodiff.gradcheck import check_gradients

RNG = np.random.default_rng(0)


class Net(Model):
    def __init__(self):
        self.conv, self.norm, self.out = L.Conv2d(4, 3, pad=1, seed=0), L.BatchNorm(), L.Linear(3, seed=1)

    def forward(self, x):
        x = F.pooling(F.relu(self.norm(self.conv(x))), 2, 2)
        return self.out(F.dropout(F.flatten(x), 0.5, seed=2))


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_1_float32_stays_float32_through_a_whole_step(make):
    x = RNG.standard_normal((4, 1, 6, 6)).astype(np.float32)
    model = Net()
    optimizer = optimizers.Adam().setup(model)
    loss = F.softmax_cross_entropy(model(make(x)), [0, 1, 2, 0])
    loss.backward()
    optimizer.update()
    assert "float32" in str(loss.dtype)
    for p in model.params():
        assert "float32" in str(p.dtype)
        assert p.grad is None or "float32" in str(p.grad.dtype)
    assert all("float32" in str(a.dtype) for memory in optimizer.memory.values() for a in memory.values())


def test_2_second_order_through_the_weights_of_a_convolution():
    x = RNG.standard_normal((2, 2, 5, 5))
    check_gradients(lambda W: F.tanh(F.conv2d(x, W, pad=1)).sum(), RNG.standard_normal((3, 2, 3, 3)))


def test_3_second_order_through_batch_norm():
    u, stats = RNG.standard_normal((5, 2)), (np.zeros(2), np.ones(2))

    def f(x, gamma, beta):
        return (F.batch_norm(x, gamma, beta, *stats) ** 3 * u).sum()

    check_gradients(f, RNG.standard_normal((5, 2)), np.array([1.5, 0.5]), np.array([0.1, -0.2]))


def test_4_batch_norm_backward_with_frozen_statistics():
    layer, x = L.BatchNorm(), RNG.standard_normal((8, 3)) * 2 + 1
    for _ in range(3):
        layer(x)
    mean = layer.avg_mean.data.copy()
    inputs = Variable(x)
    with test_mode():
        layer(inputs).sum().backward()
    expected = layer.gamma.data / np.sqrt(layer.avg_var.data + layer.eps)
    np.testing.assert_allclose(inputs.grad.data, np.broadcast_to(expected, x.shape))
    np.testing.assert_array_equal(layer.avg_mean.data, mean)


def test_5_frozen_parameters_are_not_moved():
    model = Net()
    x = RNG.standard_normal((2, 1, 4, 4)).astype(np.float32)
    optimizer = optimizers.MomentumSGD().setup(model).add_hook(optimizers.FreezeParam(model.conv))
    optimizer.add_hook(optimizers.WeightDecay(0.1))
    model(x).sum().backward()
    before = {name: p.data.copy() for name, p in model.named_params().items()}
    optimizer.update()
    moved = {name for name, p in model.named_params().items() if not np.array_equal(p.data, before[name])}
    assert not any(name.startswith("conv/") for name in moved)
    assert "out/W" in moved


def test_5_a_frozen_layer_gets_no_gradient_at_all():
    model = Net()
    x = RNG.standard_normal((2, 1, 4, 4)).astype(np.float32)
    model(x)
    model.conv.freeze()
    model(x).sum().backward()
    assert model.conv.W.grad is None
    assert model.out.W.grad is not None


@pytest.mark.parametrize("hook", [optimizers.WeightDecay(0.1), optimizers.ClipGrad(0.5)])
@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_6_hooks_on_gradients_that_are_views(hook, make):
    layer = Layer()
    layer.u, layer.v = Parameter(make(np.ones(3))), Parameter(make(np.ones(3)))
    F.sum(layer.u + layer.v).backward()  # the gradients of u and v are the same read-only view of one number
    optimizers.SGD(lr=1.0).setup(layer).add_hook(hook).update()
    expected = 1 - 1.1 if isinstance(hook, optimizers.WeightDecay) else 1 - 0.5 / np.sqrt(6)
    np.testing.assert_allclose(layer.u.data, np.full(3, expected), rtol=1e-5)
    np.testing.assert_allclose(layer.v.data, np.full(3, expected), rtol=1e-5)


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_6_a_hook_of_the_users_own_may_write_in_place(make):
    layer = Layer()
    layer.u, layer.v = Parameter(make(np.ones(3))), Parameter(make(np.ones(3)))

    def double(params):
        for p in params:
            p.grad.data *= 2

    F.sum(layer.u + layer.v).backward()
    optimizers.SGD(lr=1.0).setup(layer).add_hook(double).update()
    assert layer.u.data.tolist() == layer.v.data.tolist() == [-1, -1, -1]


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_6_changing_one_gradient_in_place_changes_no_other(make):
    u, v = Variable(make(np.ones(2))), Variable(make(np.ones(2)))
    y = u + v
    y.backward(retain_grad=True)
    u.grad.data += 1
    assert (u.grad.data.tolist(), v.grad.data.tolist(), y.grad.data.tolist()) == ([2, 2], [1, 1], [1, 1])


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_7_average_pooling_with_a_kernel_that_is_not_square(make):
    x = Variable(make(np.arange(24.0).reshape(1, 1, 4, 6)))
    y = F.average_pooling(x, (2, 3), (2, 3))
    y.sum().backward()
    assert y.data.tolist() == [[[[4.0, 7.0], [16.0, 19.0]]]]
    np.testing.assert_allclose(x.grad.data, np.full((1, 1, 4, 6), 1 / 6))


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_8_padding_never_wins_in_max_pooling(make):
    y = F.pooling(make(-np.ones((1, 1, 3, 3))), 3, 1, 1)
    assert y.data.max() == -1


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_9_ties_share_the_gradient_of_max_and_the_first_wins_in_pooling(make):
    x = Variable(make(np.array([1.0, 1.0, 0.0])))
    F.max(x).backward()
    assert x.grad.data.tolist() == [0.5, 0.5, 0]
    x = Variable(make(np.ones((1, 1, 2, 2))))
    F.pooling(x, 2, 2).sum().backward()
    assert x.grad.data.tolist() == [[[[1, 0], [0, 0]]]]


def test_10_saving_before_the_first_use_is_refused_with_the_names(tmp_path):
    with pytest.raises(GraphError, match=r"Net cannot be saved before its first use: conv/W, conv/b.*in_size"):
        Net().save_weights(tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())
    L.Linear(2, in_size=3).save_weights(tmp_path / "linear.safetensors")


@pytest.mark.parametrize("name", ["net.safetensors", "net.npz"])
def test_10_weights_come_back_and_the_model_stays_where_it_is(tmp_path, name):
    x = torch.rand(2, 1, 4, 4)
    model, again = Net(), Net()
    with test_mode():
        y = model(x)
        model.save_weights(tmp_path / name)
        assert isinstance(model.conv.W.data, torch.Tensor)
        again.load_weights(tmp_path / name)
        again.to_torch()
        np.testing.assert_array_equal(again(x).data, y.data)


@pytest.mark.parametrize("make", [optimizers.Adam, optimizers.MomentumSGD, optimizers.AdaDelta, optimizers.SGD])
def test_10_the_state_of_an_optimiser_is_saved_by_name(tmp_path, make):
    x, t = RNG.standard_normal((4, 3)).astype(np.float32), [0, 1, 0, 1]

    def step(model, optimizer):
        model.cleargrads()
        F.softmax_cross_entropy(model(x), t).backward()
        optimizer.update()

    model = L.Linear(2, in_size=3, seed=0)
    optimizer = make().setup(model)
    for _ in range(3):
        step(model, optimizer)
    model.save_weights(tmp_path / "w.safetensors")
    optimizer.save_state(tmp_path / "o.safetensors")
    again = L.Linear(2)
    again.load_weights(tmp_path / "w.safetensors")
    resumed = make().setup(again)
    resumed.load_state(tmp_path / "o.safetensors")
    for _ in range(3):
        step(model, optimizer)
        step(again, resumed)
    np.testing.assert_array_equal(model.W.data, again.W.data)


ORDER = """
from glasshouse.autodiff import layers as L, Model
class M(Model):
    def __init__(self):
        self.b, self.a, self.z = L.Linear(2), [L.Linear(3), L.BatchNorm()], L.Conv2d(4, 3)
print(list(M().named_params()))
"""


def test_11_the_order_of_parameters_is_the_same_in_every_process():
    command = [sys.executable, "-c", ORDER]
    runs = [subprocess.run(command, env={"PYTHONHASHSEED": s}, capture_output=True, check=True) for s in "12"]
    (names,) = {run.stdout for run in runs}
    in_norm = [f"a/1/{name}" for name in ("avg_mean", "avg_var", "gamma", "beta")]
    assert eval(names) == ["b/W", "b/b", "a/0/W", "a/0/b", *in_norm, "z/W", "z/b"]


def test_12_matmul_of_batches():
    a, b = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((2, 4, 5))
    y = F.matmul(a, b)
    assert y.shape == (2, 3, 5)
    np.testing.assert_allclose(y.data, np.einsum("nij,njk->nik", a, b))


def test_13_a_drawing_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr("os.system", None)
    from glasshouse.autodiff.utils import plot_dot_graph

    name = tmp_path / "a name; touch oops.svg"
    plot_dot_graph(Variable(np.ones(1)) * 2, to_file=name)
    assert [p.name for p in tmp_path.iterdir()] == ["a name; touch oops.svg"]


def test_14_the_loader_can_be_walked_twice_at_once_and_keeps_the_global_generator():
    from glasshouse.autodiff import DataLoader, datasets

    data, state = datasets.Spiral(), str(np.random.get_state())
    loader = DataLoader(data, 64, seed=0, drop_last=True)
    pairs = [(a.shape, b.shape) for (a, _), (b, _) in zip(loader, loader)]
    assert pairs == [((64, 2), (64, 2))] * 4
    assert str(np.random.get_state()) == state
    first, second = ([x.tobytes() for x, _ in loader] for _ in range(2))
    again = DataLoader(data, 64, seed=0, drop_last=True)
    for _ in range(2):
        list(again)
    assert first == [x.tobytes() for x, _ in again]
    assert first != second


def test_gradients_pass_through_an_input_that_is_used_again():
    """The graph of a gradient reaches back to the Variables themselves, not to copies of them."""
    x, W = Variable(RNG.standard_normal((1, 1, 4, 4))), Variable(RNG.standard_normal((1, 1, 3, 3)))
    (gW,) = grad(F.conv2d(x, W).sum() ** 2, [W], create_graph=True)
    assert all(g is not None for g in grad((gW**2).sum(), [x, W]))
