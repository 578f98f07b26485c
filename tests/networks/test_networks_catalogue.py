"""Names, and what the catalogue claims about its networks."""

import subprocess
import sys

import pytest
import torch

from glasshouse.errors import NetworkError
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE, find

NAMES = [
    "LeNet", "AlexNet", "VGG16", "VGG19", "ResNet18", "ResNet34", "ResNet50", "InceptionV3", "Xception", "MobileNet",
    "MobileNetV2", "GoogLeNet", "SqueezeNet", "Dense128", "ConvNet4", "EfficientNetLite0",
]  # fmt: skip


def test_the_promised_names_are_there() -> None:
    assert set(NAMES) <= set(CATALOGUE)
    assert all(name == entry.name for name, entry in CATALOGUE.items())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mobilenet_v2", "MobileNetV2"), ("MOBILENET-V2", "MobileNetV2"), ("squeezenet1_0", "SqueezeNet"),
        ("vgg_16", "VGG16"), ("lenet", "LeNet"), ("inception_v3", "InceptionV3"), ("mobilenetv1_100", "MobileNet"),
        ("convnet4", "ConvNet4"), ("resnet50", "ResNet50"),
    ],
)  # fmt: skip
def test_letter_case_and_dashes_do_not_matter(name: str, found: str) -> None:
    assert find(name).name == found


def test_timm_by_its_own_name() -> None:
    entry = find("mobilenetv3_small_050")
    assert (entry.library, entry.name, entry.head) == ("timm", "mobilenetv3_small_050", "classifier")
    assert entry.parameters == sum(p.numel() for p in build(entry.name, 1000, 3, 224, 224).module.parameters())
    assert find("vit_tiny_patch16_224").mean == (0.5, 0.5, 0.5)
    assert find("resnet10t.c3_in1k").name == "resnet10t.c3_in1k"


@pytest.mark.parametrize(
    ("name", "hint"), [("resnet19", "ResNet18"), ("mobilnetv2", "MobileNetV2"), ("zzzzzz", "LeNet, AlexNet")]
)
def test_an_unknown_name_is_told_with_close_ones(name: str, hint: str) -> None:
    with pytest.raises(NetworkError, match=hint) as caught:
        find(name)
    assert repr(name) in str(caught.value) and "glasshouse networks" in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_parameters(name: str) -> None:
    entry = CATALOGUE[name]
    with torch.device("meta"):  # shapes only
        built = build(name, entry.classes, entry.channels, entry.width, entry.height)
    assert sum(p.numel() for p in built.module.parameters()) == entry.parameters


def test_grey_pictures_get_the_average_normalisation() -> None:
    mean, std = find("resnet18").normalization(1)
    assert mean == pytest.approx((0.449,), abs=1e-3) and std == pytest.approx((0.226,), abs=1e-3)
    assert find("resnet18").normalization(3)[0] == (0.485, 0.456, 0.406)


LEAN = """
import sys
from glasshouse.networks.catalogue import find
find("resnet18")
assert "torch" not in sys.modules
from glasshouse.networks.build import build
build("LeNet", 3, 1, 28, 28)
assert "torchvision" not in sys.modules
build("MobileNetV2", 3, 3, 64, 64)
build("EfficientNetLite0", 3, 3, 64, 64)  # one file of timm's
assert "timm.models.efficientnet" in sys.modules and "timm.models.resnet" not in sys.modules
build("mobilenetv4_conv_small", 3, 3, 64, 64)  # what the catalogue does not list is built as shapes before
assert "timm.models.vision_transformer" not in sys.modules
assert not {"timm", "torch._dynamo", "torch._dynamo.utils"} & set(sys.modules)
align = sys.modules["torchvision.ops.roi_align"]
assert align.is_compile_supported("cpu") == sys.modules["torch._dynamo.utils"].is_compile_supported("cpu")
from glasshouse.networks.timm_networks import make_timm, timm_names
assert make_timm("resnet10t.c3_in1k", 3, 3, None).fc.out_features == 3 and "timm" not in sys.modules
import timm.layers  # all of it, later
assert len(timm_names()) > 1000 and timm.create_model("resnet10t", num_classes=3) and timm.layers.SelectAdaptivePool2d
"""


def test_a_network_loads_no_library_that_it_does_not_need() -> None:
    subprocess.run([sys.executable, "-c", LEAN], check=True)
