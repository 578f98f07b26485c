"""A trained model as a network of layers: the same weights in the vocabulary, so that every step can be opened.

    net = as_layers("LeNet", (1, 28, 28), 10, module.state_dict())

Works for the classics of the catalogue and for networks whose recipe holds layers; says why not for others.
"""

from collections.abc import Mapping
from typing import Any

from glasshouse.errors import NetworkError, WeightsError
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.classics import CLASSICS, take_weights
from glasshouse.networks.catalogue import find, plain

__all__ = ["LARGEST", "as_layers", "classic_name", "why_not"]

LARGEST = 80_000_000  # weights; in float64, with a gradient for each, that is 1.3 GB


def classic_name(name: str) -> str | None:
    """The name of the classic that a network of the catalogue is, or None; loads no torch."""
    return next((known for known in CLASSICS if plain(known) == plain(name)), None)


def why_not(name: str) -> str:
    """Why a network cannot be opened layer by layer, with the next step."""
    return (
        f"{name} is not written in layers here: it comes whole from a library, and its steps cannot be followed one by "
        f"one. Networks that can be followed: {', '.join(CLASSICS)}, and those that are built of layers. Train one of "
        "them on the same dataset to follow a picture."
    )


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
        raise NetworkError(f"{classic} cannot be written in layers for {W}x{H} pictures: {error}") from None
    if net.parameters > LARGEST:
        raise NetworkError(
            f"{classic} has {net.parameters:,} weights here; with a derivative for each of them that is too much for "
            f"the memory of a usual machine (up to {LARGEST:,} can be followed). Train a smaller network, such as "
            "ResNet18, on the same dataset to follow a picture."
        )
    try:
        take_weights(net, {key: value.cpu() if hasattr(value, "cpu") else value for key, value in state.items()})
    except WeightsError as error:
        entry = find(name)
        raise NetworkError(
            f"{classic} at {W}x{H} differs from the published network, which was made for {entry.width}x{entry.height}"
            f": {str(error).splitlines()[-1].strip()}. Train it on a dataset of that size to follow a picture."
        ) from None
    return net
