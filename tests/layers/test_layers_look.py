"""What descriptions amount to, without torch: shapes, weights, memory, problems at their layers."""

import re
import subprocess
import sys
from typing import Any

import pytest
import torch

from glasshouse.layers import Add, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, MaxPooling2D, Network
from glasshouse.layers.classics import CLASSICS
from glasshouse.layers.classifier import Classifier, classifier_problems
from glasshouse.layers.look import look, memory


def small() -> Network:
    layers = [Conv2D(8, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10, activation="softmax")]
    return Network(layers, input_shape=(12, 12, 3))


@pytest.mark.parametrize("name", CLASSICS)
def test_shapes_and_weights_are_those_of_the_network(name: str) -> None:
    net = CLASSICS[name]()
    seen = look(net.to_dict())
    assert (seen.parameters, seen.learned, seen.count) == (net.parameters, net.trainable_parameters, 0)
    assert [layer.shape for layer in seen.layers] == [step.shape(net.channels_last) for step in net.steps]


def test_layers_with_problems_are_told_and_the_others_still_seen() -> None:
    data: dict[str, Any] = small().to_dict()
    data["layers"][1]["settings"]["filters"] = "many"
    data["layers"][2]["settings"] = {"padding": "full"}
    seen = look(data)
    assert [[p.field for p in layer.problems] for layer in seen.layers] == [
        [], ["conv2d.filters"], ["max_pooling2d.padding"], [], [],
    ]  # fmt: skip
    assert [layer.shape for layer in seen.layers] == [(12, 12, 3), None, None, None, None] and seen.count == 2
    assert [p.field for p in look({"layers": 3}).problems] == ["layers"]


def test_frozen_and_shared_layers_are_counted_once_and_do_not_learn() -> None:
    start = Input((8, 8, 3))
    conv = Conv2D(3, 3, padding="same")
    x = GlobalAveragePooling2D()(Add()([conv(start), conv(conv(start))]))
    net = Network(start, Dense(2, activation="softmax")(x))
    net.freeze("conv2d")
    seen = look(net.to_dict())
    assert (seen.parameters, seen.learned) == (net.parameters, 8)


def test_memory_is_about_what_torch_keeps_for_the_way_back() -> None:
    """The oracle: every tensor that autograd saves in one forward pass, each storage once, without weights."""
    for name in ("LeNet", "ResNet18", "MobileNetV2"):
        net = CLASSICS[name](input_shape=(64, 64, 3), classes=10)
        module = net.to_torch().train()
        own = {p.untyped_storage().data_ptr() for p in module.parameters()}
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.untyped_storage().data_ptr() not in own:  # noqa: B023
                kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()  # noqa: B023
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            y = module(torch.rand(4, 64, 64, 3), logits=True)
        told = memory(look(net.to_dict()), 4, 2).activations
        assert 0.8 * sum(kept.values()) < told < 3 * sum(kept.values()), (name, told, sum(kept.values()))
        assert y.shape == (4, 10)


def test_memory_counts_gradients_and_the_optimizers_numbers() -> None:
    seen = look(small().to_dict())
    told = memory(seen, 1, 2)
    assert (told.weights, told.optimizer) == (8 * seen.parameters, 8 * seen.parameters)
    assert memory(seen, 2, 0).activations == 2 * told.activations and memory(seen, 1, 0).optimizer == 0


@pytest.mark.parametrize(
    ("layers", "field", "message"),
    [
        ([Flatten(), Dense(3)], "dense", 'Dense\\(activation="None"\\)'),
        ([Flatten(), Dense(3, activation="softmax"), Dense(3, activation="relu")], "dense_1", "relu"),
        ([Dense(3, activation="softmax")], "dense", "one row of numbers a picture, got 8x8x3"),
    ],
)
def test_what_is_no_classifier_is_told_with_what_to_do(layers: Any, field: str, message: str) -> None:
    (problem,) = classifier_problems(Network(layers, input_shape=(8, 8, 3)).to_dict())
    assert problem.field == field
    assert re.search(message, problem.message)


def test_several_inputs_outputs_and_rows_are_no_pictures() -> None:
    a, b = Input((8, 8, 3)), Input((5,))
    head = Dense(2, activation="softmax")
    two = Network([a, b], Dense(2, activation="softmax")(b))
    assert {p.field for p in classifier_problems(two.to_dict())} == {"inputs", "input_layer_1.shape"}
    twice = Network(b, head(Dense(5)(b)))
    twice.freeze("dense_1")
    assert {p.field for p in classifier_problems(twice.to_dict())} == {"input_layer.shape", "dense_1.frozen"}


def test_fitting_again_changes_nothing_and_channels_first_stays() -> None:
    net = Network([Conv2D(4, 3), Flatten(), Dense(7, activation="softmax")], input_shape=(1, 9, 8),
                  data_format="channels_first")  # fmt: skip
    sizes = {"classes": 3, "channels": 3, "width": 20, "height": 10}
    once = Classifier.of(net.to_dict()).fitted(**sizes).starting(seed=5).description
    assert once["layers"][0]["shape"] == [3, 10, 20] and once["seed"] == 5
    assert Classifier.of(once).fitted(**sizes).description == once


def test_looking_loads_no_torch() -> None:
    code = "import sys; import glasshouse.layers.look, glasshouse.recipe; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
