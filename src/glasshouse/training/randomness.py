"""Randomness of a step as a function of (seed, epoch, step): no global state is kept or left changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["seeded"]


@contextmanager
def seeded(device: torch.device, *numbers: int) -> Iterator[None]:
    """Within it, torch's random numbers (dropout) follow from ``numbers`` alone; afterwards the state is as before."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]) >> 1
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield
