"""ImageData: pictures ready for a Learner, in one line from a folder, a rule, a table or arrays."""

import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.decoding.sizes import parse_size
from glasshouse.data.gallery import Gallery, counts_table, pick
from glasshouse.data.items import Given
from glasshouse.data.prepare import prepare_dataset
from glasshouse.data.preparing.progress import follow
from glasshouse.data.sources.given import identified, picture_size
from glasshouse.data.sources.labels import label_text
from glasshouse.data.sources.source import source_paths
from glasshouse.data.sources.stacks import stack_of
from glasshouse.data.stored.rows import Split
from glasshouse.recipe import AugmentationRecipe, DatasetRecipe, LabelRecipe, TrainingRecipe

__all__ = ["ImageData", "cache_folder", "user_cache"]

USUAL_CHANGES: Mapping[str, Any] = {
    "horizontal_flip": True, "rotation": 10, "zoom": 0.1, "brightness": 0.2, "contrast": 0.2,
}  # fmt: skip
INSTEAD: Mapping[str, str] = {  # for names of fastai and Keras
    "c": "classes, and len() of them",
    "class_indices": "classes, in the order of their numbers",
    "class_names": "classes",
    "show_batch": "show(), or show_augmented()",
    "train_ds": "train",
    "valid_ds": "valid",
    "vocab": "classes",
}
_Size = int | str | tuple[int, int]


