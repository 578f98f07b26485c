"""Scoring a model on a split of a dataset, beside simple baselines."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.preprocess import Preprocessing
from glasshouse.data.rows import Split
from glasshouse.errors import DatasetError, ModelError
from glasshouse.evaluation.baselines import Baseline, commonest, pixels, sample, shrink
from glasshouse.evaluation.report import Report, measure
from glasshouse.events import Progress
from glasshouse.export.bundle import load_model
from glasshouse.export.predictor import Model

__all__ = ["baselines", "columns_of", "evaluate", "find_data", "score", "scoring", "split_probabilities"]

ROWS_AT_ONCE = 64


def evaluate(
    model: Model | str | Path, data: Dataset | ImageData | str | Path | None = None, split: str = "val"
) -> Report:
    """Return what the model is worth on a split of the dataset.

    The test split is sealed: scoring on it is written down in the dataset, and the report tells how often that was
    done before. Without ``data`` the dataset that the model was trained on is taken.

    Raises:
        ModelError: the model is damaged, or has other classes or another picture size than the dataset.
        DatasetError: the dataset cannot be opened, or has no such split.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    dataset = _dataset(data if data is not None else find_data(loaded))
    report, _ = score(loaded, dataset, split, None if isinstance(model, Model) else str(model))
    return report


def score(model: Model, dataset: Dataset, split: str, name: str | None = None) -> tuple[Report, NDArray[np.float32]]:
    """Return the report, and a probability for each class of the dataset, float32 (N, K), for each picture.

    ``name`` is what the report and the dataset's list of openings call the model; without it, its path.
    """
    steps = scoring(model, dataset, split, name)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: tuple[Report, NDArray[np.float32]] = end.value
            return found


def scoring(
    model: Model, dataset: Dataset, split: str, name: str | None = None, person: str | None = None
) -> Generator[Progress, None, tuple[Report, NDArray[np.float32]]]:
    """Yield progress and return what ``score`` returns; ``person`` is who opens the test split, where that is known."""
    begin, name = time.monotonic(), name or _name(model)
    pictures = _split(dataset, split)
    columns = columns_of(model, dataset)
    openings = dataset.open_test(f"evaluate {name}", person) if split == "test" else None
    probabilities = (yield from split_probabilities(model, pictures))[:, columns]
    report = replace(
        measure(probabilities, pictures.labels, dataset.classes, split),
        baselines=baselines(dataset, split),
        seconds=time.monotonic() - begin,
        run=name,
        dataset=dataset.fingerprint,
        openings=openings,
        notes=_notes(model, dataset),
    )
    return report, probabilities


def split_probabilities(model: Model, split: Split) -> Generator[Progress, None, NDArray[np.float32]]:
    """Yield progress and return a probability for each class of the model, float32 (N, K), in the split's order."""
    begin, done, parts = time.monotonic(), 0, []
    for rows in _chunks(split, np.arange(len(split))):
        parts.append(model.probabilities(rows))
        done += len(rows)
        seconds = time.monotonic() - begin
        yield Progress("evaluating", done, len(split), seconds, seconds / done * (len(split) - done))
    return np.concatenate(parts)


def baselines(dataset: Dataset, split: str) -> tuple[Baseline, ...]:
    """Return what the commonest class and a linear model on small grey pictures reach; both learn from ``train``."""
    if "train" not in dataset.splits:
        return ()
    train, scored = dataset.splits["train"], dataset.splits[split]
    chosen = sample(len(train), dataset.recipe.seed)
    seen = np.concatenate([shrink(rows) for rows in _chunks(train, chosen)])
    unseen = np.concatenate([shrink(rows) for rows in _chunks(scored, np.arange(len(scored)))])
    return (
        commonest(train.labels, scored.labels, dataset.classes),
        pixels(seen, train.labels[chosen], unseen, scored.labels, of=len(train)),
    )


