"""A dataset on disk: immutable, self-describing, opened in milliseconds whatever its size.

The folder has ``dataset.json`` (what it is), ``recipe.json``, one Arrow file a split, ``rejected.csv``, ``twins.csv``,
``test-openings.jsonl`` once the sealed test split was opened, and ``class-names.json`` once classes were renamed.
"""

import copy
import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from glasshouse.data.check import Rejected, findings_of, reason_of
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.values import ValueRanges
from glasshouse.data.stored.arrow_blocks import verify_blocks
from glasshouse.data.stored.chosen import learning_splits
from glasshouse.data.stored.class_names import CLASS_NAMES, checked_names, class_names_fault, read_names, write_names
from glasshouse.data.stored.manifest import (
    FORMAT,
    KIND,
    SPLITS,
    blocks_in,
    damaged,
    manifest_problems,
    read_manifest,
    read_recipe,
    verified_file,
)
from glasshouse.data.stored.rows import Split
from glasshouse.data.stored.spreadsheet import rows_in
from glasshouse.errors import DamagedDatasetError, DatasetError
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, parse_object, with_checksum
from glasshouse.integrity.verification import FileCheck, State, Verification
from glasshouse.messages import Message, Option, joined
from glasshouse.recipe import DatasetRecipe

__all__ = ["FORMAT", "KIND", "SPLITS", "Dataset", "Twin", "open_dataset", "read_manifest", "verify_dataset"]

OPENINGS = "test-openings.jsonl"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Twin:
    """One picture of a group that looks the same: ``kind`` is ``equal`` (same content) or ``near``."""

    group: int
    kind: str
    label: str
    split: str
    path: str


