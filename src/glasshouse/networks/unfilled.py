"""Building without drawing random numbers: for weights that are read afterwards, or of which only shapes are asked."""

from collections.abc import Collection
from typing import Any

from torch.overrides import TorchFunctionMode

__all__ = ["DRAWN", "Unfilled"]

DRAWN = frozenset({"normal_", "uniform_", "trunc_normal_", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_",
                   "xavier_uniform_"})  # fmt: skip


class Unfilled(TorchFunctionMode):
    """Within it the operations ``names`` leave a tensor as it is: those that draw, or also what follows on them."""

    def __init__(self, names: Collection[str] = DRAWN) -> None:
        super().__init__()
        self.names = names

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if getattr(func, "__name__", "") in self.names:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
