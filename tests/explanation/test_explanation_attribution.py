"""Maps of evidence: captum is the oracle, a network made by hand has known ones, and every family has a layer."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop, IntegratedGradients, LayerGradCam, Occlusion
from numpy.typing import NDArray
from torch import Tensor, nn

from explanation.looking import CornerNetwork, small_network
from glasshouse.errors import InputError, NetworkError
from glasshouse.explanation.attribution.integrated_gradients import integrated_gradients, path_integral
from glasshouse.explanation.attribution.layer_choice import map_layer
from glasshouse.explanation.attribution.methods import METHODS, Attribution
from glasshouse.networks.build import build

TARGETS = np.array([0, 2, 1])


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return torch.randn(3, 3, 20, 20, generator=torch.Generator().manual_seed(1))


def maps(method: str, module: nn.Module, x: Tensor, targets: NDArray[Any]) -> NDArray[np.float32]:
    return Attribution(method, module, tuple(x.shape[1:])).maps(x, targets)  # type: ignore[arg-type]


def test_grad_cam_is_captums(pictures: Tensor) -> None:
    net = small_network()
    expected = LayerGradCam(net, net[4]).attribute(pictures, torch.from_numpy(TARGETS), relu_attributions=True)
    enlarged = nn.functional.interpolate(expected, (20, 20), mode="bilinear", align_corners=False)[:, 0]
    np.testing.assert_allclose(maps("grad-cam", net, pictures, TARGETS), enlarged.detach(), atol=1e-7)


def test_integrated_gradients_are_captums(pictures: Tensor) -> None:
    net = small_network()
    expected = IntegratedGradients(net).attribute(pictures, 0.0, torch.from_numpy(TARGETS), n_steps=40)
    for x, target, one in zip(pictures, TARGETS, expected):
        np.testing.assert_allclose(path_integral(net, x, int(target), 40), one.float(), atol=1e-6)


def test_occlusion_is_captums(pictures: Tensor) -> None:
    net = nn.Sequential(small_network(), nn.Softmax(1))
    expected = Occlusion(net).attribute(pictures, (3, 4, 4), (3, 2, 2), 0.0, torch.from_numpy(TARGETS))
    np.testing.assert_allclose(maps("occlusion", net[0], pictures, TARGETS), expected[:, 0], atol=1e-6)


def test_guided_backpropagation_is_captums(pictures: Tensor) -> None:
    net = small_network()
    for part in net.modules():  # captum's hooks do not take layers that change their input in place
        if isinstance(part, nn.ReLU):
            part.inplace = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum's own, of its hooks
        expected = GuidedBackprop(net).attribute(pictures.clone().requires_grad_(), torch.from_numpy(TARGETS))
    np.testing.assert_allclose(
        maps("guided-backpropagation", net, pictures, TARGETS), expected.sum(1).detach(), atol=1e-6
    )


@pytest.mark.parametrize("method", METHODS)
def test_the_map_of_a_network_that_looks_at_one_corner_lies_there(method: str) -> None:
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(2)) + 0.2
    found = maps(method, CornerNetwork(), x, np.array([1, 1])).clip(min=0)
    share = found[:, :18, :18].sum((1, 2)) / found.sum((1, 2))  # the grid's places are blurred over its edge
    assert (share > 0.9).all()
    assert found[:, 24:, 24:].max() < 1e-6


def test_integrated_gradients_add_up_and_say_when_they_do_not(pictures: Tensor) -> None:
    net = small_network()
    with torch.no_grad():
        rise = (net(pictures[:1]) - net(torch.zeros_like(pictures[:1])))[0, 2]
    found = integrated_gradients(net, pictures[0], 2)
    assert found.error <= 0.01
    assert float(found.values.sum()) == pytest.approx(float(rise), rel=0.01)
    rough = integrated_gradients(net, pictures[0], 2, steps=(1, 4), tolerance=1e-9)
    assert (rough.steps, rough.error > 1e-9) == (4, True)  # 1, 2 and 4 steps were tried


def test_a_map_asks_for_a_layer_that_has_one() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    assert map_layer(net, (3, 2, 2)) is None
    with pytest.raises(NetworkError, match="map of places"):
        Attribution("grad-cam", net, (3, 2, 2))
    with pytest.raises(InputError, match="grad-cam, integrated-gradients, occlusion"):
        Attribution("guided", net, (3, 2, 2))


@pytest.mark.parametrize(
    ("name", "side", "layer"),
    [
        ("LeNet", 28, "conv2"),
        ("ResNet18", 64, "layer4"),
        ("MobileNetV2", 64, "features"),
        ("EfficientNetLite0", 64, "bn2"),
        ("SqueezeNet", 64, "classifier.0"),
        ("vit_tiny_patch16_224", 64, "blocks.11.norm1"),
    ],
)
def test_families_have_a_layer_whose_map_moves_with_an_object(name: str, side: int, layer: str) -> None:
    channels = 1 if name == "LeNet" else 3
    module = build(name, 3, channels, side, side, seed=1).module.eval().requires_grad_(requires_grad=False)
    attribution = Attribution("grad-cam", module, (channels, side, side))
    assert attribution.layer is not None
    assert attribution.layer.name == layer
    x = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(3)).repeat(3, 1, 1, 1)
    x[1, :, 4 : side // 2 - 2, 4 : side // 2 - 2] = 2.0
    x[2, :, side // 2 + 2 : -4, side // 2 + 2 : -4] = 2.0
    best = [k for k in range(3) if attribution.maps(x, np.full(3, k)).any((1, 2)).all()]
    found = attribution.maps(x, np.full(3, best[0]))
    scale = np.abs(found).max()
    assert (found.std((1, 2)) > 1e-3 * scale).all()
    assert np.abs(found[1] - found[2]).max() > 1e-2 * scale
