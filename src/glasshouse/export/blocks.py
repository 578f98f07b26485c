"""Rows computed in blocks of one size, a thread a block: what makes answers the same alone and among many.

Why, and for torch, see ``inference.py``. Here is what needs no torch.
"""

import os
import sys

import numpy as np
from numpy.typing import NDArray

__all__ = ["pictures_a_block", "softmax", "threads"]

# a CPU is nearly as fast by twos as by dozens (measured: 92-100 % for four networks at 224x224), and one picture
# alone costs a whole block
BLOCK_PIXELS = {"cpu": 2 * 224 * 224, "other": 64 * 224 * 224}
BLOCK_LIMITS = {"cpu": (2, 32), "other": (16, 256)}


def pictures_a_block(height: int, width: int, kind: str = "cpu") -> int:
    """Return how many rows are computed at once: 2 of 224x224 on a CPU, up to 32 small ones; more elsewhere."""
    least, most = BLOCK_LIMITS[kind]
    return max(least, min(most, BLOCK_PIXELS[kind] // (height * width)))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a probability for each class, float32 (n, K), computed in float64 (with the bits of NumPy, not torch)."""
    z = logits.astype(np.float64)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = (e / e.sum(axis=1, keepdims=True)).astype(np.float32)
    return found


def threads() -> int:
    """Return how many blocks are computed side by side: as many as torch would, which is asked if it is there."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_num_threads"):
        return int(torch.get_num_threads())
    told = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(told)) if told.isdigit() else cores
