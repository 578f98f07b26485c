"""The guide of the ladder: its run is trained, its commands are given, its parts stand in the scripts, which run."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glasshouse.cli.main import app

GUIDES = Path(__file__).resolve().parents[2] / "docs"
PROGRAM = "import sys; sys.argv = sys.argv[1:]; from glasshouse.cli.main import main; main()"


def fresh(folder: Path, *words: str) -> str:
    """What a fresh Python says."""
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def here(folder: Path, text: str, *words: str) -> str:
    """What a script says, run in this process."""
    said, given = io.StringIO(), sys.argv
    sys.argv = ["script", *words]
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(text, "script", "exec"), {"__name__": "script"})
    finally:
        sys.argv = given
    return said.getvalue()


def command(folder: Path, *words: str) -> str:
    """What a command of glasshouse says."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def blocks(name: str, kind: str) -> list[str]:
    text = (GUIDES / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def losses(told: str) -> list[float]:
    return [float(line.rpartition(" ")[2]) for line in told.splitlines() if line.startswith("step ")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    (made,) = blocks("ladder.md", "python")
    assert blocks("ladder.ko.md", "python") == [made]
    here(folder, made)
    return folder


@pytest.mark.parametrize("name", ["ladder.md", "ladder.ko.md"])
def test_the_guides_commands_write_what_it_shows(name: str, place: Path) -> None:
    commands = [line for block in blocks(name, "sh") for line in block.splitlines() if line.startswith("glasshouse")]
    for line, level in zip(commands, ["learner", "layers", "autodiff"], strict=True):
        told = command(place, *line.split())
        text = told or (place / f"{level}.py").read_text(encoding="utf-8")
        for part in blocks(name, f"python {level}"):
            assert part in text


def test_the_guides_scripts_give_the_runs_losses(place: Path) -> None:
    events = map(json.loads, (place / "run" / "events.jsonl").read_text().splitlines())
    run = [event["loss"] for event in events if event["type"] == "step"]
    for level in ("layers", "autodiff"):
        command(place, "glasshouse", "code", "run", "--level", level, "--out", f"{level}.py")
    assert losses(fresh(place, "layers.py")) == run
    assert losses(here(place, (place / "autodiff.py").read_text(encoding="utf-8"), "30")) == pytest.approx(
        run[:30], abs=1e-5
    )


@pytest.mark.slow
def test_lenet_keeps_to_the_run_for_a_hundred_steps(place: Path) -> None:
    lines = ["import glasshouse as gh", 'gh.Learner("digits", "LeNet", batch_size=16, out="longer").fit(epochs=2)']
    here(place, "\n".join(lines))
    events = map(json.loads, (place / "longer" / "events.jsonl").read_text().splitlines())
    run = [event["loss"] for event in events if event["type"] == "step"]
    command(place, "glasshouse", "code", "longer", "--level", "autodiff", "--out", "long.py")
    assert losses(here(place, (place / "long.py").read_text(encoding="utf-8"), "100")) == pytest.approx(
        run[:100], abs=1e-4
    )


def test_a_level_that_cannot_ends_with_two(place: Path) -> None:
    recipe = json.loads((place / "run" / "recipe.json").read_text())
    (place / "timm").mkdir()
    (place / "timm" / "recipe.json").write_text(json.dumps(recipe | {"network": "resnet10t"}))
    words = [sys.executable, "-c", PROGRAM, "glasshouse", "code", "timm", "--level", "autodiff"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert "resnet10t comes from timm" in done.stderr and "level learner" in done.stderr
