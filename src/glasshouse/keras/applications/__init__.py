"""``keras.applications``: networks with the weights of ImageNet, from the catalogue: ``VGG16(include_top=False)``."""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from ..hints import APPLICATIONS
from . import (
    efficientnet_lite0,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    resnet,
    resnet50,
    vgg16,
    vgg19,
    xception,
)
from .efficientnet_lite0 import EfficientNetLite0
from .inception_v3 import InceptionV3
from .mobilenet import MobileNet
from .mobilenet_v2 import MobileNetV2
from .resnet50 import ResNet50
from .vgg16 import VGG16
from .vgg19 import VGG19
from .xception import Xception

__all__ = [
    "VGG16", "VGG19", "EfficientNetLite0", "InceptionV3", "MobileNet", "MobileNetV2", "ResNet50", "Xception",
    "efficientnet_lite0", "inception_v3", "mobilenet", "mobilenet_v2", "resnet", "resnet50", "vgg16", "vgg19",
    "xception",
]  # fmt: skip


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, APPLICATIONS)
