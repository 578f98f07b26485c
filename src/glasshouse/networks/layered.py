"""Networks of layers as data (glasshouse.layers): built for training, read back from it."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glasshouse.errors import NetworkError
from glasshouse.layers import torch_engine
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.classifier import Classifier
from glasshouse.layers.holding import packed, unpacked
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import BatchNormalization
from glasshouse.layers.rewriting import two_columns
from glasshouse.layers.torch_network import TorchLayer, TorchNetwork
from glasshouse.networks.folding_layers import fold_layers
from glasshouse.networks.own import Head

__all__ = ["Layered", "is_norm", "key_of", "layered", "network_of", "own_names"]

BODY = "body.layers."


class Layered(nn.Module):
    """Layers as data, computed by torch: logits (N, K) of normalised pictures (N, C, H, W).

    ``body`` holds all layers but the last, ``head`` is the last one, a dense layer whose softmax is left to the loss.
    ``layers`` is what the whole is made from; it holds no weights. Scripts give the description itself.
    """

    def __init__(self, layers: Classifier | Mapping[str, Any]) -> None:
        super().__init__()
        self.layers = layers if isinstance(layers, Classifier) else Classifier.of(layers)
        net = self.layers.plan.architecture()  # of its own: what it draws is copied into the module and let go
        last = net.steps[-1]
        self.body = TorchNetwork(net.steps[:-1], last.inputs, net.holders, net.channels_last, live=False)
        self.head: nn.Module = _head(net, last.weights)

    @property
    def description(self) -> dict[str, Any]:
        """The layers as data that JSON can hold."""
        return self.layers.description

    def forward(self, x: Tensor) -> Tensor:
        if self.body.run.channels_last:
            x = torch_engine.to_outside(x)
        logits: Tensor = self.head(self.body(x))
        return logits

    def seed(self, *seeds: int) -> None:
        """Begin the draws of dropout and augmentation layers anew: they are functions of these numbers alone."""
        self.body.seed(*seeds)

    def frozen(self) -> list[nn.Parameter]:
        """The parameters of layers that do not learn."""
        layers = [layer for layer in self.body.layers.values() if isinstance(layer, TorchLayer) and not layer.learns]
        return [parameter for layer in layers for parameter in layer.parameters()]

    def folded(self) -> "Layered":
        """Return a copy for use in which convolutions hold the batch norm that follows them."""
        new = copy.deepcopy(self).eval()
        new.body = fold_layers(new.body)
        return new


def layered(layers: Classifier, dropout: float | None) -> Layered:
    """Return fitted layers with their first weights; ``dropout`` is before the last one if none of them drops.

    Raises:
        NetworkError: the weights do not fit into memory.
    """
    try:
        found = Layered(layers)
    except (MemoryError, ValueError, RuntimeError) as error:
        raise NetworkError(
            "{name} cannot be built here ({error}); make its largest layer smaller.", name=layers.net.name, error=error
        ) from None
    if dropout is not None and not layers.drops:
        found.head.dropout = dropout  # type: ignore[assignment]
    return found


def network_of(layers: Classifier, state: Mapping[str, Tensor]) -> Network:
    """Return the Network of level 3 with the weights that a trained module's ``state_dict`` holds."""
    net = Network.of(layers.plan)
    found = {}
    for name, holder in net.holders.items():
        last = name == net.steps[-1].weights
        for weight in holder.weights:
            value = state[key_of(weight.name, last, name)].detach().cpu().numpy()
            found[f"{name}/{weight.name}"] = value.T if last else unpacked(value, weight)
    net.set_weights(found)
    return net


def own_names(module: Layered, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return ``state`` with what ``Network.save`` wrote (``conv2d/kernel``, Keras' axes) under the module's names.

    What the optimizer kept is left out; other names stay as they are.
    """
    net = module.layers.net
    found: dict[str, Tensor] = {}
    for key, value in state.items():
        name, _, part = key.partition("/")
        weight = next((w for w in net.holders[name].weights if w.name == part), None) if name in net.holders else None
        if weight is None:
            found |= {} if key.startswith("optimizer/") else {key: value}
        elif name == net.steps[-1].weights:
            if value.shape[-1:] == (1,) and weight.shape[-1] == 2:  # one sigmoid, which is a softmax over two here
                value = torch.as_tensor(two_columns(np.asarray(value)))
            found[key_of(part, True, name)] = value.T if value.ndim == 2 else value
        else:
            same = value.ndim == len(weight.shape)
            array = packed(np.asarray(value), weight) if same and tuple(value.shape) == weight.shape else value
            found[key_of(part, False, name)] = torch.as_tensor(array)
    return found


def is_norm(module: nn.Module) -> bool:
    """Whether a module is batch normalisation: of torch, or a layer as data that learns."""
    if isinstance(module, TorchLayer):
        return isinstance(module.layer, BatchNormalization) and module.learns
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def key_of(part: str, last: bool, name: str) -> str:
    """The name that a module's ``state_dict`` has for a weight of a layer."""
    return f"head.{'weight' if part == 'kernel' else part}" if last else f"{BODY}{name}.{part}"


def _head(net: Architecture, name: str) -> Head:
    """The last layer: a kernel lies in memory as (K, F), as in the layer, so that it computes with the same bits."""
    arrays = net.holders[name].arrays()
    features, classes = arrays["kernel"].shape
    head = Head(features, classes, bias="bias" in arrays)
    head.weight = nn.Parameter(torch.from_numpy(np.ascontiguousarray(arrays["kernel"].T)))
    if "bias" in arrays:
        head.bias = nn.Parameter(torch.from_numpy(arrays["bias"]))
    return head
