"""The classic networks, written in the vocabulary of layers; each short enough to read beside its paper.

    net = classics.resnet18(input_shape=(64, 64, 3), classes=10)

Their names are those of the catalogue. With torchvision's or timm's weights (`take_weights`) the outputs are theirs.
"""

from collections.abc import Callable

from glasshouse.layers.network import Network

from .alexnet import alexnet
from .efficientnet import efficientnet_lite0
from .googlenet import googlenet
from .inception import inception_v3
from .lenet import lenet
from .lessons import convnet4, dense128, mini_xception
from .mobilenet import mobilenet, mobilenet_v2
from .resnet import resnet18, resnet34, resnet50
from .squeezenet import squeezenet
from .taking import take_weights
from .vgg import vgg16, vgg19
from .xception import xception

__all__ = [
    "CLASSICS", "alexnet", "convnet4", "dense128", "efficientnet_lite0", "googlenet", "inception_v3", "lenet",
    "mini_xception", "mobilenet", "mobilenet_v2", "resnet18", "resnet34", "resnet50", "squeezenet", "take_weights",
    "vgg16", "vgg19", "xception",
]  # fmt: skip

CLASSICS: dict[str, Callable[..., Network]] = {
    "AlexNet": alexnet,
    "ConvNet4": convnet4,
    "Dense128": dense128,
    "EfficientNetLite0": efficientnet_lite0,
    "GoogLeNet": googlenet,
    "InceptionV3": inception_v3,
    "LeNet": lenet,
    "MobileNet": mobilenet,
    "MobileNetV2": mobilenet_v2,
    "ResNet18": resnet18,
    "ResNet34": resnet34,
    "ResNet50": resnet50,
    "SqueezeNet": squeezenet,
    "VGG16": vgg16,
    "VGG19": vgg19,
    "Xception": xception,
}