class ImageData:
    """A dataset as a Learner takes it: ``train``, ``valid`` and ``test`` splits, and the names of the classes.

    All ``from_`` methods take the fields of ``DatasetRecipe`` by name (``resize``, ``color``, ``encoding``, ``group``
    and so on), ``size`` as 224, "320x240" or (320, 240), and ``out``, the dataset's folder; without it a folder of
    the user's cache is used, and found again by the next call.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

        def __getattr__(self, name: str) -> object:
            more = f"; write {INSTEAD[name]}" if name in INSTEAD else ""
            raise AttributeError(f"ImageData has no {name}{more}")

    @classmethod
    def from_folder(
        cls, path: str | Path, valid: float = 0.25, test: float = 0.0, *, size: _Size = 224, **fields: Any
    ) -> Self:
        """Make the data of class folders (or of train, val and test folders, an archive, a table) at ``path``."""
        return cls._make({"source": str(path), "valid": valid, "test": test, **fields}, size)

    @classmethod
    def from_function(
        cls, path: str | Path, function: Callable[[str], object], *, size: _Size = 224, **fields: Any
    ) -> Self:
        """Make the data of all pictures under ``path``; ``function`` tells the label from a file's name.

        A picture is left out, and listed, if the function answers None (or NaN).
        """
        answers = [(name, function(name.rsplit("/", 1)[-1])) for name in source_paths(str(path))]
        given = Given(labels=[(name, label_text(label)) for name, label in answers])
        return cls._make({"source": str(path), **fields}, size, given)

    @classmethod
    def from_labels(
        cls,
        path: str | Path,
        labels: Mapping[str, object],
        splits: Mapping[str, str] | None = None,
        *,
        size: _Size = 224,
        **fields: Any,
    ) -> Self:
        """Make the data of the pictures that ``labels`` names: a path below ``path``, with its label.

        ``splits`` says ``train``, ``val`` or ``test`` of each of them; without it they are dealt out as the fields say.
        A picture without a label (None or NaN) is left out, and listed.
        """
        pairs = [(name, label_text(label)) for name, label in labels.items()]
        given = Given(labels=pairs, splits=None if splits is None else [splits[name] for name in labels])
        return cls._make({"source": str(path), **fields}, size, given)

    @classmethod
    def from_pattern(cls, path: str | Path, pattern: str, *, size: _Size = 224, **fields: Any) -> Self:
        """Make the data of all pictures under ``path``; the first group of ``pattern``, in the name, is the label."""
        labels = LabelRecipe(by="pattern", pattern=pattern)
        return cls._make({"source": str(path), "labels": labels.model_dump(), **fields}, size)

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        pictures: str | Path | None = None,
        *,
        path_column: str | None = None,
        label_column: str | None = None,
        size: _Size = 224,
        **fields: Any,
    ) -> Self:
        """Make the data of a table of paths and labels; ``pictures`` is the folder that its paths are relative to."""
        labels = LabelRecipe(
            by="csv",
            path_column=path_column,
            label_column=label_column,
            pictures=None if pictures is None else str(pictures),
        )
        return cls._make({"source": str(path), "labels": labels.model_dump(), **fields}, size)

    @classmethod
    def from_arrays(
        cls,
        images: Sequence[np.ndarray] | np.ndarray,
        labels: Sequence[str | int] | np.ndarray,
        *,
        classes: Sequence[str] | None = None,
        size: _Size | None = None,
        **fields: Any,
    ) -> Self:
        """Make the data of arrays (N, H, W), (N, H, W, C) or (N, C, H, W), or of a list of pictures as arrays.

        ``size`` is that of the first one where not given. Channels first are seen from the shape. Labels are names,
        numbers or one-hot rows; a picture whose label is None or NaN is left out, and listed.
        """
        given = Given(images=images, targets=labels, classes=classes)
        stack, _ = stack_of(images)
        first = np.shape(stack[0]) if len(stack) else (1, 1)
        return cls._make({"source": "arrays", **fields}, size or picture_size(first), given)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the data of a dataset's folder."""
        return cls(open_dataset(path))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; a label is a position in it."""
        return self.dataset.classes

    @property
    def train(self) -> Split:
        """The pictures to learn from."""
        return self.dataset.splits["train"]

    @property
    def valid(self) -> Split | None:
        """The pictures that choices are made on, None without any."""
        return self.dataset.splits.get("val")

    @property
    def test(self) -> Split | None:
        """The sealed pictures, None without any."""
        return self.dataset.splits.get("test")

    def show(self, n: int = 12, split: str = "train") -> Gallery:
        """Return ``n`` pictures of a split with their labels: a notebook shows the grid, ``.save(path)`` writes it."""
        chosen = self.dataset.splits[split]
        rows = pick(chosen, n)
        labels = [self.classes[label] for label in chosen.labels[rows]]
        return Gallery(chosen.rows(rows), labels, [chosen.paths[row] for row in rows.tolist()])

    def show_augmented(
        self, augmentation: AugmentationRecipe | Mapping[str, Any] = USUAL_CHANGES, n: int = 12, *,
        row: int | None = None, seed: int = 42,
    ) -> Gallery:  # fmt: skip
        """Return ``n`` training pictures as a training with this augmentation would show them, with their labels.

        With ``row`` they are changed forms of that one picture: what its first ``n`` epochs would show.

        Raises:
            RecipeError: fields of the augmentation are wrong.
        """
        from glasshouse.data.augment import changed_rows  # loads torch

        given = augmentation if isinstance(augmentation, AugmentationRecipe) else dict(augmentation)
        changes = TrainingRecipe(data="-", network="-", augmentation=given).augmentation
        split = self.train
        rows = pick(split, n) if row is None else np.full(n, row, np.int64)
        epochs = range(n) if row is not None else [0] * len(rows)
        changed = changed_rows(split.rows(rows), split.origin(rows), changes, seed, epochs)
        return Gallery(changed, [self.classes[k] for k in split.labels[rows]], [split.paths[k] for k in rows.tolist()])

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(split)} {name}" for name, split in self.dataset.splits.items())
        size = f"{self.dataset.width}x{self.dataset.height}"
        return f"<ImageData {len(self.classes)} classes, {counts}, {size}, {self.dataset.path}>"

    def _repr_html_(self) -> str:
        rejected, warnings = len(self.dataset.rejected), self.dataset.warnings
        told = "".join(f"<li><b>{escape(w.kind)}</b>: {escape(w.message)}</li>" for w in warnings)
        left_out = (
            f"<p>{rejected:,} pictures were left out; see <code>.dataset.rejected</code>.</p>" if rejected else ""
        )
        return f"<div>{self.show()._repr_html_()}{counts_table(self.dataset)}{left_out}<ul>{told}</ul></div>"

    @classmethod
    def _make(cls, fields: dict[str, Any], size: _Size, given: Given | None = None) -> Self:
        out = fields.pop("out", None)
        width, height = parse_size(size)
        recipe = identified(DatasetRecipe(**{"width": width, "height": height, **fields}), given)
        place = Path(out) if out is not None else cache_folder(recipe)
        follow(prepare_dataset(recipe, place, given, thorough=False))
        return cls(open_dataset(place))


def cache_folder(recipe: DatasetRecipe) -> Path:
    """Return where the user's cache keeps the dataset of a recipe: below ``$GLASSHOUSE_HOME`` or the system's cache."""
    places = {
        name: str(Path(getattr(recipe, name) or "").absolute()) for name in ("source", "valid_source", "test_source")
    }
    text = recipe.replace(version=1).to_json()  # so that what earlier versions made is found again
    key = hashlib.sha256((text + repr(places)).encode("utf-8", "surrogatepass")).hexdigest()
    return user_cache() / "datasets" / f"{Path(recipe.source).name[:40] or 'source'}-{key[:16]}"


def user_cache() -> Path:
    """Return the folder that this user's datasets and unpacked archives are kept in."""
    if os.environ.get("GLASSHOUSE_HOME"):
        return Path(os.environ["GLASSHOUSE_HOME"]).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "glasshouse"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "glasshouse"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glasshouse"
