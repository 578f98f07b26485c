"""``glasshouse demo``: from pictures to a measured classifier in under a minute, without any download."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from glasshouse.data.image_data import ImageData

__all__ = ["demo"]


def demo(
    no_studio: bool = typer.Option(False, "--no-studio", help="Only train and report; do not open the Studio."),
    out: Path = typer.Option(Path("runs/demo"), help="Folder for the dataset and the runs."),
) -> None:
    """Train a small network on the handwritten digits that scikit-learn carries, and report on unseen ones."""
    from glasshouse.export.scoring import evaluate
    from glasshouse.recipe import AugmentationRecipe, TrainingRecipe
    from glasshouse.training.display import show_training
    from glasshouse.training.loop import train

    data = _digits(out / "digits")
    print(f"Dataset   {data.dataset.path}: {_counts(data)}", file=sys.stderr)
    run = next(_free(out))
    recipe = TrainingRecipe(
        data=str(data.dataset.path),
        network="LeNet",
        epochs=12,
        batch_size=32,
        augmentation=AugmentationRecipe(rotation=10, width_shift=0.08, height_shift=0.08, zoom=0.1),
    )
    show_training(train(recipe, run), sys.stderr)
    print("\nThe test set was kept apart until now. Opening it:\n", file=sys.stderr)
    print(evaluate(run, data.dataset, "test"))
    print(f"\nKept in   {run}\nTry       glasshouse predict {run} PICTURE", file=sys.stderr)
    if not no_studio:
        _open_studio(out / "studio", data.dataset.path, run)


def _open_studio(home: Path, data: Path, run: Path) -> None:
    """Open the Studio on the trained model, on a free port, until Ctrl-C; without a terminal only say how."""
    from glasshouse.cli.studio import serve
    from glasshouse.store.database import open_store
    from glasshouse.store.import_runs import import_dataset, import_run
    from glasshouse.web.framework.settings import Settings

    with closing(open_store(home, folders=(Path.home().resolve(), Path.cwd()))) as store:
        import_run(store, run, f"digits {run.name}", import_dataset(store, data, "digits").id)
        print(f"Look      glasshouse studio --home {home}\n", file=sys.stderr)
        if sys.stdin.isatty():
            serve(store, Settings(port=0))


def _digits(out: Path) -> "ImageData":
    """Return the 1,797 digits of scikit-learn, 8x8 pixels of 17 grey levels, as a dataset of 28x28."""
    from glasshouse.data.image_data import ImageData
    from glasshouse.data.samples import digits

    return ImageData.from_arrays(*digits(), valid=0.2, test=0.2, size=28, color="gray", out=out)


def _counts(data: "ImageData") -> str:
    return ", ".join(f"{len(split)} {name}" for name, split in data.dataset.splits.items())


def _free(out: Path) -> Iterator[Path]:
    number = 1
    while True:
        if not (out / f"run-{number}").exists():
            yield out / f"run-{number}"
        number += 1
