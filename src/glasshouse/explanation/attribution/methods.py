"""The methods by name, and one of them on one network: maps of many pictures."""

from copy import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glasshouse.errors import InputError, NetworkError
from glasshouse.explanation.attribution.grad_cam import grad_cam
from glasshouse.explanation.attribution.guided_backpropagation import guided_backpropagation
from glasshouse.explanation.attribution.integrated_gradients import Integrated, integrated_gradients
from glasshouse.explanation.attribution.layer_choice import MapLayer, map_layer
from glasshouse.explanation.attribution.occlusion import occlusion

__all__ = ["HISTORY", "METHODS", "Attribution", "check_method"]

METHODS = ("grad-cam", "integrated-gradients", "occlusion")
HISTORY = ("guided-backpropagation",)  # for its check only
BATCH = 16  # pictures at once


class Attribution:
    """A method on a network that takes pictures of ``shape`` (C, H, W); ``layer`` is where Grad-CAM looks.

    Raises:
        InputError: there is no such method.
        NetworkError: the method cannot work for this network; the text says why.
    """

    def __init__(self, method: str, module: nn.Module, shape: tuple[int, int, int]) -> None:
        if method not in HISTORY:
            check_method(method)
        self.method, self.module = method, module
        self.layer: MapLayer | None = None
        self.integrated: list[Integrated] = []  # of the last maps, for integrated gradients
        if method == "grad-cam":
            self.layer = map_layer(module, shape)
            if self.layer is None:
                raise NetworkError(
                    "Grad-CAM needs a layer that keeps a map of places; this network has none before its answer. "
                    "Integrated gradients and occlusion work for it."
                )

    def on(self, module: nn.Module) -> "Attribution":
        """Return the same method at the same layer of another network of the same architecture."""
        other = copy(self)
        other.module, other.integrated = module, []
        return other

    def maps(self, x: Tensor, targets: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return maps float32 (N, H, W) of normalised pictures x (N, C, H, W) for a class each, ``targets`` (N,).

        Larger is more evidence for the class; below 0 is evidence against it.
        """
        classes = torch.as_tensor(np.asarray(targets), dtype=torch.int64)
        self.integrated = []
        parts = (
            [self._batch(*pair) for pair in zip(torch.split(x, BATCH), torch.split(classes, BATCH))] if len(x) else []
        )
        return torch.cat(parts).numpy() if parts else np.zeros((0, *x.shape[2:]), np.float32)

    def _batch(self, x: Tensor, targets: Tensor) -> Tensor:
        if self.layer is not None:
            return grad_cam(self.module, x, targets, self.layer)
        if self.method == "guided-backpropagation":
            return guided_backpropagation(self.module, x, targets)
        if self.method == "occlusion":
            return torch.stack([occlusion(self.module, one, int(k)) for one, k in zip(x, targets)])
        found = [integrated_gradients(self.module, one, int(k)) for one, k in zip(x, targets)]
        self.integrated += found
        return torch.stack([one.values for one in found])


def check_method(method: str) -> None:
    """Refuse a name that is no method.

    Raises:
        InputError: there is none of that name.
    """
    if method not in METHODS:
        raise InputError(
            "There is no method {method}; there are {methods}.", method=repr(method), methods=", ".join(METHODS)
        )
