"""Layers, models, optimisers, randomness, weights: against torch.optim, and on small problems that are learned."""

import numpy as np
import pytest
import torch

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import (
    DataLoader,
    Layer,
    Model,
    Parameter,
    Variable,
    cuda,
    datasets,
    models,
    no_grad,
    optimizers,
    seed,
    test_mode,
    transforms,
)
from glasshouse.autodiff import layers as L
from glasshouse.autodiff.faults import ArrayError, GraphError, ShapeError
from glasshouse.errors import DatasetError, WeightsError

PAIRS = [
    (lambda: optimizers.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    (lambda: optimizers.MomentumSGD(0.1, 0.8), lambda p: torch.optim.SGD(p, 0.1, momentum=0.8)),
    (lambda: optimizers.AdaGrad(0.1, 1e-8), lambda p: torch.optim.Adagrad(p, 0.1, eps=1e-8)),
    (lambda: optimizers.AdaDelta(0.9, 1e-6), lambda p: torch.optim.Adadelta(p, 1.0, rho=0.9, eps=1e-6)),
    (lambda: optimizers.RMSprop(0.01, 0.9, 1e-7), lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.9, eps=1e-7)),
    (lambda: optimizers.Adam(0.01, eps=1e-3, eps_after=True), lambda p: torch.optim.Adam(p, 0.01, eps=1e-3)),
]


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_each_optimiser_walks_as_torchs_does(ours, torchs, make):
    start = np.array([1.0, -2.0, 0.5])
    layer = Layer()
    layer.p = Parameter(make(start))
    q = torch.tensor(start, requires_grad=True)
    optimizer, reference = ours().setup(layer), torchs([q])
    for _ in range(5):
        layer.cleargrads()
        (
            (layer.p**2) * np.array([1.0, 2.0, 3.0]) if make is np.array else layer.p**2 * torch.tensor([1.0, 2.0, 3.0])
        ).sum().backward()
        optimizer.update()
        reference.zero_grad()
        (q**2 * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        reference.step()
    # MomentumSGD keeps v = -lr times torch's buffer: the same walk while lr stays
    np.testing.assert_allclose(np.asarray(layer.p.data), q.detach().numpy(), rtol=1e-6)


def test_adam_and_rmsprop_in_keras_form_differ_only_in_eps():
    g = np.array([0.5, -0.25])
    adam = 0.01 * np.sqrt(1 - 0.999) / (1 - 0.9) * (0.1 * g) / (np.sqrt(0.001 * g * g) + 0.1)
    rmsprop = 0.01 * g / np.sqrt(0.1 * g * g + 0.1)
    for optimizer, step in (
        (optimizers.Adam(0.01, eps=0.1), adam),
        (optimizers.RMSprop(0.01, 0.9, 0.1, eps_inside=True), rmsprop),
    ):
        layer = Layer()
        layer.p = Parameter(np.zeros(2))
        layer.p.grad = Variable(g)
        optimizer.setup(layer).update()
        np.testing.assert_allclose(layer.p.data, -step, rtol=1e-6)


def test_weight_decay_is_torchs():
    layer = Layer()
    layer.p = Parameter(np.array([2.0]))
    layer.p.grad = Variable(np.array([1.0]))
    optimizers.SGD(0.1).setup(layer).add_hook(optimizers.WeightDecay(0.5)).update()
    assert layer.p.data == pytest.approx(2 - 0.1 * (1 + 0.5 * 2))


def test_an_optimiser_without_target_says_so():
    with pytest.raises(GraphError, match=r"setup\(model\)"):
        optimizers.SGD().update()


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_a_small_network_learns_spirals(make):
    data = datasets.Spiral()
    loader = DataLoader(data, 30, seed=0)
    model = models.MLP((20, 3), activation=F.tanh, seed=0)
    optimizer = optimizers.Adam(0.03).setup(model)
    for _ in range(60):
        for x, t in loader:
            loss = F.softmax_cross_entropy(model(make(x)), make(t))
            model.cleargrads()
            loss.backward()
            optimizer.update()
    with test_mode(), no_grad():
        assert float(F.accuracy(model(make(data.data)), make(data.label)).data) > 0.9


def test_numpy_and_torch_arrays_learn_the_same():
    x = np.random.default_rng(0).standard_normal((4, 1, 6, 6)).astype(np.float32)
    losses = []
    for make in (np.asarray, torch.as_tensor):
        with seed(1):
            model = models.Sequential(
                L.Conv2d(3, 3, pad=1),
                L.BatchNorm(),
                F.relu,
                lambda y: F.pooling(y, 2, 2),
                F.flatten,
                F.dropout,
                L.Linear(2),
            )
            optimizer = optimizers.Adam(0.01).setup(model)
            run = []
            for _ in range(5):
                loss = F.softmax_cross_entropy(model(make(x)), [0, 1, 0, 1])
                model.cleargrads()
                loss.backward()
                optimizer.update()
                run.append(float(loss.data))
        losses.append(run)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_a_seed_makes_layers_and_dropout_repeatable_and_nothing_else_does():
    def draw():
        return L.Linear(3, in_size=4).W.data.tobytes(), F.dropout(np.ones(50)).data.tobytes()

    with seed(0):
        first = draw()
    with seed(0):
        again = draw()
    assert first == again
    assert draw() != first
    assert L.Linear(3, in_size=4, seed=5).W.data.tobytes() == L.Linear(3, in_size=4, seed=5).W.data.tobytes()
    lazy = L.Linear(3, seed=5)
    lazy(np.ones((1, 4), np.float32))
    assert lazy.W.data.tobytes() == L.Linear(3, in_size=4, seed=5).W.data.tobytes()


def test_layers_take_the_dtype_and_kind_of_their_first_input():
    for x in (np.ones((1, 4)), np.ones((1, 4), np.float32), torch.ones(1, 4), torch.ones(1, 4, dtype=torch.float64)):
        layer = L.Linear(2)
        assert layer(x).dtype == x.dtype
        assert type(layer.W.data) is type(x)
    assert L.Linear(2, dtype=np.float64, in_size=3).W.dtype == np.float64
    assert L.Linear(2)(np.ones((1, 3), np.int64)).dtype in (np.float32, np.float64)


def test_lists_dicts_shared_and_circular_layers():
    class Odd(Model):
        def __init__(self):
            self.layers = [L.Linear(1)]
            self.layers.append(L.Linear(2))
            self.table = {"a": L.Linear(3)}
            self.twice = self.layers[0]
            self.me = self

    assert [name for name in Odd().named_params() if name.endswith("W")] == ["layers/0/W", "layers/1/W", "table/a/W"]


@pytest.mark.parametrize(
    ("layer", "shape", "out"),
    [
        (lambda: L.Linear(5), (2, 3), (2, 5)),
        (lambda: L.Linear(5, nobias=True), (2, 7, 3), (2, 7, 5)),
        (lambda: L.Conv2d(5, (3, 2), stride=2, pad=1), (2, 3, 6, 6), (2, 5, 3, 4)),
        (lambda: L.Deconv2d(5, 4, 2, 1), (2, 3, 6, 6), (2, 5, 12, 12)),
        (lambda: L.BatchNorm(), (2, 3, 6, 6), (2, 3, 6, 6)),
        (lambda: L.RNN(4), (2, 3), (2, 4)),
        (lambda: L.LSTM(4), (2, 3), (2, 4)),
    ],
)
def test_shapes_and_gradients_of_layers(layer, shape, out):
    layer, x = layer(), Variable(np.random.default_rng(0).standard_normal(shape))
    y = layer(x)
    if hasattr(layer, "reset_state"):
        y = layer(x)  # from the second step on, the state takes part
    assert y.shape == out
    (y * y).sum().backward()
    assert x.grad.shape == shape
    assert all(p.grad is not None for p in layer.params() if p.requires_grad)


def test_running_statistics_are_torchs():
    ours, theirs = L.BatchNorm(decay=0.9, eps=1e-5), torch.nn.BatchNorm2d(3, momentum=0.1).double()
    for i in range(3):
        x = np.random.default_rng(i).standard_normal((4, 3, 2, 2)) * 2 + i
        y, z = ours(x), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.data, z.detach().numpy())
    np.testing.assert_allclose(ours.avg_mean.data, theirs.running_mean)
    np.testing.assert_allclose(ours.avg_var.data, theirs.running_var)


