"""Runs on tiny pictures, and their scripts run in this process."""

import contextlib
import io
import json
import runpy
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from glasshouse.data.prepare import create_dataset
from glasshouse.events import EpochDone, StepDone
from glasshouse.ladder.levels import run_code
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.loop import train

__all__ = ["Run", "run_scripts", "tiny", "train_one"]


@dataclass(frozen=True)
class Run:
    """A finished run and what it told."""

    path: Path
    losses: list[float]
    history: list[list[float | None]]
    best: int


def tiny(out: Path, size: int = 16, count: int = 28) -> Path:
    """Noise in three colours; the last batch of 8 of an epoch is smaller."""
    draw, source = np.random.default_rng(7), out.with_name(out.name + "-pictures")
    for number in range(count):
        picture = draw.integers(0, 90, (size, size, 3))
        picture[:, :, number % 3] += 60
        folder = source / ("red", "green", "blue")[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{number:04d}.png")
    create_dataset(DatasetRecipe(source=str(source), width=size, height=size, valid=0.3, twins=False), out)
    return out


def train_one(path: Path, data: Path, **fields: Any) -> Run:
    recipe = TrainingRecipe(**{"data": str(data), "batch_size": 8, "epochs": 2, "device": "cpu", **fields})
    events = list(train(recipe, path))
    losses = [event.loss for event in events if isinstance(event, StepDone)]
    epochs = [event for event in events if isinstance(event, EpochDone)]
    history = [[event.train_loss, event.valid_loss, event.valid_accuracy] for event in epochs]
    best = json.loads((path / "events.jsonl").read_text().splitlines()[-1])["best_epoch"]
    return Run(path, losses, history, best)


def run_scripts(runs: Mapping[str, Run], level: str, folder: Path) -> dict[str, Any]:
    """What the scripts of these runs say, each run in this process, far from the runs."""
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _run(run, level, folder / f"{name}.py") for name, run in runs.items()}


def _run(run: Run, level: str, script: Path) -> dict[str, Any]:
    script.write_text(run_code(run.path, level), encoding="utf-8")
    quiet, given = io.StringIO(), sys.argv
    sys.argv = [str(script)]
    try:
        with contextlib.chdir(script.parent), contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            told = runpy.run_path(str(script), run_name="script")
            return _learned(Path(told["learner"].run).resolve()) if "learner" in told else _looped(told)
    finally:
        sys.argv = given


def _learned(run: Path) -> dict[str, Any]:
    """What the run of a Learner's script wrote down."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    keys = ("train_loss", "valid_loss", "valid_accuracy")
    return {
        "losses": [e["loss"] for e in events if e["type"] == "step"],
        "history": [[e[k] for k in keys] for e in events if e["type"] == "epoch"],
        "run": str(run),
    }


def _looped(told: dict[str, Any]) -> dict[str, Any]:
    return {"losses": told["losses"], "history": [list(h) for h in told["history"]], "best": told["best_epoch"]}
