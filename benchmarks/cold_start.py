"""How long a fresh process takes: predicting one picture and training on cached features, beside ``import torch``.

python benchmarks/cold_start.py PICTURES_FOLDER
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
NETWORKS = ("EfficientNetLite0", "ResNet18", "mobilenetv4_conv_small")
GLASSHOUSE = [sys.executable, "-m", "glasshouse.cli.main"]
MAKE = """
import sys
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.export.bundle import save_model
from glasshouse.networks.build import build
preprocessing = Preprocessing(width=224, height=224, mean=(0.5,) * 3, std=(0.5,) * 3)
module = build(sys.argv[1], 2, 3, 224, 224).module
save_model(sys.argv[2], network={"name": sys.argv[1]}, module=module, preprocessing=preprocessing, classes=("a", "b"))
"""


def main() -> None:
    """Print a line for each command: its seconds as ratios to those of ``import torch`` in the same round."""
    pictures = Path(sys.argv[1]).resolve()
    picture = next(path for path in sorted(pictures.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    with tempfile.TemporaryDirectory() as folder:
        commands = {"import torch": [sys.executable, "-c", "import torch"]}
        for name in NETWORKS:
            run([sys.executable, "-c", MAKE, name, f"{folder}/{name}"])
            commands[f"predict, PyTorch, {name}"] = [*GLASSHOUSE, "predict", f"{folder}/{name}", str(picture)]
        run([*GLASSHOUSE, "dataset", "create", str(pictures), "--out", f"{folder}/data"])
        train = [*GLASSHOUSE, "train", "--data", f"{folder}/data", "--network", "EfficientNetLite0", "--weights",
                 "pretrained", "--strategy", "features", "--out"]  # fmt: skip
        run([*train, f"{folder}/run"])
        commands["predict, onnxruntime, EfficientNetLite0"] = [*GLASSHOUSE, "predict", f"{folder}/run", str(picture)]
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in [*commands, "train, all cached"]}
        for turn in range(ROUNDS):
            for name, command in [*commands.items(), ("train, all cached", [*train, f"{folder}/run-{turn}"])]:
                spent[name].append(run(command))
    usual = spent["import torch"]
    for name, found in spent.items():
        wall, cpu = (statistics.median(a[k] / b[k] for a, b in zip(found, usual)) for k in (0, 1))
        print(f"{name:42} {wall:5.2f} on the clock, {cpu:5.2f} of processor time "
              f"({statistics.median(a[1] for a in found):.2f} s)")  # fmt: skip


def run(command: list[str]) -> tuple[float, float]:
    """Return the seconds on the clock and of processor time that a command takes."""
    begin, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - begin, cpu


if __name__ == "__main__":
    main()
