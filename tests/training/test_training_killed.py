"""A process that is killed at a random moment (SIGKILL) leaves a run that ends with the bits of an undisturbed one."""

import json
import subprocess
import sys
from pathlib import Path

from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import read_checkpoint

# Forks a real process for each training, because a fresh interpreter would import torch for seconds each time.
SCRIPT = """
import os, random, signal, sys, time
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import resume, train

recipe, folder = sys.argv[1:]

def child(events, pipe):
    try:
        for event in events:
            os.write(pipe, b".")
        assert "torch._dynamo" not in sys.modules, "training loads torch's compiler, which takes seconds"
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)

def live(events, deaths_after):
    mine, its = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(events, its)
    os.close(its)
    seen = 0
    while (deaths_after is None or seen < deaths_after) and os.read(mine, 1):
        seen += 1
    if deaths_after is not None:
        time.sleep(random.random() / 100)
        os.kill(pid, signal.SIGKILL)
    os.close(mine)
    status = os.waitpid(pid, 0)[1]
    assert status == 0 or (deaths_after is not None and status == signal.SIGKILL), status

live(train(TrainingRecipe.load(recipe), folder + "/whole"), None)
live(train(TrainingRecipe.load(recipe), folder + "/killed"), random.randrange(6, 14))
for _ in range(4):
    live(resume(folder + "/killed"), random.randrange(1, 9))
live(resume(folder + "/killed"), None)
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


def test_a_killed_run_ends_with_the_same_bits(tiny: Path, tmp_path: Path) -> None:
    recipe = TrainingRecipe(data=str(tiny), batch_size=8, epochs=9, checkpoints={"steps": 3}, **RECIPE)
    path = tmp_path / "recipe.json"
    path.write_text(recipe.to_json())
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(path), str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    weights = [(tmp_path / name / "model" / "weights.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]
    for name in ("last", "best"):
        (whole, at), (killed, killed_at) = (
            read_checkpoint(tmp_path / run / "checkpoints" / f"{name}.safetensors") for run in ("whole", "killed")
        )
        assert all(whole[n].numpy().tobytes() == killed[n].numpy().tobytes() for n in whole)
        curves = [[(e["train_loss"], e["valid_loss"]) for e in p.history] for p in (at, killed_at)]
        assert at.step == killed_at.step and curves[0] == curves[1]
    logs = [(tmp_path / name / "events.jsonl").read_text().splitlines() for name in ("whole", "killed")]
    told = [[(e["step"], e["loss"]) for e in map(json.loads, log) if e["type"] == "step"] for log in logs]
    assert told[0] == told[1] and len(told[0]) == 36  # curves are neither doubled nor torn
