"""The classics give the outputs of torchvision and timm with their weights, here at small sizes."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from glasshouse.errors import WeightsError
from glasshouse.layers import Network
from glasshouse.layers.classics import CLASSICS, lenet, resnet18, take_weights
from glasshouse.layers.classics.ordering import layer_order
from glasshouse.layers.classics.taking import PUBLISHED
from glasshouse.networks import own, vision
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE

SIDES = {
    "AlexNet": 127, "ConvNet4": 64, "Dense128": 28, "EfficientNetLite0": 64, "GoogLeNet": 64, "InceptionV3": 75,
    "LeNet": 28, "MobileNet": 64, "MobileNetV2": 64, "ResNet18": 64, "ResNet34": 64, "ResNet50": 64, "SqueezeNet": 64,
    "VGG16": 64, "VGG19": 64, "Xception": 75,
}  # fmt: skip


def theirs(name: str) -> nn.Module:
    """The published network with 7 classes."""
    models, word = vision.torchvision.models, CATALOGUE[name].id
    if CATALOGUE[name].library == "own":
        return own.OWN[word](CATALOGUE[name].channels, SIDES[name], SIDES[name], 7)
    if CATALOGUE[name].library == "timm":
        from glasshouse.networks import timm_networks  # slow to import: not while tests are collected

        made: nn.Module = timm_networks.make_timm(word, 7, 3, (SIDES[name], SIDES[name]))
        return made
    side = {"aux_logits": False, "init_weights": False} if name in ("GoogLeNet", "InceptionV3") else {}
    if name in ("AlexNet", "VGG16", "VGG19"):
        return large(getattr(models, word))
    if name == "SqueezeNet":  # whose last convolution the catalogue makes a dense layer
        return build(name, 7, 3, SIDES[name], SIDES[name]).module
    net: nn.Module = getattr(models, word)(num_classes=7, **side)
    return net


def large(make: Any) -> nn.Module:
    """A network of many weights; they are drawn quickly."""
    with torch.device("meta"):
        net: Any = make(num_classes=7)
    module: nn.Module = net.to_empty(device="cpu")
    random = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        limit = (6 / max(1, parameter[0].numel())) ** 0.5 if parameter.ndim > 1 else 0.1
        nn.init.uniform_(parameter, -limit, limit, random)
    return module


def livened(module: nn.Module) -> None:
    """Statistics and shifts that are not 0 and 1, so that each of them is seen in the outputs."""
    random = torch.Generator().manual_seed(0)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.1, 0.1, random)  # type: ignore[arg-type]
            nn.init.uniform_(part.running_var, 0.8, 1.2, random)  # type: ignore[arg-type]
            nn.init.uniform_(part.weight, 0.8, 1.2, random)
            nn.init.uniform_(part.bias, -0.1, 0.1, random)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in ("AlexNet", "VGG16", "VGG19") else n for n in CLASSICS]
)
def test_a_classic_gives_the_published_outputs(name: str) -> None:
    side, channels = SIDES[name], CATALOGUE[name].channels
    module = theirs(name).eval()
    livened(module)
    net = CLASSICS[name](input_shape=(side, side, channels), classes=7)
    take_weights(net, module.state_dict())
    x = torch.rand((2, channels, side, side), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = module(x).numpy()
        found = net.module(x.permute(0, 2, 3, 1), logits=True).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("name", CLASSICS)
def test_a_classic_has_the_parameters_of_the_catalogue(name: str) -> None:
    entry = CATALOGUE[name]
    net = CLASSICS[name]()
    assert net.trainable_parameters == entry.parameters
    assert net.input_shape == (None, entry.height, entry.width, entry.channels)
    again = Network.from_dict(net.to_dict())
    assert (again.name, again.parameters, again.output_shape) == (name, net.parameters, net.output_shape)


def test_a_classic_learns_the_same_on_both_engines() -> None:
    from glasshouse.autodiff import functions as F

    rng = np.random.default_rng(0)
    net = resnet18(input_shape=(32, 32, 3), classes=4)
    x, y = rng.random((4, 32, 32, 3), dtype=np.float32), rng.integers(0, 4, 4)
    module, model = net.to_torch().double().train(), net.to_autodiff()
    for parameter in model.params():
        parameter.data = parameter.data.astype(np.float64)
    loss = nn.functional.cross_entropy(module(torch.from_numpy(x).double(), logits=True), torch.from_numpy(y))
    loss.backward()  # type: ignore[no-untyped-call]
    other = F.softmax_cross_entropy(model(x.astype(np.float64), logits=True), y)
    other.backward()
    assert float(other.data) == pytest.approx(loss.item(), abs=1e-9)
    for name, parts in model.weights.items():
        for key, parameter in parts.items():
            if parameter.requires_grad:
                assert parameter.grad is not None
                held = module.layers[name].held()[key].grad.numpy()  # type: ignore[operator]
                np.testing.assert_allclose(parameter.grad.data, held, atol=1e-8, err_msg=f"{name}/{key}")


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(WeightsError, match="holds 8 arrays, but 102 were given"):
        take_weights(lenet(), theirs("ResNet18").state_dict() | {})
    wrong = {key: torch.zeros(3) for key in theirs("LeNet").state_dict()}
    with pytest.raises(WeightsError, match="another network"):
        take_weights(lenet(), wrong)


@pytest.mark.parametrize("name", CLASSICS)
def test_the_order_of_the_layers_is_read_from_the_names(name: str) -> None:
    assert name in PUBLISHED
    with torch.device("meta"):
        module = (
            getattr(vision.torchvision.models, CATALOGUE[name].id)() if name[:3] in ("VGG", "Ale") else theirs(name)
        )
    names = list(module.state_dict())
    assert layer_order(sorted(names)) == names
    assert layer_order(reversed(names)) == names


def test_weights_are_taken_from_a_file_sorted_by_name() -> None:
    module = theirs("ResNet18").eval()
    livened(module)
    state = module.state_dict()
    first, again = (resnet18(input_shape=(64, 64, 3), classes=7) for _ in range(2))
    take_weights(first, state)
    take_weights(again, {name: state[name] for name in sorted(state)})
    for key, value in first.weights().items():
        np.testing.assert_array_equal(again.weights()[key], value)
