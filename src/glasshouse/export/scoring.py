"""Scoring a model on a split of a dataset, beside simple baselines."""

import difflib
import time
import unicodedata
import zlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.image_data import ImageData
from glasshouse.data.stored.rows import Split
from glasshouse.errors import DatasetError, ModelError
from glasshouse.evaluation.baselines import Baseline, commonest, pixels, sample, shrink
from glasshouse.evaluation.report import Report, measure
from glasshouse.events import Progress, result_of
from glasshouse.export.bundle import load_model
from glasshouse.export.kept_baselines import kept_baselines
from glasshouse.export.predictor import Model
from glasshouse.messages import Message, Option

__all__ = [
    "baselines", "columns_of", "dataset_of", "evaluate", "find_data", "score", "scored_labels", "scoring",
    "split_probabilities",
]  # fmt: skip

ROWS_AT_ONCE = 64


def evaluate(
    model: Model | str | Path, data: Dataset | ImageData | str | Path | None = None, split: str = "val"
) -> Report:
    """Return what the model is worth on a split of the dataset.

    The test split is sealed: scoring on it is written down in the dataset, and the report says how often that was
    done before. Without ``data`` the dataset that the model was trained on is taken.

    Classes are matched by their names. If the dataset lacks some of the model's, the report has the model's classes
    and names those without pictures; pictures of a class that the model does not know are refused.

    Raises:
        ModelError: the model is damaged, does not know a class of the pictures, or takes another size of them.
        DatasetError: the dataset cannot be opened, or has no such split.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    dataset = dataset_of(data if data is not None else find_data(loaded))
    report, _ = score(loaded, dataset, split, None if isinstance(model, Model) else str(model))
    return report


def score(model: Model, dataset: Dataset, split: str, name: str | None = None) -> tuple[Report, NDArray[np.float32]]:
    """Return the report, and a probability for each class of the report, float32 (N, K), for each picture.

    ``name`` is what the report and the dataset's list of openings call the model; without it, its path.
    """
    return result_of(scoring(model, dataset, split, name))


def scoring(
    model: Model, dataset: Dataset, split: str, name: str | None = None, person: str | None = None
) -> Generator[Progress, None, tuple[Report, NDArray[np.float32]]]:
    """Yield progress and return what ``score`` returns; ``person`` is who opens the test split, if that is known."""
    begin, name = time.monotonic(), name or _name(model)
    pictures = _split(dataset, split)
    classes = _classes(model, dataset, pictures)
    columns = [model.classes.index(name) for name in classes]
    openings = dataset.open_test(f"evaluate {name}", person) if split == "test" else None
    probabilities = (yield from split_probabilities(model, pictures))[:, columns]
    report = replace(
        measure(probabilities, _renumbered(pictures.labels, dataset.classes, classes), classes, split),
        baselines=baselines(dataset, split),
        seconds=time.monotonic() - begin,
        run=name,
        dataset=dataset.fingerprint,
        openings=openings,
        notes=(*_seen(model, dataset, split), *_notes(model, dataset), *_class_notes(model, dataset)),
    )
    return report, probabilities


_KNOWN: dict[tuple[str, str, int, int], tuple[Baseline, ...]] = {}  # of the last pictures, for runs one after another


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
    key = (dataset.fingerprint, split, _marks(train), _marks(scored))
    if key not in _KNOWN:
        _KNOWN.clear()
        facts = [*key, dataset.recipe.seed, dataset.classes]
        _KNOWN[key] = kept_baselines(dataset.path, facts, lambda: _baselines(dataset, train, scored))
    return _KNOWN[key]


def _marks(split: Split) -> int:
    """Return a checksum of the numbers of a split's pictures in the dataset."""
    return zlib.crc32(split.origin(np.arange(len(split))).tobytes())


def _baselines(dataset: Dataset, train: Split, scored: Split) -> tuple[Baseline, ...]:
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
        raise DatasetError("The model {name} does not name its dataset; give one with --data DIR.", name=name)
    data = Path(model.recipe.data)
    above = list(model.path.resolve().parents)[:2] if model.path is not None else []
    places = [data, *(folder / name for folder in above for name in (data, data.name))]
    for place in places:
        if (place / "dataset.json").is_file():
            return place
    raise DatasetError(
        "The dataset {data} that {name} was trained on is not there; name it with --data DIR.", data=data, name=name
    )


def dataset_of(data: Dataset | ImageData | str | Path) -> Dataset:
    """Return the dataset that is given, or the one that lies at the path that is given."""
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
        there = ", ".join(
            Message("{split} ({rows} pictures)", split=split, rows=f"{len(rows):,}")
            for split, rows in dataset.splits.items()
        )
        option = {"val": "--valid 0.25", "test": "--test 0.1"}.get(name)
        make = Message("; make the dataset with {option}", option=option) if option else ""
        raise DatasetError(
            "The dataset at {path} has no {name} split, it has {there}{make}.",
            path=dataset.path,
            name=name,
            there=there,
            make=make,
        )
    return dataset.splits[name]


def columns_of(model: Model, dataset: Dataset) -> NDArray[np.int64]:
    """Return for each class of the dataset its column in the model's probabilities, int64 (K,).

    Raises:
        ModelError: the model does not know a class of the dataset.
    """
    unknown = [name for name in dataset.classes if name not in set(model.classes)]
    if unknown:
        raise ModelError(
            "The model and the dataset have different classes. {unknown}Choose the dataset that the model was "
            "trained on instead of {path}.",
            unknown=_only("dataset", unknown),
            path=dataset.path,
        )
    return np.array([model.classes.index(name) for name in dataset.classes])


