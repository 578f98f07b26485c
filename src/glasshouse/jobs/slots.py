"""How many jobs of which kind are done at once."""

import os
import shutil
import subprocess
from dataclasses import dataclass

from glasshouse.store.records import JobKind

__all__ = ["Slot", "count_gpus", "slots"]


@dataclass(frozen=True)
class Slot:
    """A place for one job of some kinds; ``gpu`` is the number of the card it computes on."""

    name: str
    kinds: tuple[JobKind, ...]
    gpu: int | None = None


def slots(trainings: int | None = None) -> list[Slot]:
    """Return a slot a GPU for trainings (on CPU: ``trainings``, one where it is None), one for datasets, one for
    scoring and classifying, so that these need not wait for a long training.
    """
    gpus = count_gpus()
    if gpus and trainings is None:
        places = [Slot(f"gpu:{n}", (JobKind.TRAIN,), n) for n in range(gpus)]
    else:
        places = [Slot(f"train:{n}", (JobKind.TRAIN,)) for n in range(trainings or 1)]
    return [*places, Slot("data", (JobKind.DATASET,)), Slot("answer", (JobKind.EVALUATE, JobKind.CLASSIFY))]


def count_gpus() -> int:
    """Return how many NVIDIA cards the driver tells of; CUDA_VISIBLE_DEVICES limits them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([one for one in visible.split(",") if one.strip() not in ("", "-1")])
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    try:
        told = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines())
