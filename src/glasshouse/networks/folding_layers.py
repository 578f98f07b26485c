"""Batch norm folded into the convolution before it, in networks of layers: the arithmetic that torch's modules get."""

import copy
from collections import Counter
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from glasshouse.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from glasshouse.layers.normalization import BatchNormalization
from glasshouse.layers.torch_network import TorchLayer, TorchNetwork

__all__ = ["fold_layers"]

KERNELS: dict[type, str] = {Conv2D: "kernel", DepthwiseConv2D: "kernel", SeparableConv2D: "pointwise_kernel"}


class Nothing(nn.Module):
    """The place of a layer that another has taken in."""

    def forward(self, *xs: torch.Tensor, run: Any, bare: bool = False) -> Any:
        return xs[0]


def fold_layers(network: TorchNetwork) -> TorchNetwork:
    """Return a copy for use in which convolutions hold the batch norm that follows them."""
    new = copy.deepcopy(network).eval()
    inputs = new.inputs
    names = {number: name for number, (name, _, _) in enumerate(new.plan, start=inputs)}
    taken = Counter(source for _, sources, _ in new.plan for source in sources) + Counter(new.outputs)
    used = Counter(names.values())
    for name, (source, *_), _ in new.plan:
        before = names.get(source, "")
        if used[name] == used[before] == taken[source] == 1:
            _fold(new.layers, before, name)
    return new


def _fold(layers: nn.ModuleDict, before: str, name: str) -> None:
    """Take y = γ (W x + b - μ) / √(σ² + ε) + β into W and b, if ``before`` is a convolution that gives W x + b."""
    convolution, norm = layers[before], layers[name]
    if not (isinstance(norm, TorchLayer) and isinstance(norm.layer, BatchNormalization)):
        return
    if not (isinstance(convolution, TorchLayer) and type(convolution.layer) in KERNELS) or convolution.activation:
        return
    kernel = KERNELS[type(convolution.layer)]
    held, w = norm.held(), convolution.held()
    moving = held["moving_mean"], held["moving_variance"]
    with torch.no_grad():
        weight, bias = fuse_conv_bn_weights(
            w[kernel], w.get("bias"), *moving, norm.layer.epsilon, held.get("gamma"), held.get("beta")
        )
    convolution.register_parameter(kernel, weight)
    convolution.register_parameter("bias", bias)
    layers[name] = Nothing()
