"""A moving average of the weights, which is evaluated and kept in their place (Polyak and Juditsky 1992)."""

import copy

import torch
from torch import nn

__all__ = ["MovingAverage"]


class MovingAverage:
    """A copy of ``module`` whose every floating value follows a ← d·a + (1-d)·w.

    The first steps use d = min(decay, (1+n)/(10+n)) after n updates, so that the random start is soon forgotten.
    Whole numbers (the counters of batch norm) are copied.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(module).requires_grad_(False).eval()
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take in the weights of ``module`` after a step."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        source = module.state_dict()
        for name, average in self.module.state_dict().items():
            if average.is_floating_point():
                average.lerp_(source[name], 1 - decay)
            else:
                average.copy_(source[name])