class Dataset:
    """Pictures prepared. ``splits`` holds only splits that have pictures; see ``open_dataset``."""

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
        self.warnings = tuple(findings_of(manifest))
        shape = (self.height, self.width, self.channels)
        names = [name for name in SPLITS if manifest["splits"].get(name)]
        self.splits: Mapping[str, Split] = {name: self._split(name, shape) for name in names}

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {len(split)}" for name, split in self.splits.items())
        return f"<Dataset {self.path}: {len(self.classes)} classes, {counts}, {self.width}x{self.height}>"

    @cached_property
    def rejected(self) -> tuple[Rejected, ...]:
        """The pictures that were left out, each with its reason."""
        return tuple(Rejected(row["path"], reason_of(row)) for row in self._table("rejected.csv", "path", "reason"))

    @cached_property
    def twins(self) -> tuple[Twin, ...]:
        """The pictures that look the same as another one, by group."""
        rows = self._table("twins.csv", "group", "kind", "class", "split", "path")
        try:
            return tuple(Twin(int(r["group"]), r["kind"], r["class"], r["split"], r["path"]) for r in rows)
        except ValueError:
            raise damaged(self.path, Message("twins.csv: a group is no number")) from None

    @property
    def preprocessing(self) -> Preprocessing:
        """What was done to each picture: what a model must do to a picture it is shown."""
        made = Preprocessing.from_recipe(self.recipe, self.mean, self.std, self.ranges)
        return replace(made, width=self.width, height=self.height)

    @property
    def parent(self) -> dict[str, str] | None:
        """The version that edits made this one of: its ``fingerprint``, and the ``path`` to it where that is known."""
        told = self._manifest.get("parent")
        return {str(name): str(value) for name, value in told.items()} if isinstance(told, Mapping) else None

    @property
    def edited(self) -> int:
        """How many pictures and classes the edits of its recipe are of; one that was edited twice counts twice."""
        return sum(len(edit.pictures) or 1 for edit in self.recipe.edits)

    @property
    def descriptions(self) -> dict[str, str]:
        """What edits say of classes, by class."""
        told = self._manifest.get("descriptions", {})
        return {name: str(told[name]) for name in self.classes if name in told}

    @property
    def class_names(self) -> dict[str, str]:
        """The display names of the classes that have one, by class; see ``name_classes``."""
        return read_names(self.path, self.classes)

    def name_classes(self, names: Mapping[str, str]) -> None:
        """Give classes display names, such as ``{"n01440764": "tench"}``; the others lose theirs.

        They are shown where the classes are, and go into the models that are trained from now on. The fingerprint, the
        labels and what is computed stay the same.

        Raises:
            InputError: a class is unknown, or a name is too long.
            DatasetError: they cannot be written.
        """
        write_names(self.path, checked_names(names, self.classes))

    def summary(self) -> dict[str, Any]:
        """Return what ``glasshouse dataset create --json`` prints."""
        return {
            "path": str(self.path),
            "fingerprint": self.fingerprint,
            "classes": list(self.classes),
            "splits": {name: self._counts(split) for name, split in self.splits.items()},
            "rejected": [entry.to_dict() for entry in self.rejected],
            "warnings": [entry.to_dict() for entry in self.warnings],
            "twins": {"groups": 0, "equal": 0, "near": 0, **self._manifest.get("twins", {})},
            "width": self.width,
            "height": self.height,
            "color": self.recipe.color,
            "resize": self.recipe.resize,
            "encoding": self.recipe.encoding,
            "mean": list(self.mean),
            "std": list(self.std),
            **({"ranges": self.ranges.to_dict()} if self.ranges is not None else {}),
            "test_openings": len(self.openings()),
            **({"parent": self.parent, "edits": self.edited} if self.parent is not None else {}),
            **({"descriptions": told} if (told := self.descriptions) else {}),
            **({"class_names": names} if (names := self.class_names) else {}),
        }

    def openings(self) -> list[dict[str, Any]]:
        """Return every opening of the test split that was written down: when, and by what.

        Raises:
            DamagedDatasetError: a line is not what was written, so that the number of openings is not known.
        """
        try:
            text = self._openings.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise damaged(self.path, Message("{name}: {fault}", name=OPENINGS, fault=error)) from None
        return [self._opening(number, line) for number, line in enumerate(text.split("\n"), 1) if line]

    def open_test(self, by: str, person: str | None = None) -> int:
        """Write down that ``by`` (and ``person``, if known) opens the sealed test split; return how often before.

        Raises:
            DatasetError: there is no test split, or the opening cannot be written down.
        """
        if "test" not in self.splits:
            raise DatasetError(
                "The dataset at {path} has no test split; make one with {part}.",
                path=self.path,
                part=Option("test", 0.1),
            )
        before = len(self.openings())
        entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by}
        entry = with_checksum(entry if person is None else {**entry, "person": person})
        try:
            with self._openings.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise DatasetError(
                "The test split of {path} stays sealed: its opening cannot be written down ({strerror}).",
                path=self.path,
                strerror=error.strerror,
            ) from None
        return before

    def learning(self, learn_from: str) -> "Dataset":
        """Return the dataset as a training sees it that learns from ``train``, ``train+val`` or ``fold 2/5``.

        Raises:
            DatasetError: there are no such pictures.
        """
        if learn_from == "train":
            return self
        found = copy.copy(self)
        found.splits = learning_splits(self.splits, learn_from)
        return found

    def verify(self) -> Verification:
        """Read every file of the dataset and say which are not what was written; see ``verify_dataset``."""
        return verify_dataset(self.path)

    def _split(self, name: str, shape: tuple[int, int, int]) -> Split:
        file = f"{name}.arrow"
        return Split(name, self.path / file, shape, self.recipe.encoding, len(self.classes),
                     blocks_in(self._manifest, file), self.recipe.series_pattern)  # fmt: skip

    @property
    def _openings(self) -> Path:
        """The list of openings: of pictures at another size it is that of the dataset whose pictures they are."""
        told = self._manifest.get("resized_of")
        if not isinstance(told, Mapping):
            return self.path / OPENINGS
        whole = self.path / str(told.get("path"))
        try:
            same = read_manifest(whole)["fingerprint"] == told.get("fingerprint")
        except (DatasetError, KeyError):
            same = False
        return (whole if same else self.path) / OPENINGS

    def _table(self, name: str, *columns: str) -> list[dict[str, str]]:
        """Return the rows of a table, verified."""
        try:
            text = verified_file(self.path, name, self._manifest).decode()
            rows = rows_in(text)
        except (UnicodeDecodeError, csv.Error) as error:
            raise damaged(self.path, Message("{name}: {fault}", name=name, fault=error)) from None
        if any(row.get(column) is None for row in rows for column in columns):
            raise damaged(
                self.path, Message("{name}: a row has fewer than {columns} cells", name=name, columns=len(columns))
            )
        return rows

    def _opening(self, number: int, line: str) -> dict[str, Any]:
        try:
            entry = parse_object(line)
        except ValueError as error:
            raise damaged(
                self.path, Message("{OPENINGS}, line {number}: {fault}", OPENINGS=OPENINGS, number=number, fault=error)
            ) from None
        odd = not {"at", "by"} <= set(entry) <= {"at", "by", "person", CHECKSUM}
        if (fault := checksum_fault(entry)) is not None or odd:
            raise damaged(
                self.path,
                Message(
                    "{OPENINGS}, line {number}: {fault}",
                    OPENINGS=OPENINGS,
                    number=number,
                    fault=fault or Message("its keys are others"),
                ),
            )
        return {name: value for name, value in entry.items() if name != CHECKSUM}

    def _counts(self, split: Split) -> dict[str, Any]:
        counts = np.bincount(split.labels, minlength=len(self.classes)).tolist()
        return {"count": len(split), "classes": dict(zip(self.classes, counts))}


