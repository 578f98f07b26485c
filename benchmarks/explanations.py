"""Explanations: the checks of each method with the box's own weights on imagenette, and the time of one picture.

    python benchmarks/explanations.py [--data FOLDER] [METHOD ...]

EfficientNetLite0 with a linear head on frozen features learns from ``train``; the checks take 50 pictures of ``val``.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from glasshouse.events import result_of
from glasshouse.explanation.attribution.methods import METHODS, Attribution
from glasshouse.explanation.checks.checking import checking
from glasshouse.explanation.opened import OpenedModel, open_model

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "imagenette"
REPEAT = 20


def trained(data: Path, folder: Path) -> OpenedModel:
    words = ["train", "--data", str(data), "--network", "EfficientNetLite0", "--weights", "pretrained",
             "--strategy", "features", "--out", str(folder / "run"), "--json"]  # fmt: skip
    subprocess.run(
        [str(Path(sys.executable).with_name("glasshouse")), *words], check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, "GLASSHOUSE_HOME": str(folder / "home")}, cwd=folder,
    )  # fmt: skip
    return open_model(folder / "run")


def seconds_of_one(opened: OpenedModel, method: str) -> float:
    H, W, C = opened.model.preprocessing.shape
    attribution, x = Attribution(method, opened.module, (C, H, W)), opened.inputs(opened.split("val").rows([0]))
    found = []
    for _ in range(REPEAT if method == "grad-cam" else 3):
        begin = time.perf_counter()
        attribution.maps(x, np.zeros(1, np.int64))
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("methods", nargs="*", default=list(METHODS))
    arguments.add_argument("--data", type=Path, default=DATA)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        opened = trained(options.data, Path(spare))
        print("| method | one picture | the checks | state | randomization | deletion | insertion | mosaics |\n"
              "|---|---|---|---|---|---|---|---|")  # fmt: skip
        for method in options.methods:
            one, begin = seconds_of_one(opened, method), time.perf_counter()
            check = result_of(checking(opened, method))
            seconds, tests = time.perf_counter() - begin, {test.name: test for test in check.tests}
            shown = " | ".join(
                f"{tests[name].value:.2f} ({tests[name].low:.2f} to {tests[name].high:.2f})"
                for name in ("randomization", "deletion", "insertion", "mosaics")
            )
            print(f"| {method} | {one:.3f} s | {seconds:.0f} s | {check.state} | {shown} |", flush=True)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
