"""A dataset on disk: immutable, self-describing, opened in milliseconds whatever its size.

The folder has ``dataset.json`` (what it is), ``recipe.json``, one Arrow file a split, ``rejected.csv``, ``twins.csv``,
and ``test-openings.jsonl`` once the sealed test split was opened.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.preprocess import Preprocessing
from glasshouse.data.rows import Split
from glasshouse.data.values import ValueRanges
from glasshouse.errors import DatasetError, RecipeError
from glasshouse.recipe import DatasetRecipe

__all__ = ["FORMAT", "KIND", "SPLITS", "Dataset", "Twin", "open_dataset", "read_manifest"]

KIND = "glasshouse-dataset"
FORMAT = 1
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Twin:
    """One picture of a group that looks the same: ``kind`` is ``equal`` (same content) or ``near``."""

    group: int
    kind: str
    label: str
    split: str
    path: str


class Dataset:
    """Pictures made ready. ``splits`` holds only splits that have pictures; see ``open_dataset``."""

    def __init__(self, path: Path, manifest: Mapping[str, Any], recipe: DatasetRecipe) -> None:
        self.path = path
        self.recipe = recipe
        self._manifest = manifest
        self.fingerprint: str = manifest["fingerprint"]
        self.classes: tuple[str, ...] = tuple(manifest["classes"])
        self.channels: int = manifest["channels"]
        self.width: int = manifest["width"]
        self.height: int = manifest["height"]
        self.mean: tuple[float, ...] = tuple(manifest["mean"])
        self.std: tuple[float, ...] = tuple(manifest["std"])
        self.ranges = ValueRanges.from_dict(manifest.get("ranges"))
        self.warnings = tuple(Finding(**entry) for entry in manifest["warnings"])
        shape = (self.height, self.width, self.channels)
        names = [name for name in SPLITS if manifest["splits"].get(name)]
        self.splits: Mapping[str, Split] = {
            name: Split(name, path / f"{name}.arrow", shape, recipe.encoding) for name in names
        }

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {len(split)}" for name, split in self.splits.items())
        return f"<Dataset {self.path}: {len(self.classes)} classes, {counts}, {self.width}x{self.height}>"

    @cached_property
    def rejected(self) -> tuple[Rejected, ...]:
        """The pictures that were left out, each with its reason."""
        return tuple(Rejected(row["path"], row["reason"]) for row in _table(self.path / "rejected.csv"))

    @cached_property
    def twins(self) -> tuple[Twin, ...]:
        """The pictures that look the same as another one, by group."""
        rows = _table(self.path / "twins.csv")
        return tuple(Twin(int(r["group"]), r["kind"], r["class"], r["split"], r["path"]) for r in rows)

    @property
    def preprocessing(self) -> Preprocessing:
        """What was done to each picture: what a model must do to a picture it is shown."""
        made = Preprocessing.from_recipe(self.recipe, self.mean, self.std, self.ranges)
        return replace(made, width=self.width, height=self.height)

    def summary(self) -> dict[str, Any]:
        """Return what ``glasshouse dataset create --json`` prints."""
        return {
            "path": str(self.path),
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            "splits": {name: self._counts(split) for name, split in self.splits.items()},
            "rejected": [asdict(entry) for entry in self.rejected],
            "warnings": [asdict(entry) for entry in self.warnings],
            "twins": dict(self._manifest["twins"]),
            "width": self.width,
            "height": self.height,
            "color": self.recipe.color,
            "resize": self.recipe.resize,
            "encoding": self.recipe.encoding,
            "mean": list(self.mean),
            "std": list(self.std),
            **({"ranges": self.ranges.to_dict()} if self.ranges is not None else {}),
            "test_openings": len(self.openings()),
        }

    def openings(self) -> list[dict[str, Any]]:
        """Return every opening of the test split that was written down: when, and by what."""
        try:
            text = (self.path / "test-openings.jsonl").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def open_test(self, by: str, person: str | None = None) -> int:
        """Write down that ``by`` (and ``person``, where known) opens the sealed test split; return how often before.

        Raises:
            DatasetError: there is no test split, or the opening cannot be written down.
        """
        if "test" not in self.splits:
            raise DatasetError(f"The dataset at {self.path} has no test split; make one with --test 0.1.")
        before = len(self.openings())
        entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by}
        line = json.dumps(entry if person is None else {**entry, "person": person}, ensure_ascii=False)
        try:
            with (self.path / "test-openings.jsonl").open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise DatasetError(
                f"The test split of {self.path} stays sealed: its opening cannot be written down ({error.strerror})."
            ) from None
        return before

    def _counts(self, split: Split) -> dict[str, Any]:
        counts = np.bincount(split.labels, minlength=len(self.classes)).tolist()
        return {"count": len(split), "classes": dict(zip(self.classes, counts))}


def open_dataset(path: str | Path) -> Dataset:
    """Return the dataset in the folder ``path``.

    Raises:
        DatasetError: there is none, a file of it is missing or damaged, or a later version wrote it.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    try:
        recipe = DatasetRecipe.load(folder / "recipe.json")
        dataset = Dataset(folder, manifest, recipe)
    except (RecipeError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"The dataset at {folder} is damaged: {error}. Make it again.") from None
    for name, split in dataset.splits.items():
        if len(split) != manifest["splits"][name]:
            raise DatasetError(
                f"The dataset at {folder} is damaged: {name}.arrow has {len(split)} pictures, "
                f"dataset.json says {manifest['splits'][name]}. Make it again."
            )
    return dataset


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return ``dataset.json`` of ``folder``, checked to be one that this version can read."""
    file = folder / "dataset.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        what = f"has no dataset.json ({_advice(folder)})" if folder.is_dir() else "is not a folder"
        raise DatasetError(f"There is no dataset at {folder}: it {what}.") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"The dataset at {folder} is damaged: dataset.json: {error}. Make it again.") from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise DatasetError(f"There is no dataset at {folder}: its dataset.json was written by something else.")
    if not isinstance(data.get("format"), int) or data["format"] > FORMAT:
        raise DatasetError(
            f"The dataset at {folder} has format {data.get('format')}, this version reads up to {FORMAT}. "
            "Install a newer Glasshouse, or make the dataset again."
        )
    return data


def _advice(folder: Path) -> str:
    return f"for a folder of pictures, run: glasshouse dataset create {folder} --out DIR"


def _table(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except FileNotFoundError:
        raise DatasetError(f"The dataset at {file.parent} is damaged: {file.name} is missing. Make it again.") from None