def test_a_file_of_weights_that_does_not_fit_changes_nothing(tmp_path):
    L.Linear(2, in_size=3, nobias=True).save_weights(tmp_path / "w.safetensors")
    other = L.Linear(2, in_size=4, seed=0)
    before = other.W.data.copy()
    with pytest.raises(
        WeightsError, match=r"(?s)does not fit this model.*W has shape \(4, 2\), in the file \(3, 2\).*b is missing"
    ):
        other.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.W.data, before)
    with pytest.raises(WeightsError, match="no file of weights"):
        other.load_weights(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match="can be read safely"):
        other.load_weights(tmp_path / "bad.safetensors")


def test_a_pickle_in_an_npz_is_refused(tmp_path):
    np.savez(tmp_path / "w.npz", W=np.array([{"evil": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(WeightsError, match="read safely"):
        L.Linear(2).load_weights(tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: F.softmax_cross_entropy(np.zeros((2, 3)), [0, 3]), "labels run from 0 to 3"),
        (lambda: F.softmax_cross_entropy(np.zeros((2, 3)), [-1, 1]), "labels run from -1"),
        (lambda: F.softmax_cross_entropy(np.zeros((2, 3)), np.zeros((2, 3))), "one-hot"),
        (lambda: F.matmul(np.zeros((2, 3)), np.zeros((2, 3))), "cannot multiply"),
        (lambda: F.linear(np.zeros((2, 3)), np.zeros((2, 3))), "does not fit weights"),
        (lambda: F.conv2d(np.zeros((1, 2, 5, 5)), np.zeros((1, 3, 3, 3))), "do not fit kernels"),
        (lambda: F.conv2d(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 3, 3))), "does not fit a picture"),
        (lambda: F.pooling(np.zeros((1, 1, 2, 2)), 2, 2, 2), "smaller pad"),
        (lambda: F.pooling(np.zeros((1, 2, 2)), 2), r"expected pictures \(N, C, H, W\)"),
        (lambda: F.im2col(np.zeros((1, 1, 4, 4)), 2, stride=0), "start at 1"),
        (lambda: F.im2col(np.zeros((1, 1, 4, 4)), "3"), "whole number or two"),
        (lambda: F.deconv2d(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 2, 2)), outsize=9), "another outsize"),
        (lambda: F.deconv2d(np.zeros((1, 2, 2, 2)), np.zeros((1, 1, 2, 2))), "do not fit kernels"),
        (lambda: F.sum_to(np.zeros((2, 3)), (2, 2)), "cannot sum"),
        (lambda: F.dropout(np.zeros(3), 1.0), "below 1"),
        (lambda: F.batch_norm(np.zeros((2, 3, 4)), 1.0, 0.0, np.zeros(3), np.ones(3)), r"expected x \(N, C\)"),
    ],
)
def test_what_does_not_fit_is_told(call, words):
    with pytest.raises(ShapeError, match=words):
        call()


