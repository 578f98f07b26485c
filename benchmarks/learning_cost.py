"""What it costs to record how the layers learn: the same training with and without it, step by step in turns.

    python benchmarks/learning_cost.py [--repeat 5] [CASE ...]

Two runs of one recipe take turns in one process, a step each; which is first changes with every round, and one round
goes before. What is compared is the processor's time of the thread that trains, with one thread for torch: other work
of the machine does not count. The recording allows itself a share of the clock, which runs for both runs: what it
costs is rather over- than understated.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from glasshouse.data.prepare import create_dataset
from glasshouse.events import Event, LayersMeasured, StepDone
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training import layer_measures
from glasshouse.training.loop import train


@dataclass(frozen=True)
class Case:
    """A network, its pictures and how many steps a run has."""

    network: str
    side: int
    color: str
    batch: int
    pictures: int
    epochs: int


CASES = {
    "tiny": Case("Dense128", 28, "gray", 8, 480, 20),
    "lenet": Case("LeNet", 28, "gray", 32, 960, 12),
    "mobilenet": Case("MobileNetV2", 64, "rgb", 16, 480, 4),
    "resnet": Case("ResNet18", 64, "rgb", 16, 480, 4),
}


def dataset(place: Path, case: Case) -> Path:
    """Pictures of noise of two shades, enough for the training; how well it learns does not matter here."""
    rng = np.random.default_rng(1)
    for number in range(case.pictures + 20):
        folder = place / "pictures" / ("dark", "light")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(40 * (number % 2), 200 + 40 * (number % 2), (case.side, case.side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    recipe = DatasetRecipe(source=str(place / "pictures"), width=case.side, height=case.side, color=case.color,
                           valid=20 / (case.pictures + 20))  # fmt: skip
    create_dataset(recipe, place / "data")
    return place / "data"


def started(data: Path, case: Case, out: Path, *, recording: bool) -> Iterator[Event]:
    """A run whose first step is done, so that whether it records is settled."""
    recipe = TrainingRecipe(data=str(data), network=case.network, epochs=case.epochs, batch_size=case.batch)
    events = train(recipe, out)
    wanted = layer_measures.measured_steps if recording else lambda total: 0
    with patch.object(layer_measures, "measured_steps", wanted):
        next(event for event in events if isinstance(event, StepDone))
    return events


def seconds_of_both(data: Path, case: Case, place: Path, *, first: bool) -> tuple[dict[bool, float], int]:
    """The time inside each run, by whether it records, and how many measures were taken."""
    runs = {
        on: started(data, case, place / str(on), recording=on) for on in ((True, False) if first else (False, True))
    }
    spent, taken, live = {True: 0.0, False: 0.0}, 0, dict(runs)
    while live:
        for on, events in list(live.items()):
            begin = time.thread_time()
            found = _step(events)
            spent[on] += time.thread_time() - begin
            taken += sum(isinstance(event, LayersMeasured) for event in found)
            if not found:
                del live[on]
    return spent, taken


def _step(events: Iterator[Event]) -> list[Event]:
    """The events to the end of a step, and the measure that may follow it; none at the end of the run."""
    found = []
    for event in events:
        found.append(event)
        if isinstance(event, StepDone):
            break
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("cases", nargs="*", default=list(CASES))
    arguments.add_argument("--repeat", type=int, default=5)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    print("| training | steps | measures | without | with | median ratio | of all rounds |\n" + "|---" * 7 + "|")
    for name in options.cases:
        case, ratios = CASES[name], []
        with tempfile.TemporaryDirectory() as spare:
            data = dataset(Path(spare), case)
            seconds_of_both(data, case, Path(spare) / "before", first=True)
            for number in range(options.repeat):
                spent, taken = seconds_of_both(data, case, Path(spare) / f"{number}", first=bool(number % 2))
                ratios.append(spent[True] / spent[False])
        shown = f"{min(ratios):.3f} to {max(ratios):.3f}"
        print(f"| {case.network}, {case.side}x{case.side}, {case.batch} a step "
              f"| {case.epochs * case.pictures // case.batch} | {taken} | {spent[False]:.1f} s | {spent[True]:.1f} s "
              f"| {statistics.median(ratios):.3f} | {shown} |", flush=True)  # fmt: skip
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end; {options.repeat} rounds.")


if __name__ == "__main__":
    main()
