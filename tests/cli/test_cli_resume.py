"""The command resume, and Ctrl-C and SIGTERM in a real process before it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    draw = np.random.default_rng(3)
    for name, low in (("dark", 0), ("light", 100)):
        (folder / "source" / name).mkdir(parents=True)
        for number in range(40):
            picture = draw.integers(low, low + 100, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(picture).save(folder / "source" / name / f"{number}.png")
    create_dataset(DatasetRecipe(source=str(folder / "source"), width=16, height=16), folder / "lights")
    return folder / "lights"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_run_that_can_be_resumed_and_says_how(
    number: signal.Signals, data: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "glasshouse.cli.main", "train", "--data", str(data), "--network", "lenet",
               "--epochs", "100000", "--out", str(run)]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("      2 "):
            break
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"glasshouse resume {run}" in errors
    assert json.loads((run / "run.json").read_text())["status"] == "interrupted"
    recipe = json.loads((run / "recipe.json").read_text())
    last = json.loads((run / "events.jsonl").read_text().splitlines()[-1])
    (run / "recipe.json").write_text(json.dumps({**recipe, "epochs": last["epoch"] + 1}))
    result = CliRunner().invoke(app, ["resume", str(run)], catch_exceptions=False)
    assert result.exit_code == 0 and "going on after step" in result.stderr and "Accuracy" in result.stdout
    again = CliRunner().invoke(app, ["resume", str(run)], catch_exceptions=False)
    assert again.exit_code == 0 and "is finished" in again.stderr
