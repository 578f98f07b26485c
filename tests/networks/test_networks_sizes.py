"""What is known of a network before it is built: its weights for these pictures, and its operations."""

import pytest
import torch

from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.operations import OPERATIONS, operations
from glasshouse.networks.sizes import BODIES, weights_for

SIZES = [("LeNet", 3, 1, 40, 28), ("Dense128", 10, 3, 28, 28), ("ConvNet4", 2, 3, 96, 150), ("ResNet18", 7, 3, 64, 64),
         ("MobileNetV2", 3, 1, 96, 96), ("SqueezeNet", 5, 1, 64, 64), ("EfficientNetLite0", 10, 3, 64, 64),
         ("AlexNet", 4, 3, 64, 64)]  # fmt: skip


@pytest.mark.parametrize(("name", "classes", "channels", "width", "height"), SIZES)
def test_the_weights_are_those_of_the_network_that_is_built(
    name: str, classes: int, channels: int, width: int, height: int
) -> None:
    built = build(name, classes, channels, width, height, dropout=None, seed=0).module
    told = weights_for(CATALOGUE[name], classes, channels, width, height)
    assert told == sum(one.numel() for one in built.parameters())


def test_every_network_of_the_catalogue_has_its_numbers() -> None:
    assert set(OPERATIONS) == set(CATALOGUE)
    assert set(BODIES) | {"LeNet", "Dense128", "ConvNet4"} == set(CATALOGUE)
    assert weights_for(CATALOGUE["VGG16"], 10, 3, 8, 8) is None, "too small"


@pytest.mark.parametrize("name", ["ResNet18", "MobileNetV2", "LeNet"])
def test_operations_are_counted_as_the_layers_do_them(name: str) -> None:
    entry = CATALOGUE[name]
    module = build(name, entry.classes, entry.channels, entry.width, entry.height, dropout=None, seed=0).module.eval()
    counted = 0

    def count(layer: torch.nn.Module, _: object, out: torch.Tensor) -> None:
        nonlocal counted
        places = out.shape[2] * out.shape[3] if out.ndim == 4 else 1
        counted += places * layer.weight.numel()

    for layer in module.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            layer.register_forward_hook(count)
    with torch.no_grad():
        module(torch.zeros(1, entry.channels, entry.height, entry.width))
    assert operations(name, entry.width, entry.height) == counted == OPERATIONS[name]
    assert operations(name, 2 * entry.width, entry.height) == 2 * counted