def scored_labels(report: Report, dataset: Dataset, split: str) -> NDArray[np.int64]:
    """Return the truth (N,) of each picture as numbers among the report's classes."""
    return _renumbered(dataset.splits[split].labels, dataset.classes, report.classes)


def _renumbered(labels: NDArray[np.int64], names: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    if tuple(names) == tuple(classes):
        return labels
    number = {name: place for place, name in enumerate(classes)}
    return np.array([number.get(name, -1) for name in names], dtype=np.int64)[labels]


def _classes(model: Model, dataset: Dataset, pictures: Split) -> tuple[str, ...]:
    """Return the classes of the report: the dataset's, or the model's where it knows some that the dataset lacks.

    Raises:
        ModelError: there are pictures of a class that the model does not know, or of another size than it takes.
    """
    missing = [name for name in model.classes if name not in set(dataset.classes)]
    unknown = [name for name in dataset.classes if name not in set(model.classes)]
    counts = np.bincount(pictures.labels, minlength=len(dataset.classes))
    shown = [name for name, count in zip(dataset.classes, counts, strict=True) if count and name in set(unknown)]
    if shown:
        count = sum(int(counts[dataset.classes.index(name)]) for name in shown)
        raise ModelError(
            "The model and the dataset have different classes. {missing}{unknown}The model cannot answer for "
            "{count} of the {pictures} pictures in the split {name}: make the dataset without them to score the "
            "others, or train a model on all classes. {shown}Nothing was scored on {path}.",
            missing=_only("model", missing),
            unknown=_only("dataset", unknown),
            count=f"{count:,}",
            pictures=f"{len(pictures):,}",
            name=pictures.name,
            shown=_close(shown, missing),
            path=dataset.path,
        )
    shape, expected = (dataset.height, dataset.width, dataset.channels), model.preprocessing.shape
    if shape != expected:
        raise ModelError(
            "The dataset at {path} holds pictures of {shape}, the model takes {expected}; make the dataset again "
            "with {size} {color}.",
            path=dataset.path,
            shape=_size(shape),
            expected=_size(expected),
            size=Option("size", f"{expected[1]}x{expected[0]}"),
            color=Option("color", model.preprocessing.color),
        )
    return tuple(model.classes) if missing or unknown else dataset.classes


def _only(owner: str, names: list[str]) -> str:
    more = Message(" and {problems} more", problems=len(names) - 5) if len(names) > 5 else ""
    return (
        Message("Only the {owner} has {names}{more}. ", owner=owner, names=", ".join(names[:5]), more=more)
        if names
        else ""
    )


def _close(unknown: list[str], missing: list[str]) -> str:
    """Return a hint at a name that is only written otherwise, such as Cat and cat."""
    plain = {_plain(name): name for name in missing}
    for name in unknown:
        found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.8)
        if found:
            return Message(
                "Perhaps {name} is the model's {plain}: write it the same in both. ", name=name, plain=plain[found[0]]
            )
    return ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip().replace("_", " ").replace("-", " ")


def _size(shape: tuple[int, int, int]) -> str:
    return Message(
        ("{shape}x{shape2} in grey" if shape[2] == 1 else "{shape}x{shape2} in colour"), shape=shape[1], shape2=shape[0]
    )


def _seen(model: Model, dataset: Dataset, split: str) -> Iterator[str]:
    """Yield a warning where the model learned from the very pictures that it is scored on."""
    recipe = model.recipe
    if recipe is None or recipe.learn_from != "train+val" or split != "val":
        return
    if recipe.fingerprint in (None, dataset.fingerprint):
        yield Message("The model learned from these very pictures (from training and validation pictures together): "
                      "this score says nothing about pictures that it has not seen.")  # fmt: skip


def _notes(model: Model, dataset: Dataset) -> tuple[str, ...]:
    notes = []
    trained_on = model.recipe.fingerprint if model.recipe is not None else None
    if trained_on is not None and trained_on != dataset.fingerprint:
        notes.append(
            Message(
                "This is another dataset ({fingerprint}) than the model was trained on ({trained_on}); if they share "
                "pictures, the score is too good.",
                fingerprint=dataset.fingerprint[:12],
                trained_on=trained_on[:12],
            )
        )
    mine, theirs = _preparation(model.preprocessing), _preparation(dataset.preprocessing)
    if mine != theirs:
        notes.append(
            Message(
                "The dataset was prepared otherwise ({theirs}) than the model prepares pictures ({mine}).",
                theirs=theirs,
                mine=mine,
            )
        )
    return tuple(notes)


def _class_notes(model: Model, dataset: Dataset) -> Iterator[str]:
    """Yield how the classes differ, if that hinders no score."""
    missing = [name for name in model.classes if name not in set(dataset.classes)]
    unknown = [name for name in dataset.classes if name not in set(model.classes)]
    if missing:
        yield Message(
            "{missing}The dataset lacks them; the score is that of the other classes.", missing=_only("model", missing)
        )
    if unknown:
        yield Message(
            "{unknown}The model does not know them; they have no pictures here.", unknown=_only("dataset", unknown)
        )


def _preparation(preprocessing: Preprocessing) -> str:
    lossy = preprocessing.encoding == "jpeg"
    return preprocessing.resize + (
        Message(", JPEG of quality {quality}", quality=preprocessing.quality) if lossy else ""
    )
