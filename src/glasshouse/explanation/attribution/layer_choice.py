"""Which layer Grad-CAM looks at: it follows from the shapes that a network's layers give.

Shapes: N pictures, C channels, h and w of a layer's grid, T tokens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

__all__ = ["MapLayer", "map_layer", "watched"]

PREFIX = range(9)  # tokens before those of the picture: of the class, of a distillation, registers


@dataclass(frozen=True)
class MapLayer:
    """A layer whose output lies on a grid over the picture: ``name`` in the module, ``height`` x ``width`` places.

    ``order`` says where they are: ``NCHW``, ``NHWC``, or ``tokens`` (N, T, C), whose last ones are the places row by
    row.
    """

    name: str
    order: Literal["NCHW", "NHWC", "tokens"]
    height: int
    width: int

    def folded(self, values: Tensor) -> Tensor:
        """Return the layer's output as maps (N, C, h, w)."""
        if self.order == "tokens":
            values = values[:, -self.height * self.width :].reshape(len(values), self.height, self.width, -1)
        return values if self.order == "NCHW" else values.permute(0, 3, 1, 2)


def map_layer(module: nn.Module, shape: tuple[int, int, int]) -> MapLayer | None:
    """Return the last layer that keeps a map of places and passes a gradient to them; None if there is none.

    That is the last map (N, C, h, w) of at least 2x2 places. A vision transformer keeps tokens instead: of it the last
    norm is taken whose tokens of the picture get a gradient (if the answer is read off the class token, that is the
    norm before the last attention). Found with one picture of noise of ``shape`` (C, H, W).
    """
    x = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0))
    outputs: list[tuple[str, nn.Module, Tensor]] = []
    with _each_output(module, outputs):
        logits = module(x.requires_grad_())
    nhwc = getattr(module, "output_fmt", "NCHW") == "NHWC"
    found = [(layer, y) for name, part, y in outputs if not _pools_up(part)
             and (layer := _layer(name, y, shape, nhwc, _is_norm(name, part))) is not None]  # fmt: skip
    by_tokens = bool(found) and found[-1][0].order == "tokens"
    chosen = [(layer, y) for layer, y in found if (layer.order == "tokens") == by_tokens]
    some = (logits * torch.arange(1, logits.shape[1] + 1)).sum()  # of all classes: one alone may depend on nothing
    gradients = torch.autograd.grad(some, [y for _, y in chosen], allow_unused=True) if chosen else ()
    for (layer, _), gradient in zip(reversed(chosen), reversed(gradients)):
        if gradient is not None and bool(layer.folded(gradient).any()):
            return layer
    return None


def watched(module: nn.Module, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the layer ``name`` gives for x (N, C, H, W), and the logits (N, K), with the graph between them.

    Of a layer that is called several times it is the last call. What follows works on a copy, so that a layer which
    changes its input in place does not change what was seen.
    """
    seen: list[Tensor] = []

    def see(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        seen.append(output)
        return output.clone()

    hook = module.get_submodule(name).register_forward_hook(see)
    try:
        logits = module(x.detach().clone().requires_grad_().clone())
    finally:
        hook.remove()
    return seen[-1], logits


@contextmanager
def _each_output(module: nn.Module, outputs: list[tuple[str, nn.Module, Tensor]]) -> Iterator[None]:
    """Within it every layer adds its name and what it gives, in the order in which they are done."""

    def hook_of(name: str) -> Any:
        def see(part: nn.Module, _: Any, output: Any) -> Any:
            if not isinstance(output, Tensor) or not output.requires_grad:
                return output
            outputs.append((name, part, output))
            return output.clone()

        return see

    hooks = [part.register_forward_hook(hook_of(name)) for name, part in module.named_modules() if name]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _layer(name: str, y: Tensor, shape: tuple[int, int, int], nhwc: bool, is_norm: bool) -> MapLayer | None:
    if len(y) != 1:  # windows of a picture, as Swin has them
        return None
    if y.ndim == 4:
        maps = [MapLayer(name, "NCHW", y.shape[2], y.shape[3]), MapLayer(name, "NHWC", y.shape[1], y.shape[2])]
        return next((layer for layer in (reversed(maps) if nhwc else maps) if _alike(layer, shape)), None)
    grid = _grid(y.shape[1], shape) if y.ndim == 3 and is_norm else None
    return None if grid is None else MapLayer(name, "tokens", *grid)


def _alike(layer: MapLayer, shape: tuple[int, int, int]) -> bool:
    """Whether a grid is shaped as the picture; else it is no map, but a table of attention or the other order."""
    h, w = layer.height, layer.width
    return min(h, w) > 1 and abs(h * shape[2] - w * shape[1]) <= max(shape[1:])


def _grid(tokens: int, shape: tuple[int, int, int]) -> tuple[int, int] | None:
    """Return the grid (h, w), shaped as the picture, that this many tokens are, without a few at the front."""
    _, H, W = shape
    for places in (tokens - count for count in PREFIX if tokens - count > 3):
        h = round((places * H / W) ** 0.5)
        if places % h == 0 and h * W == (places // h) * H and places // h > 1:
            return h, places // h
    return None


def _is_norm(name: str, part: nn.Module) -> bool:
    kind = type(getattr(part, "layer", part)).__name__
    return "norm" in kind.lower() or (kind != "Identity" and name.rpartition(".")[2].startswith("norm"))


def _pools_up(part: nn.Module) -> bool:
    """Whether it may make a map larger again by repeating it, as VGG's last pooling does with small pictures."""
    return isinstance(part, nn.AdaptiveAvgPool2d | nn.Upsample)
