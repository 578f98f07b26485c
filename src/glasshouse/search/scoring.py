"""The score of a candidate on pictures that it did not learn from, fold by fold."""

import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.splitting.folds import fold_count
from glasshouse.errors import DatasetError
from glasshouse.events import Event
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.head_fitting import tried_strengths
from glasshouse.training.linear_head import Array
from glasshouse.training.loop import resume, train
from glasshouse.training.objective import class_weights
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import gather, train_features

__all__ = ["Answers", "Folds", "folds_of", "frozen_answers", "run_answers", "together", "trained"]

MANY = 5000  # training pictures from which one fold says enough
SPARSE = 6  # parts, of which one is left out, if there are many
SAME = ("network", "weights", "strategy", "epochs", "views", "head", "learn_from", "augmentation", "optimizer", "seed",
        "dropout", "ema_decay", "objective", "engine")  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """ln p of the truth (n,) and whether it was the largest (n,), for the training pictures ``rows`` (n,), sorted."""

    rows: NDArray[np.int64]
    log_p: Array
    right: NDArray[np.bool_]

    def on(self, rows: NDArray[np.int64]) -> "Answers":
        """Return the answers for those of ``rows`` that are among these."""
        inside = np.isin(self.rows, rows)
        return Answers(self.rows[inside], self.log_p[inside], self.right[inside])


@dataclass(frozen=True)
class Folds:
    """How many folds there are, and how many of them are scored."""

    count: int
    scored: int


def folds_of(dataset: Dataset, part: int = 1) -> Folds:
    """Return the folds of the training pictures: of few all are scored, of many, or of a part, only the first.

    Raises:
        DatasetError: a class has too few pictures to leave some out.
    """
    pictures = dataset.learning("train" if part == 1 else f"part 1/{part}").splits["train"]
    many = len(pictures) > MANY
    folds = fold_count(pictures.labels, pictures.groups, SPARSE if many else 5)
    if folds < 2:
        raise DatasetError("a search leaves pictures out to compare by, but a class has only one training picture (or "
                           "one group of pictures that belong together); add pictures to it")  # fmt: skip
    return Folds(folds, 1 if many or part > 1 else folds)


def frozen_answers(dataset: Dataset, recipe: TrainingRecipe, run: Path) -> Generator[Event, None, Answers]:
    """Yield progress and return the answers of a linear head on frozen features, of all folds at once."""
    resources = gather(recipe.resolved(), dataset)
    found = yield from train_features(resources, run)
    split, classes = resources.dataset.splits["train"], resources.dataset.classes
    given = class_weights(recipe.objective, classes, split.labels)
    shares = np.ones(len(split)) if given is None else np.asarray(given, np.float64)[split.labels]
    bias = resources.built.head.bias is not None
    tried = yield from tried_strengths(split, found.numpy(), shares, len(classes), bias)
    if tried is None:
        raise DatasetError("a class has too few training pictures for folds")
    return _answers(split.origin(tried.rows), tried.log_p, split.labels[tried.rows])


def run_answers(dataset: Dataset, run: Path) -> Answers:
    """Return the answers of a finished run on the fold that it left out."""
    from glasshouse.export.bundle import load_model

    folder = RunFolder.open(run)
    held = dataset.learning(folder.recipe.learn_from).splits["val"]
    model = load_model(run)
    pictures = (held.rows(np.arange(n, min(n + 512, len(held)))) for n in range(0, len(held), 512))
    p = np.concatenate([model.probabilities(rows) for rows in pictures]).astype(np.float64)
    return _answers(held.origin(np.arange(len(held))), np.log(np.maximum(p, 1e-38)), held.labels)


def trained(recipe: TrainingRecipe, run: Path) -> Generator[Event, None, None]:
    """Train a run, or go on with it, and yield its events; a run of another recipe that is there is replaced."""
    if (run / "recipe.json").exists() and _same(RunFolder.open(run).recipe, recipe):
        yield from resume(run, recipe.data)
        return
    shutil.rmtree(run, ignore_errors=True)
    yield from train(recipe, run)


def together(parts: Sequence[Answers]) -> Answers:
    """Return the answers of several folds as one."""
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows)
    log_p, right = (np.concatenate([getattr(part, name) for part in parts])[order] for name in ("log_p", "right"))
    return Answers(rows[order], log_p, right)


def _same(one: TrainingRecipe, other: TrainingRecipe) -> bool:
    """Whether both train the same, wherever the dataset lies."""
    a, b = (recipe.resolved().model_dump(mode="json") for recipe in (one, other))
    return all(a[name] == b[name] for name in SAME if name != "network") and one.network_name == other.network_name


def _answers(rows: NDArray[np.int64], log_p: Array, labels: NDArray[np.int64]) -> Answers:
    order = np.argsort(rows)
    found = Answers(rows, log_p[np.arange(len(rows)), labels], log_p.argmax(1) == labels)
    return Answers(found.rows[order], found.log_p[order], found.right[order])
