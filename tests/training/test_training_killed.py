"""A process that is killed at a random moment (SIGKILL) leaves a run that ends with the bits of an undisturbed one."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import read_checkpoint

SCRIPT = """
import sys, torch
torch.set_num_threads(1)
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import resume, train
events = resume(sys.argv[2]) if sys.argv[1] == "resume" else train(TrainingRecipe.load(sys.argv[1]), sys.argv[2])
for event in events:
    print(event.type, flush=True)
"""

RECIPE = {
    "network": "LeNet",
    "dropout": 0.4,
    "ema_decay": 0.9,
    "accumulate": 2,
    "clip_norm": 1.0,
    "optimizer": {"name": "adamw", "lr": 1e-3},
    "augmentation": {"rotation": 20, "horizontal_flip": True},
}


def start(argument: str, run: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, argument, str(run)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def test_a_killed_run_ends_with_the_same_bits(tiny: Path, tmp_path: Path) -> None:
    recipe = TrainingRecipe(data=str(tiny), batch_size=8, epochs=6, checkpoints={"steps": 3}, **RECIPE)
    path = tmp_path / "recipe.json"
    path.write_text(recipe.to_json())
    undisturbed = start(str(path), tmp_path / "whole")
    draw = random.Random()
    argument = str(path)
    for _ in range(2):
        process = start(argument, tmp_path / "killed")
        assert process.stdout is not None
        for _ in range(draw.randrange(4, 16)):  # so many events, and a moment more
            process.stdout.readline()
        time.sleep(draw.random() / 100)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        argument = "resume"
    finish(start("resume", tmp_path / "killed"))
    finish(undisturbed)
    for part in ("checkpoints/last.safetensors", "checkpoints/best.safetensors", "model/weights.safetensors"):
        whole, killed = tmp_path / "whole" / part, tmp_path / "killed" / part
        if part.startswith("model"):
            assert whole.read_bytes() == killed.read_bytes()
            continue
        (expected, at), (found, resumed_at) = read_checkpoint(whole), read_checkpoint(killed)
        assert all(expected[n].numpy().tobytes() == found[n].numpy().tobytes() for n in expected)
        assert at.step == resumed_at.step
        curves = [[(e["train_loss"], e["valid_loss"]) for e in p.history] for p in (at, resumed_at)]
        assert curves[0] == curves[1]
