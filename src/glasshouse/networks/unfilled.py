"""Building without drawing random numbers: for weights that are read afterwards, or of which only shapes are asked."""

from collections.abc import Collection
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

__all__ = ["DRAWN", "Unfilled"]

DRAWN = frozenset({"normal_", "uniform_", "trunc_normal_", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_",
                   "xavier_uniform_"})  # fmt: skip


CENTRES = {"normal_": "mean", "uniform_": "from"}  # what these fill a tensor with: a number that they could draw


class Unfilled(TorchFunctionMode):
    """Within it nothing is drawn: the operations ``names`` leave a tensor as it is.

    ``normal_`` and ``uniform_`` fill it with one number, since who draws until all is within bounds (torch's
    ``trunc_normal_``) would draw for ever from memory that was never written.
    """

    def __init__(self, names: Collection[str] = DRAWN) -> None:
        super().__init__()
        self.names = names

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given, name = kwargs or {}, getattr(func, "__name__", "")
        if name not in self.names:
            return func(*args, **given)
        tensor: torch.Tensor = args[0] if args else given["tensor"]
        if name in CENTRES:
            centre = args[1] if len(args) > 1 else given.get(CENTRES[name], given.get("a", 0.0))
            with torch.no_grad():
                tensor.fill_(centre)
        return tensor
