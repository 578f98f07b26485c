"""A trained model as a network of layers: the same weights in the vocabulary, so that every step can be opened.

    opening_of(model.description).network(state)           of a model, with any weights of its run
    as_layers("LeNet", (1, 28, 28), 10, module.state_dict())

Works for the classics of the catalogue and for networks whose recipe holds layers; says why not for others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glasshouse.errors import NetworkError, WeightsError
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.classics import CLASSICS, take_weights
from glasshouse.layers.classifier import Classifier
from glasshouse.messages import Message
from glasshouse.networks.catalogue import find, plain

if TYPE_CHECKING:
    from glasshouse.export.description import Description

__all__ = ["LARGEST", "Opening", "as_layers", "classic_name", "opening_of", "why_not"]

LARGEST = 80_000_000  # weights; in float64, with a gradient for each, that is 1.3 GB


def classic_name(name: str) -> str | None:
    """The name of the classic that a network of the catalogue is, or None; loads no torch."""
    return next((known for known in CLASSICS if plain(known) == plain(name)), None)


def why_not(name: str) -> str:
    """Why a network cannot be opened layer by layer, with the next step."""
    return Message(
        "{name} is not written in layers here: it comes whole from a library, and its steps cannot be followed "
        "one by one. Networks that can be followed: {CLASSICS}, and those that are built of layers. Train one of "
        "them on the same dataset to follow a picture.",
        name=name,
        CLASSICS=", ".join(CLASSICS),
    )


@dataclass(frozen=True)
class Opening:
    """How the weights of a model's module (a torch state dictionary) become a network of layers."""

    name: str
    shape: tuple[int, int, int]  # C, H, W
    classes: int
    layers: Classifier | None = None  # where the network is layers as data

    def network(self, state: Mapping[str, Any]) -> Architecture:
        """The network with these weights; raises what `as_layers` raises."""
        if self.layers is None:
            return as_layers(self.name, self.shape, self.classes, state)
        from glasshouse.networks.layered import network_of

        net = network_of(self.layers, state)
        _check_size(net)
        return net

    def torch_names(self, net: Architecture, state: Mapping[str, Any]) -> dict[str, str]:
        """From ``dense/kernel`` to the name that the state dictionary has for it."""
        places = [(name, weight.name) for name, holder in net.holders.items() for weight in holder.weights]
        if self.layers is None:
            keys = [key for key in state if not key.endswith("num_batches_tracked")]
        else:
            from glasshouse.networks.layered import key_of

            keys = [key_of(part, name == net.steps[-1].weights, name) for name, part in places]
        return {f"{name}/{part}": key for (name, part), key in zip(places, keys, strict=True)}


def opening_of(description: "Description") -> Opening:
    """How to open the model of a description."""
    p = description.preprocessing
    layers = description.resolved.layers if "layers" in description.network else None
    shape = (p.channels, p.height, p.width)
    return Opening(str(description.network["name"]), shape, len(description.classes), layers)


def as_layers(name: str, shape: tuple[int, int, int], classes: int, state: Mapping[str, Any]) -> Architecture:
    """The network of that name in layers, with the weights of a torch state dictionary.

    Args:
        shape: of one picture, (C, H, W).

    Raises:
        NetworkError: it is not made of the vocabulary, is too large, or differs at this picture size; with the reason.
    """
    classic = classic_name(name) or classic_name(find(name).name)
    if classic is None:
        raise NetworkError(why_not(name))
    C, H, W = shape
    try:
        net = CLASSICS[classic](input_shape=(H, W, C), classes=classes)
    except NetworkError as error:
        raise NetworkError(
            "{classic} cannot be written in layers for {W}x{H} pictures: {error}",
            classic=classic,
            W=W,
            H=H,
            error=error,
        ) from None
    _check_size(net)
    try:
        take_weights(net, {key: value.cpu() if hasattr(value, "cpu") else value for key, value in state.items()})
    except WeightsError as error:
        entry = find(name)
        raise NetworkError(
            "{classic} at {W}x{H} differs from the published network, which was made for {width}x{height}: "
            "{error}. Train it on a dataset of that size to follow a picture.",
            classic=classic,
            W=W,
            H=H,
            width=entry.width,
            height=entry.height,
            error=str(error).splitlines()[-1].strip(),
        ) from None
    return net


def _check_size(net: Architecture) -> None:
    if net.parameters > LARGEST:
        raise NetworkError(
            "{name} has {parameters} weights here; with a derivative for each of them that is too much for the "
            "memory of a usual machine (up to {LARGEST} can be followed). Train a smaller network, such as "
            "ResNet18, on the same dataset to follow a picture.",
            name=net.name,
            parameters=f"{net.parameters:,}",
            LARGEST=f"{LARGEST:,}",
        )
