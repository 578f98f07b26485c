"""Programs in the manner of the book's chapters, with only the imports changed; written anew for these tests."""

import numpy as np

import glasshouse.autodiff as dezero
import glasshouse.autodiff.functions as F
import glasshouse.autodiff.layers as L
from glasshouse.autodiff import Layer, Model, SeqDataLoader, Variable, optimizers
from glasshouse.autodiff.models import MLP
from glasshouse.autodiff.utils import gradient_check, plot_dot_graph


def test_higher_derivatives_of_tanh_are_drawn(tmp_path):
    x = Variable(np.array(1.0), name="x")
    y = F.tanh(x)
    y.name = "y"
    y.backward(create_graph=True)
    for _ in range(2):
        gx = x.grad
        x.cleargrad()
        gx.backward(create_graph=True)
    t = np.tanh(1.0)
    np.testing.assert_allclose(x.grad.data, (1 - t**2) * (6 * t**2 - 2))
    plot_dot_graph(x.grad, verbose=False, to_file=str(tmp_path / "tanh.png"))
    assert (tmp_path / "tanh.svg").stat().st_size > 1000


def test_a_bare_layer_as_a_model():
    model = Layer()
    model.l1 = L.Linear(5)
    model.l2 = L.Linear(3)
    y = model.l2(F.sigmoid(model.l1(np.ones((2, 4)))))
    y.backward()
    assert [p.name for p in model.params()] == ["W", "b", "W", "b"]
    assert all(p.grad is not None for p in model.params())
    model.cleargrads()
    assert all(p.grad is None for p in model.params())


def test_a_regression_line():
    rng = np.random.default_rng(0)
    x = rng.random((100, 1))
    y = 5 + 2 * x + 0.01 * rng.random((100, 1))
    x, y = Variable(x), Variable(y)
    W, b = Variable(np.zeros((1, 1))), Variable(np.zeros(1))
    for _ in range(300):
        loss = F.mean_squared_error(y, F.matmul(x, W) + b)
        W.cleargrad()
        b.cleargrad()
        loss.backward()
        W.data -= 0.5 * W.grad.data
        b.data -= 0.5 * b.grad.data
    np.testing.assert_allclose([W.data.item(), b.data.item()], [2, 5], atol=0.05)


def test_hooks_and_super_init():
    class Net(Model):
        def __init__(self, hidden_size, out_size):
            super().__init__()
            self.l1 = L.Linear(hidden_size, seed=0)
            self.l2 = L.Linear(out_size, seed=1)

        def forward(self, x):
            return self.l2(F.dropout(F.relu(self.l1(x)), 0.1, seed=0))

    model = Net(8, 1)
    optimizer = optimizers.MomentumSGD(0.1).setup(model)
    optimizer.add_hook(optimizers.WeightDecay(1e-4))
    optimizer.add_hook(optimizers.ClipGrad(1.0))
    x = np.linspace(0, 1, 20).reshape(-1, 1)
    for _ in range(200):
        loss = F.mean_squared_error(model(x), x**2)
        model.cleargrads()
        loss.backward()
        optimizer.update()
    assert loss.data < 0.05
    with dezero.test_mode():
        y = F.dropout(np.ones(3))
    assert y.data.tolist() == [1, 1, 1]


def test_a_recurrent_network_with_truncated_backpropagation():
    class SimpleRNN(Model):
        def __init__(self):
            super().__init__()
            self.rnn = L.LSTM(16, seed=0)
            self.fc = L.Linear(1, seed=1)

        def reset_state(self):
            self.rnn.reset_state()

        def forward(self, x):
            return self.fc(self.rnn(x))

    model, loader = SimpleRNN(), SeqDataLoader(dezero.datasets.SinCurve(train=True), batch_size=30)
    optimizer, losses = optimizers.Adam(0.01).setup(model), []
    for _ in range(5):
        model.reset_state()
        loss, total = 0, 0.0
        for count, (x, t) in enumerate(loader, 1):
            loss += F.mean_squared_error(model(x), t)
            if count % 11 == 0:
                model.cleargrads()
                loss.backward()
                loss.unchain_backward()
                optimizer.update()
                total += float(loss.data)
                loss = 0
        losses.append(total)
    assert losses[-1] < losses[0] / 3


def test_gradient_check_with_arguments():
    rng = np.random.default_rng(0)
    assert gradient_check(F.sum, rng.random((3, 4)), axis=1, keepdims=True)
    assert gradient_check(F.sum_to, rng.random((3, 4)), (1, 4))
    assert gradient_check(lambda x: F.softmax_cross_entropy(x, np.array([0, 1])), rng.random((2, 3)))
    assert not gradient_check(lambda x: F.sin(x) * Variable(x.data), rng.random(3))  # part of the way is hidden


def test_a_model_is_saved_and_read_again(tmp_path):
    model, x = MLP((5, 2)), np.ones((1, 3), np.float32)
    y = model(x)
    path = str(tmp_path / "my_mlp.npz")
    model.save_weights(path)
    again = MLP((5, 2))
    again.load_weights(path)
    np.testing.assert_array_equal(again(x).data, y.data)
