"""The layers of a network as it computes: each has one name, the same in every command and in ``summary()``.

A network of layers as data has the names of its layers; one of torch modules has the modules' own paths, such as
``layer1.0.conv2``. What is called again in one pass gets a number: ``layer1.0.relu:2``.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from glasshouse.errors import InputError
from glasshouse.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from glasshouse.layers.torch_network import TorchLayer
from glasshouse.networks.layered import Layered

__all__ = ["Call", "Convolution", "check_layer", "convolutions", "layer_names", "watching"]

CONVOLUTIONS = (Conv2D, DepthwiseConv2D, SeparableConv2D)


@dataclass(frozen=True, eq=False)
class Call:
    """One layer at work: what went in and what came out, (N, C, H, W), (N, F) or (N, tokens, F)."""

    name: str
    module: nn.Module
    inputs: tuple[Any, ...]
    output: Tensor

    @property
    def kind(self) -> str:
        """What kind of layer it is: the class of the layer or module."""
        return type(self.module.layer if isinstance(self.module, TorchLayer) else self.module).__name__

    @property
    def parameters(self) -> int:
        """How many numbers it holds; of a layer as data with the moving statistics, as ``summary()`` counts."""
        if ":" in self.name:
            return 0
        if isinstance(self.module, TorchLayer):
            return sum(value.numel() for value in self.module.held().values())
        own = list(self.module.children())
        return sum(p.numel() for p in self.module.parameters(recurse=not own))


@dataclass(frozen=True)
class Convolution:
    """A convolution by its name; ``seen`` is the layer whose output is its response: itself, or the norm after it."""

    name: str
    seen: str
    filters: int
    height: int
    width: int


@contextmanager
def watching(network: nn.Module, see: Callable[[Call], None]) -> Iterator[None]:
    """Call ``see`` for every layer whenever ``network`` computes, in the order in which they compute."""
    names, counts = _names(network), Counter[str]()

    def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        found = output[0] if isinstance(output, tuple) and output else output
        if isinstance(found, Tensor) and found.is_floating_point() and found.ndim >= 2:
            known = names[module]
            turn = counts[known[0]]
            counts[known[0]] += 1
            name = known[turn] if turn < len(known) else f"{known[-1]}:{turn + 2 - len(known)}"
            see(Call(name, module, inputs, found))

    hooks = [network.register_forward_pre_hook(lambda *_: counts.clear())]
    hooks += [module.register_forward_hook(hook) for module in names]
    try:
        yield
    finally:
        for one in hooks:
            one.remove()


def layer_names(network: nn.Module, x: Tensor) -> tuple[str, ...]:
    """Return the names of all layers in the order in which they compute a batch x (N, C, H, W)."""
    found: list[str] = []
    with watching(network, lambda call: found.append(call.name)), torch.no_grad():
        network(x)
    return tuple(found)


def convolutions(network: nn.Module, x: Tensor) -> tuple[Convolution, ...]:
    """Return the convolutions in the order in which they compute a batch x (N, C, H, W).

    Where batch normalisation takes a convolution's output, its own output is the response: it may turn the sign.
    """
    found: list[Call] = []
    seen: dict[str, str] = {}
    with watching(network, lambda call: _follow(call, found, seen)), torch.no_grad():
        network(x)
    return tuple(Convolution(call.name, seen[call.name], *map(int, call.output.shape[1:])) for call in found)


def check_layer(name: str, names: Sequence[str]) -> str:
    """Return ``name`` if it is one of ``names``.

    Raises:
        InputError: it is not; the names are listed.
    """
    if name not in names:
        raise InputError("there is no layer {name}; there are {names}", name=repr(name), names=", ".join(names))
    return name


def is_convolution(module: nn.Module) -> bool:
    """Whether a module is a convolution over pictures."""
    if isinstance(module, TorchLayer):
        return isinstance(module.layer, CONVOLUTIONS)
    return isinstance(module, nn.Conv2d)


def _follow(call: Call, found: list[Call], seen: dict[str, str]) -> None:
    if is_convolution(call.module) and call.output.ndim == 4:
        found.append(call)
        seen[call.name] = call.name
    elif _normalises(call.module) and found and call.inputs and call.inputs[0] is found[-1].output:
        seen[found[-1].name] = call.name


def _normalises(module: nn.Module) -> bool:
    if isinstance(module, TorchLayer):
        return type(module.layer).__name__ == "BatchNormalization"
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def _names(network: nn.Module) -> dict[nn.Module, list[str]]:
    """The modules to watch, each with its names in the order of its calls."""
    if isinstance(network, Layered):
        return _layer_names(network)
    return {
        module: [name]
        for name, module in network.named_modules()
        if name and not isinstance(module, nn.Identity) and _computes(module)
    }


def _computes(module: nn.Module) -> bool:
    """Whether a module does something itself: it has no parts, or weights beside them."""
    return next(module.children(), None) is None or next(module.parameters(recurse=False), None) is not None


def _layer_names(network: Layered) -> dict[nn.Module, list[str]]:
    net, found = network.layers.net, dict[nn.Module, list[str]]()
    steps = net.steps[network.body.inputs : -1]
    for number, step in enumerate(steps):
        if number not in network.body.passed:
            found.setdefault(network.body.layers[step.weights], []).append(step.name)
    found[network.head] = [net.steps[-1].name]
    return found
