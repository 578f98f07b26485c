"""Optimizers, losses, first weights and whole trainings, against the stored numbers of Keras."""

import math
import warnings
from typing import Any

import keras_numbers as keras
import layer_cases as cases
import numpy as np
import pytest
import torch

import glasshouse.layers as layers
from glasshouse.layers import LAYERS, Loss, Network
from glasshouse.layers.initializers import INITIALIZERS, draw


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_five_steps_of_an_optimizer_are_keras(name: str) -> None:
    kind, settings = cases.OPTIMIZERS[name]
    rng = keras.generator(name)
    made = getattr(layers, kind)(**settings)
    ps = [torch.from_numpy(w) for w in cases.arrays(rng, [(3, 4), (4,)])]
    kept = [list(part) for part in zip(*[made.start(p) for p in ps])]
    for t in range(1, 6):
        made.move(ps, [torch.from_numpy(g) for g in cases.arrays(rng, [(3, 4), (4,)])], kept, t)
    for i, p in enumerate(ps):
        np.testing.assert_allclose(p.numpy(), keras.stored(f"optimizer/{name}/{i}"), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", cases.LOSSES)
def test_a_loss_and_its_gradient_are_keras(name: str) -> None:
    word, activation, settings = cases.LOSSES[name]
    rng = keras.generator(name)
    scores = torch.from_numpy(cases.arrays(rng, [(6, 3)])[0]).requires_grad_()
    labels = rng.integers(0, 3, 6)
    loss = Loss(word, **settings)
    y = torch.from_numpy(labels) if loss.sparse else torch.tensor(cases.one_hot(labels, 3))
    bare = activation is not None and loss.bare_of == activation
    p = {"softmax": torch.softmax(scores, -1), "sigmoid": torch.sigmoid(scores), None: scores}[activation]
    values = [loss.mean(y, p, False), *([loss.mean(y, scores, True)] if bare else [])]
    for value in values:
        scores.grad = None
        value.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        assert value.item() == pytest.approx(float(keras.stored(f"loss/{name}/value")), rel=1e-5)
        assert scores.grad is not None
        np.testing.assert_allclose(scores.grad.numpy(), keras.stored(f"loss/{name}/gradient"), rtol=1e-4, atol=1e-6)


def test_softmax_far_out_keeps_its_gradient() -> None:
    scores = torch.tensor([[200.0, 0.0]], requires_grad=True)
    loss = Loss("sparse_categorical_crossentropy").mean(torch.tensor([1]), scores, True)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 200
    assert scores.grad is not None
    assert scores.grad.tolist() == [[1, -1]]


@pytest.mark.parametrize("word", cases.INITIALIZERS)
def test_first_weights_are_spread_as_in_keras(word: str) -> None:
    values = draw(word, (3, 3, 64, 128), seed=1, name="kernel")
    mean, deviation, low, high = map(float, keras.stored(f"initializer/{word}"))
    assert values.dtype == np.float32
    assert float(values.mean()) == pytest.approx(mean, abs=max(deviation * 0.02, 1e-6))
    assert float(values.std()) == pytest.approx(deviation, rel=0.02, abs=1e-6)
    if word != "random_normal":  # the others have bounds
        assert float(values.min()) == pytest.approx(low, rel=0.02)
        assert float(values.max()) == pytest.approx(high, rel=0.02)


def test_first_weights_are_a_function_of_seed_and_name() -> None:
    a = draw("he_normal", (4, 3), seed=1, name="dense/kernel")
    assert (a == draw("he_normal", (4, 3), seed=1, name="dense/kernel")).all()
    assert not np.allclose(a, draw("he_normal", (4, 3), seed=2, name="dense/kernel"))
    assert not np.allclose(a, draw("he_normal", (4, 3), seed=1, name="dense_1/kernel"))
    assert np.abs(draw("glorot_uniform", (300, 100), seed=0, name="k")).max() <= math.sqrt(6 / 400)
    q = draw("orthogonal", (5, 3), seed=0, name="k")
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-6)
    assert set(cases.INITIALIZERS) < set(INITIALIZERS)


def curve_network(layers: Any = cases.CURVE) -> Network:
    return Network([LAYERS[kind](**settings) for kind, settings in layers], input_shape=cases.CURVE_SHAPE)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam", "penalized"])
def test_a_training_has_the_curve_of_keras(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    word, layers = ("sgd", cases.PENALIZED) if name == "penalized" else (name, cases.CURVE)
    rng = keras.generator("curve")
    x, y = cases.curve_data(rng)
    net = curve_network(layers)
    names = list(net.weights())
    drawn = cases.arrays(rng, [value.shape for value in net.weights().values()])
    net.set_weights([np.abs(w) if "var" in key else w / 3 for key, w in zip(names, drawn)])
    net.compile(optimizer=word, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    settings: dict[str, Any] = dict(cases.CURVE_FIT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = net.fit(x, y, **settings)
    assert set(history.history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    for key, values in history.history.items():
        np.testing.assert_allclose(values, keras.stored(f"curve/{name}/{key}"), rtol=1e-4, atol=1e-5, err_msg=key)
    assert history.epoch == [0, 1, 2, 3]
    assert history.params == {"epochs": 4, "steps": 5, "verbose": 1}
    np.testing.assert_allclose(net.evaluate(x, y, batch_size=7), keras.stored(f"curve/{name}/evaluate"), rtol=1e-4)
    np.testing.assert_allclose(net.predict(x[:3]), keras.stored(f"curve/{name}/predict"), rtol=1e-3, atol=1e-5)
    assert capsys.readouterr().out == ""
