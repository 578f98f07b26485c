"""``glasshouse.jobs.child`` with a fault built in, which the environment variable FAULT names."""

import os
import sys
from typing import Any

import glasshouse.jobs.child as child
from glasshouse.training.state import TrainingState

WORKING = TrainingState.train_step
STEPS = 8  # before the fault


def broken(self: TrainingState, *given: Any) -> Any:
    if self.position.step >= STEPS:
        if os.environ["FAULT"] == "gpu" and os.environ.get("CUDA_VISIBLE_DEVICES") == "1":
            raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with more words.")
        if os.environ["FAULT"] == "memory":
            raise MemoryError
    return WORKING(self, *given)


if __name__ == "__main__":
    TrainingState.train_step = broken  # type: ignore[method-assign]
    if os.environ["FAULT"] == "no-look-at-the-disk":
        child.check_space = lambda store, job: None
    sys.exit(child.main(*sys.argv[1:4]))
