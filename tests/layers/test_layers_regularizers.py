"""Penalties of weights and outputs: in the loss of fit and evaluate, by their formulas, kept in files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glasshouse.errors import RecipeError
from glasshouse.keras import Sequential, layers, models, regularizers
from glasshouse.layers import Regularizer
from glasshouse.layers.classifier import classifier_problems

RNG = np.random.default_rng(0)
X, Y = RNG.random((12, 6, 5, 2), np.float32), RNG.random((12, 3), np.float32)


def net(**settings: Any) -> Sequential:
    """A convolution and a dense layer, the same first weights whatever the settings."""
    dense = {key: value for key, value in settings.items() if key != "conv"}
    model = Sequential([
        layers.Conv2D(3, 3, input_shape=(6, 5, 2), name="conv", kernel_regularizer=settings.get("conv")),
        layers.Flatten(),
        layers.Dense(3, activation="tanh", bias_initializer="ones", name="dense", **dense),
    ])  # fmt: skip
    model.compile({"name": "sgd", "learning_rate": 0.1}, "mse")
    return model


def test_the_loss_grows_by_the_formula() -> None:
    plain, dense = net().evaluate(X, Y, batch_size=4), net().weights()
    kernel, bias, outputs = dense["dense/kernel"], dense["dense/bias"], net().predict(X)
    for settings, more in [
        ({"kernel_regularizer": "l2"}, 0.01 * (kernel**2).sum()),
        ({"kernel_regularizer": regularizers.L1(0.1)}, 0.1 * np.abs(kernel).sum()),
        ({"bias_regularizer": regularizers.l1_l2()}, 0.01 * (np.abs(bias) + bias**2).sum()),
        ({"activity_regularizer": regularizers.L2(0.5)}, 0.5 * (outputs**2).sum() / len(X)),
        ({"conv": regularizers.L1L2(0.1, 0.2)},
         0.1 * np.abs(dense["conv/kernel"]).sum() + 0.2 * (dense["conv/kernel"] ** 2).sum()),
    ]:  # fmt: skip
        assert net(**settings).evaluate(X, Y, batch_size=4) == pytest.approx(plain + float(more), rel=1e-5), settings


def test_a_step_moves_the_weights_by_the_gradient_of_both() -> None:
    plain, held = net(), net(kernel_regularizer=regularizers.L2(0.3))
    before = plain.weights()["dense/kernel"]
    for model in (plain, held):
        model.fit(X, Y, batch_size=12, verbose=0)
    moved = plain.weights()["dense/kernel"] - held.weights()["dense/kernel"]
    np.testing.assert_allclose(moved, 0.1 * 2 * 0.3 * before, rtol=1e-4, atol=1e-6)


def test_it_is_kept_in_a_file(tmp_path: Path) -> None:
    model = net(kernel_regularizer=regularizers.L2(0.3), activity_regularizer="l1")
    model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    assert again.get_layer("dense").kernel_regularizer == Regularizer(l2=0.3)
    assert again.evaluate(X, Y) == model.evaluate(X, Y)


def test_separable_and_depthwise_kernels_have_their_own() -> None:
    deep = layers.DepthwiseConv2D(3, depthwise_regularizer="l2", input_shape=(6, 5, 2), name="deep")
    model = Sequential([deep, layers.SeparableConv2D(2, 1, pointwise_regularizer="l2", name="two"), layers.Flatten()])
    model.compile("sgd", "mse")
    weights = model.weights()
    more = 0.01 * sum((weights[key] ** 2).sum() for key in ("deep/kernel", "two/pointwise_kernel"))
    y = model.predict(X)
    assert model.evaluate(X, y) == pytest.approx(float(more), rel=1e-4)


def test_what_is_none_and_what_a_run_would_ignore_is_told() -> None:
    with pytest.raises(RecipeError, match=r"expected l1, l2, l1_l2 or Regularizer\(l2=0.001\), got 'l3'"):
        layers.Dense(3, kernel_regularizer="l3")
    with pytest.raises(ValueError, match="from 0 on"):
        regularizers.L2(-1)
    model = Sequential([layers.Flatten(input_shape=(4, 4, 1)),
                        layers.Dense(2, activation="softmax", kernel_regularizer="l2", name="out")])  # fmt: skip
    (problem,) = classifier_problems(model.to_dict())
    assert problem.field == "out" and "choose a weight decay" in problem.message
