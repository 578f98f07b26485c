"""``glasshouse evaluate``: what a model is worth on pictures it did not learn from."""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.data.dataset import Dataset
    from glasshouse.evaluation.report import Report
    from glasshouse.events import Progress

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    data: Annotated[Path | None, typer.Option(help="The dataset; without it the one that it was trained on.")] = None,
    split: Annotated[Literal["val", "test"], typer.Option(help="test opens the sealed test split.")] = "val",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Score a model on a split, with intervals and beside simple baselines.

    The test split is sealed: each opening is written down in the dataset and shown in the report, because a score
    that was looked at often is no longer that of unseen pictures.
    """
    from glasshouse.data.dataset import open_dataset
    from glasshouse.export.bundle import load_model
    from glasshouse.export.scoring import find_data, scoring

    loaded = load_model(model)
    dataset = open_dataset(data if data is not None else find_data(loaded))
    if split == "test":
        _tell_opening(dataset)
    report = _shown(scoring(loaded, dataset, split))
    if as_json:
        print(json_text(report.to_dict(), indent=2))
    else:
        print(report)


def _shown(steps: "Generator[Progress, None, tuple[Report, Any]]") -> "Report":
    """Show the progress of a terminal on stderr and return the report."""
    from glasshouse.events import result_of

    def told(step: "Progress") -> None:
        if sys.stderr.isatty():
            left = f", {step.remaining:.0f} s left" if step.remaining else ""
            line = f"\r{step.done:,} of {step.total:,} pictures{left}\x1b[K"
            print(line, end="" if step.done < step.total else "\n", file=sys.stderr, flush=True)

    return result_of(steps, told)[0]


def _tell_opening(dataset: "Dataset") -> None:
    """Say on stderr that the seal is broken, and how often it was before."""
    if "test" not in dataset.splits:
        return
    before = len(dataset.openings())
    times = {0: "for the first time", 1: "it was opened once before"}.get(
        before, f"it was opened {before} times before"
    )
    print(f"Opening the sealed test split of {dataset.path}: {times}. This is written down.", file=sys.stderr)