def open_dataset(path: str | Path) -> Dataset:
    """Return the dataset in the folder ``path``; ``dataset.json``, ``recipe.json`` and what is needed to open the
    others are verified now, the rest when it is first read.

    Raises:
        DatasetError: there is none, a file of it is missing or damaged, or a later version wrote it.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    recipe = read_recipe(folder, manifest)
    problems = list(manifest_problems(manifest, recipe))
    if problems:
        raise damaged(folder, joined("; ", problems[:3]))
    try:
        dataset = Dataset(folder, manifest, recipe)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(folder, Message("dataset.json: {error}", error=error)) from None
    for name, split in dataset.splits.items():
        if len(split) != manifest["splits"][name]:
            raise damaged(
                folder,
                Message(
                    "{name}.arrow has {split} pictures, dataset.json says {manifest}",
                    name=name,
                    split=len(split),
                    manifest=manifest["splits"][name],
                ),
            )
    return dataset


def verify_dataset(path: str | Path) -> Verification:
    """Read every file of the dataset at ``path`` and say which are not what was written, and what disagrees.

    Raises:
        DatasetError: there is no dataset, or a later version wrote it.
    """
    folder = Path(path)
    try:
        manifest = read_manifest(folder)
    except DamagedDatasetError as error:
        note = Message("What dataset.json says about the other files is not known, so they were not verified.")
        return Verification(str(folder), "dataset", (FileCheck("dataset.json", "damaged", str(error)),), notes=(note,))
    checks = _Checks("whole" if CHECKSUM in manifest else "unchecked")
    recipe = checks.of("recipe.json", lambda: read_recipe(folder, manifest))
    problems = [] if recipe is None else list(manifest_problems(manifest, recipe))
    checks.files.insert(0, FileCheck("dataset.json", checks.state))
    if recipe is None or problems:
        _verify_bytes(checks, folder, manifest)
    else:
        problems += _verify_content(checks, Dataset(folder, manifest, recipe), manifest)
    notes = (
        ()
        if checks.state == "whole"
        else (Message("It was made before datasets had checksums: the rest was checked."),)
    )
    return Verification(str(folder), "dataset", tuple(checks.files), tuple(problems), notes)


class _Checks:
    """The files that were looked at; ``state`` is what can be said of one in which nothing wrong was found."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.files: list[FileCheck] = []

    def of(self, name: str, read: Callable[[], Result]) -> Result | None:
        """Note what comes of reading a file; return what was read, None if it is damaged."""
        try:
            found = read()
        except (DatasetError, ValueError) as error:
            self.files.append(FileCheck(name, "damaged", str(error)))
            return None
        self.files.append(FileCheck(name, self.state))
        return found


def _verify_content(checks: _Checks, dataset: Dataset, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Check all files of a dataset that can be opened; yield what its counts disagree about."""
    for name, split in dataset.splits.items():
        checks.of(f"{name}.arrow", split.verify)
        if checks.files[-1].state != "damaged" and len(split) != manifest["splits"][name]:
            yield Message(
                "{name}.arrow has {split} pictures, dataset.json says {manifest}",
                name=name,
                split=len(split),
                manifest=manifest["splits"][name],
            )
    checks.of("rejected.csv", lambda: dataset.rejected)
    checks.of("twins.csv", lambda: dataset.twins)
    if (dataset.path / CLASS_NAMES).exists():
        fault = class_names_fault(dataset.path)
        checks.files.append(FileCheck(CLASS_NAMES, "damaged" if fault else checks.state, fault or ""))
    if (dataset.path / OPENINGS).exists():
        checks.of(OPENINGS, dataset.openings)


def _verify_bytes(checks: _Checks, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Check the files of a dataset that cannot be opened by their checksums alone."""
    for name in manifest.get("files", {}):
        if name.endswith(".arrow"):
            checks.of(name, lambda name=name: verify_blocks(folder / name, blocks_in(manifest, name)))  # type: ignore[misc]
        elif name != "recipe.json":
            checks.of(name, lambda name=name: verified_file(folder, name, manifest))  # type: ignore[misc]
