"""How each layer learns: its gradient, how far a step moves its weights, dead units and the spread of its weights.

Taken at about thirty steps of a run, and only read: the training has the same bits with and without it. A run of few
steps takes none, and one is passed over where they would take more than two percent of the time.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from glasshouse.events import LayersMeasured
from glasshouse.layers.torch_network import TorchLayer

__all__ = ["LayerMeasures", "measured_steps", "weights_of"]

WANTED = 30  # measures of a run
APART = 25  # steps between two, at least
SHARE = 0.02  # of the time of the training
BINS = 24
SAMPLED = 20_000  # weights of a layer that its histogram counts
PREFIX = "body.layers."


def measured_steps(total: int) -> int:
    """Return after how many steps a run of ``total`` steps is measured each time; 0: never.

    >>> measured_steps(24), measured_steps(100), measured_steps(3000)
    (0, 25, 100)
    """
    return 0 if total < APART else max(APART, total // WANTED)


def weights_of(module: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights (not biases or norms) that learn, by the name of their layer."""
    found = {}
    for name, value in module.named_parameters():
        if value.requires_grad and value.ndim >= 2:
            layer, _, last = name.rpartition(".")
            short = layer.removeprefix(PREFIX) or last
            found[short if short not in found else name] = value
    return found


class LayerMeasures:
    """Watches the steps of a run of ``total`` steps; ``taken`` has the measure of the step that was just done."""

    def __init__(self, total: int) -> None:
        self.every = measured_steps(total)
        self.spent = 0.0
        self.taken: LayersMeasured | None = None
        self._begun = time.monotonic()

    @contextmanager
    def watched(self, module: nn.Module, step: int, epoch: int) -> Iterator[None]:
        """Measure the step number ``step`` (from 1) that is taken within, if it is its turn."""
        self.taken = None
        if not self._due(step):
            yield
            return
        begin = time.monotonic()
        weights = weights_of(module)
        before = {name: value.detach().clone() for name, value in weights.items()}
        dead, hooks = _watch_units(module)
        self.spent += time.monotonic() - begin
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
        begin = time.monotonic()
        self.taken = LayersMeasured(step, epoch, _layers(weights, before, dead))
        self.spent += time.monotonic() - begin

    def _due(self, step: int) -> bool:
        if not self.every or step % self.every:
            return False
        return self.spent <= SHARE * (time.monotonic() - self._begun)


def _layers(
    weights: dict[str, nn.Parameter], before: dict[str, Tensor], dead: dict[str, Tensor]
) -> Sequence[dict[str, Any]]:
    with torch.no_grad():
        known = [name for name, value in weights.items() if value.grad is not None]
        rows = []
        for name in known:
            value, old, gradient = weights[name].detach(), before[name], weights[name].grad
            if gradient is not None:
                norms = [gradient.float().norm(), (value - old).float().norm(), old.float().norm()]
                rows.append(torch.stack([*norms, value.float().abs().max()]))
        numbers = torch.stack(rows).tolist() if rows else []
        found = []
        for name, (gradient_norm, moved, size, largest) in zip(known, numbers):
            flat = weights[name].detach().float().reshape(-1)
            flat = flat[:: max(1, len(flat) // SAMPLED)]
            counts = torch.histc(flat, BINS, -largest, largest).int().tolist() if 0 < largest < float("inf") else []
            found.append({"name": name, "gradient": gradient_norm, "update": moved / size if size else None,
                          "weights": {"largest": largest, "counts": counts}})  # fmt: skip
        shares = {name: float(alive.logical_not().float().mean()) for name, alive in dead.items()}
    return [*found, *({"name": name, "dead": share} for name, share in shares.items())]


def _watch_units(module: nn.Module) -> tuple[dict[str, Tensor], list[RemovableHandle]]:
    """Note which channels or units of the layers that rectify are above 0 somewhere in the step's pictures."""
    alive: dict[str, Tensor] = {}

    def hook_of(name: str) -> Any:
        def hook(_: nn.Module, __: Any, y: Any) -> None:
            if isinstance(y, Tensor) and y.ndim in (2, 4):
                found = (y.detach() != 0).movedim(1, 0).flatten(1).any(1)
                alive[name] = alive[name] | found if name in alive else found

        return hook

    hooks = [one.register_forward_hook(hook_of(name.removeprefix(PREFIX)))
             for name, one in module.named_modules() if _rectifies(one)]  # fmt: skip
    return alive, hooks


def _rectifies(module: nn.Module) -> bool:
    if isinstance(module, TorchLayer):
        return str(module.activation) in ("relu", "relu6")
    return isinstance(module, nn.ReLU | nn.ReLU6)
