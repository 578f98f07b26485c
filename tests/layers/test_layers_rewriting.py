"""Classifiers as documents print them become those that training takes, and compute the same."""

from typing import Any

import numpy as np
import pytest
import torch

from glasshouse.layers import Activation, Conv2D, Dense, Dropout, Flatten, Layer, Network, Rescaling, Reshape, Softmax
from glasshouse.layers.classifier import Classifier, classifier_problems
from glasshouse.layers.rewriting import as_classifier
from glasshouse.networks.layered import Layered, own_names

RNG = np.random.default_rng(0)


def probabilities(net: Network, x: Any) -> Any:
    """What the training's module gives for pictures of one channel, with the weights of the network."""
    module = Layered(net.to_dict())
    state = {name: torch.from_numpy(value) for name, value in net.weights().items()}
    module.load_state_dict(own_names(module, state))
    with torch.no_grad():
        return torch.softmax(module.eval()(torch.from_numpy(x)[:, None]), -1).numpy()


@pytest.mark.parametrize("last", [[Dense(3), Softmax()], [Dense(3), Activation("softmax")]], ids=["Softmax", "word"])
@pytest.mark.parametrize(
    "before",
    [[Flatten()], [Rescaling(0.5), Flatten()], [Reshape((8, 6, 1)), Conv2D(2, 3), Flatten()], [Dense(4), Flatten()]],
    ids=["Flatten", "Rescaling", "Reshape", "rows"],
)
def test_a_printed_network_computes_the_same(before: list[Layer], last: list[Layer]) -> None:
    net = Network([*before, *last], input_shape=(8, 6))
    x = RNG.random((5, 8, 6), np.float32)
    np.testing.assert_allclose(probabilities(net, x), net.predict(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("last", [[Dense(1, activation="sigmoid")], [Dense(1), Activation("sigmoid")]])
def test_one_sigmoid_is_a_softmax_over_two_classes(last: list[Layer]) -> None:
    net = Network([Flatten(), Dropout(0.5), *last], input_shape=(8, 6))
    net.set_weights({key: RNG.standard_normal(value.shape).astype("float32") for key, value in net.weights().items()})
    x = RNG.random((5, 8, 6), np.float32)
    found = probabilities(net, x)
    np.testing.assert_allclose(found[:, 1:], net.predict(x), rtol=1e-5)
    layers = Classifier.of(net.to_dict())
    assert (layers.classes, layers.shape) == (2, (1, 8, 6))
    assert layers.fitted(classes=2, channels=3, width=5, height=9).shape == (3, 9, 5)


def test_what_is_usual_stays_as_it_is_and_what_is_none_is_still_told() -> None:
    assert as_classifier(Network([Flatten(), Dense(3, activation="softmax")], input_shape=(8, 8, 1))) is None
    for layers in ([Flatten(), Dense(3)], [Flatten(), Softmax()], [Dense(3, activation="softmax")],
                   [Flatten(), Dense(3, activation="relu"), Softmax()]):  # fmt: skip
        told = classifier_problems(Network(layers, input_shape=(8, 8, 1)).to_dict())
        assert len(told) == 1, layers
