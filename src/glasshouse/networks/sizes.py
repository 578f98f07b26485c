"""How many weights a network of the catalogue has for pictures and classes at hand. Loads no torch."""

from collections.abc import Mapping

from glasshouse.networks.catalogue import Entry

__all__ = ["BODIES", "weights_for"]

BODIES: Mapping[str, tuple[int, int, int]] = {  # weights without the head in colour, features before it, of a channel
    "AlexNet": (57_003_840, 4096, 7744),
    "VGG16": (134_260_544, 4096, 576),
    "VGG19": (139_570_240, 4096, 576),
    "ResNet18": (11_176_512, 512, 3136),
    "ResNet34": (21_284_672, 512, 3136),
    "ResNet50": (23_508_032, 2048, 3136),
    "InceptionV3": (21_785_568, 2048, 288),
    "Xception": (20_806_952, 2048, 288),
    "MobileNet": (3_206_976, 1024, 288),
    "MobileNetV2": (2_223_872, 1280, 288),
    "EfficientNetLite0": (3_371_008, 1280, 288),
    "GoogLeNet": (5_599_904, 1024, 3136),
    "SqueezeNet": (735_424, 512, 4704),
}


def weights_for(entry: Entry, classes: int, channels: int, width: int, height: int) -> int | None:
    """Return the weights of a network with a head for so many classes; None where pictures of this size do not fit it.

    ``entry.parameters`` counts those of the published network; a network that ends in dense layers on all positions
    grows with the pictures.
    """
    if min(width, height) < entry.least:
        return None
    if entry.name in BODIES:
        body, features, of_a_channel = BODIES[entry.name]
        return body + (channels - 3) * of_a_channel + (features + 1) * classes
    own = {"Dense128": _dense, "LeNet": _lenet, "ConvNet4": _convnet}.get(entry.name)
    return entry.parameters if own is None else own(classes, channels, width, height)


def _dense(classes: int, channels: int, width: int, height: int) -> int:
    return (channels * width * height + 1) * 128 + 129 * classes


def _lenet(classes: int, channels: int, width: int, height: int) -> int:
    positions = (((width - 4) // 2 - 4) // 2) * (((height - 4) // 2 - 4) // 2)
    return (25 * channels + 1) * 20 + (25 * 20 + 1) * 50 + (50 * positions + 1) * 500 + 501 * classes


def _convnet(classes: int, channels: int, width: int, height: int) -> int:
    for _ in range(4):
        width, height = (width - 2) // 2, (height - 2) // 2
    before = (9 * channels + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 128 + (9 * 128 + 1) * 128
    return before + (128 * width * height + 1) * 512 + 513 * classes
