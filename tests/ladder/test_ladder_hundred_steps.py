"""Autodiff gives a run's losses over a hundred steps: to 1e-4, and where its arrays are torch's, to the last bit."""

import contextlib
import io
import runpy
from pathlib import Path

import pytest
from scripts import tiny, train_one

from glasshouse.ladder.levels import run_code

STEPS = 100
SIDES = {"LeNet": 28, "ResNet18": 16, "MobileNetV2": 32, "GoogLeNet": 32}


@pytest.mark.slow
@pytest.mark.parametrize("name", SIDES)
def test_the_losses_are_the_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny(tmp_path / "data", SIDES[name], 12 * STEPS + 16)
    run = train_one(tmp_path / "run", data, network=name, epochs=1)
    script = tmp_path / "autodiff.py"
    script.write_text(run_code(run.path, "autodiff"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", [str(script), str(STEPS)])
    with contextlib.redirect_stdout(io.StringIO()):
        losses = runpy.run_path(str(script))["losses"]
    assert len(losses) == STEPS
    if name == "LeNet":
        assert losses == pytest.approx(run.losses[:STEPS], abs=1e-4)
    else:
        assert losses == run.losses[:STEPS]
