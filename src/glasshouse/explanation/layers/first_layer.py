"""The filters of the first convolution as small pictures: only there the weights themselves are colours."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from glasshouse.explanation.layers.watching import Convolution
from glasshouse.layers.torch_network import TorchLayer
from glasshouse.networks.layered import Layered

__all__ = ["first_tiles"]


def first_tiles(network: nn.Module, first: Convolution) -> NDArray[np.uint8] | None:
    """Return uint8 (F, KH, KW, C) with C 1 or 3, each filter by itself from its weights; None if they are no colours.

    The grey in the middle is weight 0; the weight that is largest in size becomes black or white.
    """
    weight = _weight(network, first.name)
    if weight is None or weight.shape[1] not in (1, 3):
        return None
    values = weight.detach().float().cpu().numpy().transpose(0, 2, 3, 1)
    largest = np.abs(values).max((1, 2, 3), keepdims=True)
    tiles: NDArray[np.uint8] = (127.5 + 127.5 * values / np.maximum(largest, 1e-12)).round().astype(np.uint8)
    return tiles


def _weight(network: nn.Module, name: str) -> Tensor | None:
    if isinstance(network, Layered):
        layer = network.body.layers._modules.get(name)
        return layer.held().get("kernel") if isinstance(layer, TorchLayer) else None
    found = getattr(network.get_submodule(name), "weight", None)
    return found if isinstance(found, Tensor) and found.ndim == 4 else None
