"""The run's network as layers: a classic of the catalogue turned to torch's order of axes, or the run's own layers."""

from dataclasses import dataclass
from typing import Any

from glasshouse.errors import LevelError
from glasshouse.ladder.story import Story
from glasshouse.layers import Network
from glasshouse.layers.classics import CLASSICS
from glasshouse.layers.graph import Step
from glasshouse.layers.layer import plain_name
from glasshouse.messages import Message
from glasshouse.networks.catalogue import CATALOGUE, plain

__all__ = ["CUTS", "Layers", "layers_of", "names_to_write"]

# the first layer of the late half, which is trained faster than the early one: the module `cut` of the catalogue
CUTS = {
    "AlexNet": "conv2d_2",
    "ConvNet4": "conv2d_2",
    "Dense128": "dense",
    "EfficientNetLite0": "conv2d_16",
    "GoogLeNet": "conv2d_15",
    "InceptionV3": "conv2d_26",
    "LeNet": "conv2d_1",
    "MobileNet": "depthwise_conv2d_5",
    "MobileNetV2": "conv2d_20",
    "ResNet18": "conv2d_10",
    "ResNet34": "conv2d_16",
    "ResNet50": "conv2d_24",
    "SqueezeNet": "conv2d_10",
    "VGG16": "conv2d_7",
    "VGG19": "conv2d_8",
    "Xception": "separable_conv2d_12",
}
FIRST = (
    "kernel_initializer",
    "bias_initializer",
    "depthwise_initializer",
    "pointwise_initializer",
    "gamma_initializer",
    "beta_initializer",
)


@dataclass(frozen=True)
class Layers:
    """A network to write down; ``own`` tells that the run's recipe holds these layers, else it named a classic."""

    net: Network
    own: bool
    entry: str

    def settings(self, step: Step) -> dict[str, Any]:
        """What is written of a layer; first weights that are replaced at once are not."""
        found = step.layer.settings()
        return found if self.own else {key: given for key, given in found.items() if key not in FIRST}


def layers_of(story: Story, level: str) -> Layers:
    """Return the run's network as layers.

    Raises:
        LevelError: the network has no layers that could be read.
    """
    network = story.recipe.network_name
    if (own := story.recipe.layers) is not None:
        return Layers(Network.of(own.starting(story.recipe.seed).plan), True, own.net.name)
    name = next((e.name for e in CATALOGUE.values() if plain(network) in (plain(e.name), plain(e.id))), None)
    if name is None or name not in CLASSICS:
        raise LevelError(
            level,
            Message(
                "{network} comes from timm as a finished module, and Glasshouse does not know the layers inside it, "
                "so the level {level} cannot spell it out; look at it on the level learner, or train one of "
                "{CLASSICS}",
                network=network,
                level=level,
                CLASSICS=", ".join(CLASSICS),
            ),
        )
    channels, height, width = story.shape
    data = CLASSICS[name](input_shape=(height, width, channels), classes=story.classes).to_dict()
    net = Network.from_dict(_turned(data, story))
    return Layers(net, False, name)


def _turned(data: dict[str, Any], story: Story) -> dict[str, Any]:
    """The layers on pictures (C, H, W), ending in scores, with the recipe's dropout."""
    data["data_format"] = "channels_first"
    frozen = story.recipe.strategy == "features"  # its dropout is before the layer that learns, nowhere else
    dropout, layers = None if frozen else story.recipe.dropout, data["layers"]
    for entry in layers:
        settings = entry.setdefault("settings", {})
        if entry.get("layer") == "Input":
            del entry["settings"]
            entry["shape"] = list(story.shape)
        elif entry["layer"] == "Concatenate":
            settings["axis"] = 1
        elif entry["layer"] == "Dropout" and dropout is not None:
            settings["rate"] = dropout
    del layers[-1]["settings"]["activation"]
    if dropout and not any(entry["layer"] == "Dropout" for entry in layers):
        last = layers[-1]
        layers.insert(
            -1, {"name": "dropout", "layer": "Dropout", "settings": {"rate": dropout}, "inputs": last["inputs"]}
        )
        last["inputs"] = ["dropout"]
    return data


def names_to_write(net: Network) -> set[str]:
    """The steps whose names must be written, because the layers would be called otherwise without them."""
    written: set[str] = set()
    while True:
        taken, missed = set(written), set()
        for step in net.steps:
            if step.weights != step.name or step.name in written:
                continue
            name, stem, number = plain_name(step.layer), plain_name(step.layer), 0
            while name in taken:
                number += 1
                name = f"{stem}_{number}"
            taken.add(name)
            if name != step.name:
                missed.add(step.name)
        if not missed:
            return written
        written.add(next(step.name for step in net.steps if step.name in missed))
