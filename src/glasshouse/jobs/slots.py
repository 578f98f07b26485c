"""How many jobs of which kind are done at once, and on which GPU."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.store.choices import Choices
from glasshouse.store.records import JobKind

__all__ = ["Slot", "gpus", "slots"]

TRAININGS = (JobKind.TRAIN, JobKind.SEARCH)
ANSWERS = (JobKind.EVALUATE, JobKind.CLASSIFY, JobKind.WEIGHTS, JobKind.EXPLAIN, JobKind.EXPORT)


@dataclass(frozen=True)
class Slot:
    """A place for one job of some kinds; its process gets ``gpu``, a number or UUID, as CUDA_VISIBLE_DEVICES."""

    name: str
    kinds: tuple[JobKind, ...]
    gpu: str | None = None


def slots(choices: Choices | None = None, devices: Sequence[str] | None = None) -> list[Slot]:
    """Return the slots for trainings, for datasets, and for scoring and classifying, which wait for no training.

    Trainings: one a GPU, or ``choices.trainings`` dealt out to the GPUs in turns; without GPU that many on the
    processor, or one. ``devices`` are the GPUs; None asks the driver.
    """
    choices = choices or Choices()
    devices = gpus() if devices is None else devices
    count = choices.trainings or len(devices) or 1
    if devices:
        places = [Slot(_name("gpu", n, devices), TRAININGS, devices[n % len(devices)]) for n in range(count)]
    else:
        places = [Slot(f"train:{n}", TRAININGS) for n in range(count)]
    places += [Slot(f"data:{n}", (JobKind.DATASET,)) for n in range(choices.datasets)]
    return places + [Slot(f"answer:{n}", ANSWERS) for n in range(choices.answers)]


def gpus() -> tuple[str, ...]:
    """Return the NVIDIA cards as CUDA_VISIBLE_DEVICES names them: those in it, or all that the driver reports."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        named = [one.strip() for one in visible.split(",")]
        return tuple(named[: named.index("-1")] if "-1" in named else [one for one in named if one])
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        told = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    count = sum(line.startswith("GPU ") for line in told.stdout.splitlines())
    return tuple(map(str, range(count)))


def _name(word: str, number: int, devices: Sequence[str]) -> str:
    """Return gpu:0, gpu:1, and for a second job on the first card gpu:0.2."""
    turn, device = divmod(number, len(devices))
    return f"{word}:{device}" + (f".{turn + 1}" if turn else "")