def find_data(model: Model) -> Path:
    """Return the folder of the dataset that the model was trained on, as its recipe says, or beside its run.

    Raises:
        DatasetError: the model does not know, or the dataset is no longer there.
    """
    name = _name(model) or str(model)
    if model.recipe is None:
        raise DatasetError(f"The model {name} does not tell its dataset; name one with --data DIR.")
    data = Path(model.recipe.data)
    above = list(model.path.resolve().parents)[:2] if model.path is not None else []
    places = [data, *(folder / name for folder in above for name in (data, data.name))]
    for place in places:
        if (place / "dataset.json").is_file():
            return place
    raise DatasetError(f"The dataset {data} that {name} was trained on is not there; name it with --data DIR.")


def _dataset(data: Dataset | ImageData | str | Path) -> Dataset:
    if isinstance(data, ImageData):
        return data.dataset
    return data if isinstance(data, Dataset) else open_dataset(data)


def _chunks(split: Split, indices: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(indices), ROWS_AT_ONCE):
        yield split.rows(indices[start : start + ROWS_AT_ONCE])


def _name(model: Model) -> str | None:
    """Return the path of the run that the model lies in, or else its own."""
    if model.path is None:
        return None
    run = model.path.parent
    return str(run if model.path.name == "model" and (run / "run.json").is_file() else model.path)


def _split(dataset: Dataset, name: str) -> Split:
    if name not in dataset.splits:
        there = ", ".join(f"{split} ({len(rows):,} pictures)" for split, rows in dataset.splits.items())
        option = {"val": "--valid 0.25", "test": "--test 0.1"}.get(name)
        make = f"; make the dataset with {option}" if option else ""
        raise DatasetError(f"The dataset at {dataset.path} has no {name} split, it has {there}{make}.")
    return dataset.splits[name]


def columns_of(model: Model, dataset: Dataset) -> NDArray[np.int64]:
    """Return for each class of the dataset its column in the model's probabilities, int64 (K,).

    Raises:
        ModelError: they have other classes, or pictures of another size.
    """
    if set(model.classes) != set(dataset.classes):
        raise ModelError(
            "The model and the dataset have different classes. "
            + _only("model", [name for name in model.classes if name not in set(dataset.classes)])
            + _only("dataset", [name for name in dataset.classes if name not in set(model.classes)])
            + f"Choose the dataset that the model was trained on instead of {dataset.path}."
        )
    shape, expected = (dataset.height, dataset.width, dataset.channels), model.preprocessing.shape
    if shape != expected:
        raise ModelError(
            f"The dataset at {dataset.path} holds pictures of {_size(shape)}, the model takes {_size(expected)}; make "
            f"the dataset again with --size {expected[1]}x{expected[0]} --color {model.preprocessing.color}."
        )
    number = {name: column for column, name in enumerate(model.classes)}
    return np.array([number[name] for name in dataset.classes])


def _only(owner: str, names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"Only the {owner} has {', '.join(names[:5])}{more}. " if names else ""


def _size(shape: tuple[int, int, int]) -> str:
    return f"{shape[1]}x{shape[0]} in {'grey' if shape[2] == 1 else 'colour'}"


def _notes(model: Model, dataset: Dataset) -> tuple[str, ...]:
    notes = []
    trained_on = model.recipe.fingerprint if model.recipe is not None else None
    if trained_on is not None and trained_on != dataset.fingerprint:
        notes.append(
            f"This is another dataset ({dataset.fingerprint[:12]}) than the model was trained on ({trained_on[:12]}); "
            "if they share pictures, the score is too good."
        )
    mine, theirs = _preparation(model.preprocessing), _preparation(dataset.preprocessing)
    if mine != theirs:
        notes.append(f"The dataset was prepared otherwise ({theirs}) than the model prepares pictures ({mine}).")
    return tuple(notes)


def _preparation(preprocessing: Preprocessing) -> str:
    lossy = preprocessing.encoding == "jpeg"
    return preprocessing.resize + (f", JPEG of quality {preprocessing.quality}" if lossy else "")
