"""How many operations a network takes for one picture, counted beforehand. Loads no torch."""

from collections.abc import Mapping
from typing import Any

from glasshouse.networks.catalogue import find

__all__ = ["OPERATIONS", "operations"]

OPERATIONS: Mapping[str, int] = {  # multiplications with additions, of a picture of the size that it was published for
    "LeNet": 2_293_000,
    "AlexNet": 714_188_480,
    "VGG16": 15_470_264_320,
    "VGG19": 19_632_062_464,
    "ResNet18": 1_814_073_344,
    "ResNet34": 3_663_761_408,
    "ResNet50": 4_089_184_256,
    "InceptionV3": 5_713_216_096,
    "Xception": 8_357_403_496,
    "MobileNet": 568_740_352,
    "MobileNetV2": 300_774_272,
    "EfficientNetLite0": 385_187_552,
    "GoogLeNet": 1_498_376_192,
    "SqueezeNet": 732_908_576,
    "Dense128": 101_632,
    "ConvNet4": 236_096_000,
}
A_WEIGHT = 130  # operations for each weight of a convolutional network at 224 x 224: 85 to 220 in the catalogue
SIDE = 224


def operations(network: str | Mapping[str, Any], width: int, height: int) -> int:
    """Return about how many multiplications with additions one picture of this size takes.

    Networks of the catalogue are counted, and grow with the pixels; of others, and of custom layers, the number
    of weights tells roughly.

    >>> operations("MobileNetV2", 224, 224)
    300774272
    """
    if not isinstance(network, str):
        return _of_layers(network, width, height)
    entry = find(network)
    if entry.name not in OPERATIONS:
        return round(A_WEIGHT * entry.parameters * width * height / SIDE**2)
    return round(OPERATIONS[entry.name] * width * height / (entry.width * entry.height))


def _of_layers(network: Mapping[str, Any], width: int, height: int) -> int:
    from glasshouse.layers.network import Network

    return round(A_WEIGHT * Network.from_dict(dict(network)).parameters * width * height / SIDE**2)