def test_other_errors_are_told(tmp_path):
    with pytest.raises(NotImplementedError, match="Layer has no forward"):
        Layer()(1)
    with pytest.raises(NotImplementedError, match="no update_one"):
        optimizers.Optimizer().update_one(Parameter(np.ones(1)))
    with pytest.raises(GraphError, match="holds no numbers"):
        Parameter(None) * 2
    with pytest.raises(ArrayError, match="expected an array or a number"):
        F.sin("x")
    with pytest.raises(DatasetError, match="nothing is downloaded"):
        datasets.MNIST(root=tmp_path)
    with pytest.raises(DatasetError, match="DataLoader"):
        datasets.Spiral()[[1, 2]]
    with pytest.raises(IndexError, match="index 300 is out of range for 300 samples"):
        datasets.Spiral()[300]


def test_data_of_the_book(tmp_path):
    import gzip

    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + bytes(range(256)) * 49))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + bytes(range(16))))
    change = transforms.Compose([transforms.Flatten(), transforms.ToFloat(), transforms.Normalize(0.0, 255.0)])
    for train in (True, False):
        data = datasets.MNIST(train, transform=change, root=tmp_path)
        assert (len(data), data[3][0].shape, data[3][1]) == (16, (784,), 3)
    x, t = next(iter(DataLoader(data, 4, shuffle=False)))
    assert (x.shape, x.dtype, t.tolist()) == ((4, 784), np.float32, [0, 1, 2, 3])


def test_a_sequence_is_read_side_by_side():
    from glasshouse.autodiff import SeqDataLoader

    loader = SeqDataLoader(datasets.SinCurve(), batch_size=3)
    x, t = next(iter(loader))
    assert (len(loader), x.shape) == (333, (3, 1))
    np.testing.assert_array_equal(x[1], datasets.SinCurve()[333][0])
    assert not np.array_equal(x, t)


def test_where_arrays_lie():
    layer = L.Linear(2, in_size=3)
    F.sum(layer(np.ones((1, 3), np.float32))).backward()
    layer.to_torch()
    assert isinstance(layer.W.data, torch.Tensor)
    assert isinstance(layer.W.grad.data, torch.Tensor)
    layer.to_cpu()
    assert isinstance(layer.W.data, np.ndarray)
    assert cuda.get_array_module(Variable(np.ones(1))) is np
    assert cuda.get_array_module(torch.ones(1)) is torch
    assert cuda.as_numpy(torch.ones(2)).tolist() == [1, 1]
    assert isinstance(cuda.gpu_enable, bool)
    if not cuda.gpu_enable:
        with pytest.raises(GraphError, match="no graphics card"):
            layer.to_gpu()
