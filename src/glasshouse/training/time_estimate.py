"""How fast and in how much memory this machine trains: measured by training for some seconds, or read off a run."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
import torch

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.events import Event, StepDone
from glasshouse.export.inference import Inference
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import train
from glasshouse.training.setup import gather

__all__ = ["Pace", "measure", "pace_of_run", "peak_memory"]

STEPS = 12  # of training that are timed at most
LOOKED_AT = 64  # pictures of one timed look


@dataclass(frozen=True)
class Pace:
    """Seconds a picture: ``learn`` to train on it, ``frozen`` with all but the head fixed, ``look`` only to look at it.

    ``start`` are the seconds that a training takes beside its pictures; ``memory`` bytes at the most, of ``device``.
    """

    learn: float
    frozen: float
    look: float
    start: float
    memory: int
    device: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def measure(recipe: TrainingRecipe, seconds: float = 3.0, place: Path | None = None) -> Pace:
    """Train on the recipe's dataset for at most about ``seconds``, in a folder that is dropped, and return the pace.

    That folder is made in ``place``, or where the system keeps temporary files. Weights do not change the pace, so none
    are loaded.

    Raises:
        InputError: the recipe, dataset or network cannot be used.
    """
    dataset = open_dataset(recipe.data)
    plain = recipe.replace(weights="none", strategy="scratch", fingerprint=None, early_stopping=None, epochs=1000)
    if recipe.strategy == "features":  # only the look at each picture counts
        plain = plain.replace(augmentation={})
    look, device = _look(plain, dataset)
    learn = frozen = look
    if recipe.strategy != "features":
        learn = _learn(plain, seconds, place)
    if recipe.strategy == "fine-tune" and recipe.freeze_epochs:
        tuned = plain.replace(strategy="fine-tune", weights=recipe.weights, freeze_epochs=1000)
        frozen = _learn(tuned, seconds / 2, place)
    lived = time.time() - psutil.Process().create_time()
    return Pace(learn, frozen, look, max(1.0, min(lived - seconds, 20.0)), peak_memory(device), device)


def pace_of_run(run: Path, memory: int, job_seconds: float) -> Pace | None:
    """Return the pace of the finished run in the folder ``run``; None if it was too short to tell."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    facts = {event["type"]: event for event in events}
    learn: list[float] = []
    looked: list[float] = []
    frozen: list[float] = []
    for epoch, steps in _epochs(events):
        gaps = [after["seconds"] - before["seconds"] for before, after in pairwise(steps)]
        if gaps:
            (frozen if epoch["phase"] == "frozen" else learn).append(median(gaps) / recipe["batch_size"])
            looked.append(max(0.0, epoch["seconds"] - steps[-1]["seconds"]))
    if not learn or recipe["strategy"] == "features" or "run-finished" not in facts:
        return None
    held = max(1, _validation_pictures(run, recipe))
    look = median(looked) / held
    rest = max(1.0, job_seconds - facts["run-finished"]["seconds"] - 2 * held * look)
    device = str(facts["run-started"]["device"])
    fixed = median(frozen) if frozen else look
    return Pace(median(learn), fixed, look, rest, memory, device)


def _look(recipe: TrainingRecipe, dataset: Dataset) -> tuple[float, str]:
    """Return the seconds to look at one picture, and the device."""
    resources = gather(recipe.resolved(), dataset)
    split = dataset.splits["train"]
    rows = split.rows(np.arange(min(LOOKED_AT, len(split))))
    inference = Inference(resources.built.module, rows.shape[1:], engine=resources.recipe.engine or "torch")
    inference.probabilities(rows[:1], resources.mean, resources.std)
    begin = time.perf_counter()
    inference.probabilities(rows, resources.mean, resources.std)
    return (time.perf_counter() - begin) / len(rows), str(resources.device)


def _learn(recipe: TrainingRecipe, seconds: float, place: Path | None) -> float:
    """Return the median seconds to train on one picture; the first step is not counted."""
    with (
        tempfile.TemporaryDirectory(prefix="glasshouse-pace-", dir=place) as folder,
        closing(train(recipe, Path(folder) / "run", with_weights=False)) as events,  # type: ignore[type-var]
    ):
        moments = list(_moments(events, seconds))
    gaps = [after - before for before, after in pairwise(moments)]
    return median(gaps or [seconds]) / recipe.batch_size


def _moments(events: Iterable[Event], seconds: float) -> Iterator[float]:
    begin, count = time.perf_counter(), 0
    for event in events:
        if isinstance(event, StepDone):
            yield event.seconds
            count += 1
            if count > STEPS or (count > 2 and time.perf_counter() - begin > seconds):
                return


def peak_memory(device: str) -> int:
    """Return the bytes that this process held at the most, of the GPU where it computes there."""
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_reserved())
    with suppress(OSError, KeyError):  # Linux, whose ru_maxrss counts what the process held that started this one
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(dict(line.split(":") for line in lines)["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _epochs(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield each epoch with its steps."""
    steps: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "step":
            steps.append(event)
        elif event["type"] == "epoch":
            if steps:
                yield event, steps
            steps = []


def _validation_pictures(run: Path, recipe: dict[str, Any]) -> int:
    try:
        return int(json.loads((run / "report-val.json").read_text(encoding="utf-8"))["count"])
    except (OSError, ValueError, KeyError):
        return 1
