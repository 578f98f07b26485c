"""A network of layers as a torch module: one small module a layer, run in order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from . import torch_engine
from .activations import activate
from .convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from .engine import Engine, Run
from .graph import Step
from .holding import Holder
from .layer import InputLayer, Layer
from .merging import ZeroPadding2D
from .pooling import AveragePooling2D
from .shapes import Pads

__all__ = ["TorchLayer", "TorchNetwork"]

F: Engine[Tensor] = torch_engine


class TorchLayer(nn.Module):
    """One layer with its weights, named as in Keras; weights that are not learned are buffers."""

    def __init__(self, layer: Layer, holder: Holder) -> None:
        super().__init__()
        self.layer = layer
        self.activation = getattr(layer, layer.activation_field, None)
        self.learns = True
        self.penalties = layer.penalties(weight.name for weight in holder.weights)
        values = holder.engine_arrays()
        for weight in holder.weights:
            tensor = _laid_out(values[weight.name])
            if weight.trainable:
                self.register_parameter(weight.name, nn.Parameter(tensor))
            else:
                self.register_buffer(weight.name, tensor)

    def held(self) -> dict[str, Tensor]:
        """Parameters and buffers by name."""
        return cast(dict[str, Tensor], {**self._parameters, **self._buffers})

    def put(self, name: str, value: np.ndarray) -> None:
        """Copy numbers into a parameter or buffer."""
        with torch.no_grad():
            self.held()[name].copy_(torch.from_numpy(value))

    def learn(self, learns: bool) -> None:
        """Whether the layer learns; one that does not also leaves its moving statistics alone."""
        self.learns = learns
        for parameter in self._parameters.values():
            if parameter is not None:
                parameter.requires_grad_(learns)

    def forward(self, *xs: Tensor, run: Run, bare: bool = False, around: Pads | None = None) -> Tensor:
        if around is not None or (run.training and not self.learns):
            run = replace(run, training=run.training and self.learns, around=around)
        y = self.layer.compute(F, self.held(), xs, run)
        y = y if bare or self.activation is None else activate(F, self.activation, y, run)
        if "" in self.penalties:
            run.penalties.append(self.penalties[""].of(y) / len(y))
        return y

    def extra_repr(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in self.layer.settings().items())
        return f"{type(self.layer).__name__}({settings})"


class TorchNetwork(nn.Module):
    """A network of layers; arrays come in and go out in its layout (channels_last: (N, H, W, C)).

    It calls the kernels that torch's own modules call: zeros around a picture go into the convolution after them. Until
    `seed` is called, dropout draws from torch's own generator, as torch's modules do.
    """

    def __init__(
        self, steps: Sequence[Step], outputs: Sequence[int], holders: dict[str, Holder], channels_last: bool, live: bool
    ) -> None:
        super().__init__()
        self.run = Run(False, channels_last)
        self.layers = nn.ModuleDict()
        self.outputs = tuple(outputs)
        self.inputs = count = sum(isinstance(step.layer, InputLayer) for step in steps)
        last_use = {i: number for number, step in enumerate(steps) for i in step.inputs}
        self.plan: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []
        for number, step in enumerate(steps[count:], start=count):
            if step.weights not in self.layers:
                self.layers[step.weights] = _layer(step.layer, holders[step.weights], live)
            done = tuple(i for i in set(step.inputs) if last_use[i] == number and i not in self.outputs)
            self.plan.append((step.weights, step.inputs, done))
        self.around, self.passed = _paddings(steps, self.outputs, count)
        self.train(False)

    def penalty(self) -> Tensor | None:
        """What the regularizers add to the loss of the last batch; None if there are none."""
        parts = [*self.run.penalties]
        self.run.penalties.clear()
        for layer in cast(list[TorchLayer], list(self.layers.values())):
            parts += [part.of(layer.held()[name]) for name, part in layer.penalties.items() if name]
        return sum(parts[1:], parts[0]) if parts else None

    def seed(self, *seeds: int) -> None:
        """Begin the draws of dropout anew."""
        self.run.random = np.random.default_rng(seeds)

    def forward(self, *xs: Tensor, logits: bool = False) -> Any:
        """The outputs; with ``logits`` the last layer's activation is left out."""
        last = self.run.channels_last
        self.run.training = self.training
        self.run.penalties.clear()
        values: list[Any] = [torch_engine.to_inside(x) if last and x.ndim == 4 else x for x in xs]
        layers, run, final = self.layers._modules, self.run, len(self.plan) - 1
        for number, (name, inputs, done) in enumerate(self.plan):
            if number in self.passed:
                values.append(values[inputs[0]])
            else:
                layer: Any = layers[name]
                extra = {"around": self.around[number]} if number in self.around else {}
                values.append(layer(*[values[i] for i in inputs], run=run, bare=logits and number == final, **extra))
            for i in done:
                values[i] = None  # nothing is held longer than it is needed
        found = [values[i] for i in self.outputs]
        found = [torch_engine.to_outside(y) if last and y.ndim == 4 else y for y in found]
        return found[0] if len(found) == 1 else tuple(found)


def _laid_out(value: np.ndarray) -> Tensor:
    """A tensor; kernels (D, K) lie in memory as torch's own dense layers hold theirs, (K, D)."""
    return torch.from_numpy(np.ascontiguousarray(value.T)).t() if value.ndim == 2 else torch.from_numpy(value)


def _paddings(steps: Sequence[Step], outputs: Sequence[int], first: int) -> tuple[dict[int, Pads], set[int]]:
    """Which entries of the plan add the zeros of the ZeroPadding2D before them, and which of these are passed over."""
    uses = Counter(i for step in steps for i in step.inputs)
    around, passed = {}, set()
    for number, step in enumerate(steps):
        before = steps[step.inputs[0]] if step.inputs else step
        alone = bool(step.inputs) and uses[step.inputs[0]] == 1 and step.inputs[0] not in outputs
        if alone and isinstance(before.layer, ZeroPadding2D) and _takes(before.layer.padding, step.layer):
            around[number - first] = before.layer.padding
            passed.add(step.inputs[0] - first)
    return around, passed


def _takes(pads: Pads, layer: Layer) -> bool:
    """Whether a layer's kernel can add these zeros itself: as many on both sides."""
    (top, bottom), (left, right) = pads
    if top != bottom or left != right or getattr(layer, "padding", None) != "valid":
        return False
    if isinstance(layer, AveragePooling2D):
        return bool(2 * top <= layer.pool_size[0] and 2 * left <= layer.pool_size[1])
    return isinstance(layer, Conv2D | DepthwiseConv2D | SeparableConv2D)


def _layer(layer: Layer, holder: Holder, live: bool) -> TorchLayer:
    if live and holder.module is not None:
        return holder.module  # type: ignore[no-any-return]
    module = TorchLayer(layer, holder)
    module.learn(holder.trainable)
    if live:
        holder.module = module
    return module
