"""A recipe's network, resolved for the pictures and classes at hand: the one answer to what is to be built.

    network = resolve(recipe.layers or recipe.network, classes=10, channels=1, width=28, height=28)
    network.entry, network.layers, network.shape, network.head_name
    built = construct(network, dropout=None, seed=42)      # glasshouse.networks.build: draws weights, loads torch

It is made once, where a recipe meets its dataset or a model's description is read, and handed on; nothing is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from glasshouse.errors import NetworkError
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.classifier import Classifier
from glasshouse.messages import Message
from glasshouse.networks.catalogue import Entry, find

__all__ = ["ResolvedNetwork", "resolve"]


@dataclass(frozen=True)
class ResolvedNetwork:
    """``entry`` says what the network is; pictures have ``shape`` (C, H, W).

    ``layers`` are those of a network that is layers as data, fitted to the pictures and classes; None for a name.
    """

    entry: Entry
    shape: tuple[int, int, int]
    classes: int
    layers: Classifier | None = None

    @property
    def head_name(self) -> str:
        """Where the last layer is inside the module."""
        return self.entry.head


def resolve(
    network: str | Mapping[str, Any] | Classifier, *, classes: int, channels: int, width: int, height: int
) -> ResolvedNetwork:
    """Return what a network is for pictures of that size; nothing is built, and no weights are read.

    Raises:
        NetworkError: there is none of that name, or it takes no pictures of that size or those channels.
        RecipeError: layers as data are no classifier, or do not fit; every problem is reported under its layer's name.
    """
    shape = (channels, height, width)
    if isinstance(network, str):
        entry = find(network)
        _check(entry, classes, channels, width, height)
        return ResolvedNetwork(entry, shape, classes)
    given = network if isinstance(network, Classifier) else Classifier.of(network)
    layers = given.fitted(classes=classes, channels=channels, width=width, height=height)
    return ResolvedNetwork(_entry(layers), shape, classes, layers)


def _entry(layers: Classifier) -> Entry:
    """What the catalogue would say of layers that are no name of it."""
    (C, H, W), name = layers.shape, layers.net.name
    count = _learnable(layers.net)
    return Entry(name, "layers", name, count, 0, Message("layers as data"), W, H, C, layers.classes, head="head")


def _learnable(net: Architecture) -> int:
    """The numbers that gradients could move, those of frozen layers too."""
    return sum(prod(w.shape) for holder in net.holders.values() for w in holder.weights if w.trainable)


def _check(entry: Entry, classes: int, channels: int, width: int, height: int) -> None:
    if classes < 1:
        raise NetworkError("{name} needs at least one class, got {classes}.", name=entry.name, classes=classes)
    if channels not in (1, 3):
        raise NetworkError(
            "{name} takes pictures of 1 or 3 channels, these have {channels}.", name=entry.name, channels=channels
        )
    if min(width, height) < entry.least:
        raise NetworkError(
            "{name} needs pictures of at least {least}x{least2}, these are {width}x{height}; make the dataset "
            "with a larger size (such as {width2}) or choose a smaller network, such as LeNet.",
            name=entry.name,
            least=entry.least,
            least2=entry.least,
            width=width,
            height=height,
            width2=entry.width,
        )
