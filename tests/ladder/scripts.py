"""Runs on tiny pictures, and their scripts run in one fresh process."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.events import EpochDone, StepDone
from glasshouse.ladder.levels import run_code
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import train

__all__ = ["Run", "run_scripts", "train_one"]

RUNNER = """
import contextlib, io, json, runpy, sys
from pathlib import Path
found, out = {}, Path(sys.argv[1])
for path in map(Path, sys.argv[2:]):
    sys.argv = [str(path)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        told = runpy.run_path(str(path), run_name="script")
    if "learner" in told:
        run = told["learner"].run
        events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
        losses = [e["loss"] for e in events if e["type"] == "step"]
        keys = ("train_loss", "valid_loss", "valid_accuracy")
        history = [[e[k] for k in keys] for e in events if e["type"] == "epoch"]
        found[path.stem] = {"losses": losses, "history": history, "run": str(run.resolve())}
    else:
        found[path.stem] = {"losses": told["losses"], "history": told["history"], "best": told["best_epoch"]}
        if hasattr(told.get("module"), "state_dict"):
            state = told["module"].state_dict().items()
            found[path.stem]["sums"] = {name: float(v.double().abs().sum()) for name, v in state}
out.write_text(json.dumps(found))
"""


@dataclass(frozen=True)
class Run:
    """A finished run and what it told."""

    path: Path
    losses: list[float]
    history: list[list[float | None]]
    best: int


def train_one(path: Path, data: Path, **fields: Any) -> Run:
    recipe = TrainingRecipe(**{"data": str(data), "batch_size": 8, "epochs": 2, "device": "cpu", **fields})
    events = list(train(recipe, path))
    losses = [event.loss for event in events if isinstance(event, StepDone)]
    epochs = [event for event in events if isinstance(event, EpochDone)]
    history = [[event.train_loss, event.valid_loss, event.valid_accuracy] for event in epochs]
    best = json.loads((path / "events.jsonl").read_text().splitlines()[-1])["best_epoch"]
    return Run(path, losses, history, best)


def run_scripts(runs: Mapping[str, Run], level: str, folder: Path) -> dict[str, Any]:
    """What the scripts of these runs say, each run in the same fresh process, far from the runs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        (folder / f"{name}.py").write_text(run_code(run.path, level), encoding="utf-8")
    scripts = [str(folder / f"{name}.py") for name in runs]
    told = folder / "told.json"
    done = subprocess.run([sys.executable, "-W", "error", "-c", RUNNER, str(told), *scripts], cwd=folder,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(told.read_text())
    return found
