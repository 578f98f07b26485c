"""A run trained again from its pack, and compared with it: bit for bit, or which number differs, and why it may."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.errors import DatasetError, GlasshouseError, RunError
from glasshouse.events import Event
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import train
from glasshouse.training.pack_reading import Pack, unpack
from glasshouse.training.packing import COLUMNS, CONTENTS
from glasshouse.training.run_folder import RunFolder

__all__ = ["Difference", "Reproduction", "reproduce"]

NUMBERS = ("train_loss", "valid_loss", "valid_accuracy", "train_accuracy")


@dataclass(frozen=True)
class Difference:
    """A number of an epoch (0: of the report) that came out another way."""

    epoch: int
    name: str
    packed: float | None
    here: float | None


@dataclass(frozen=True)
class Reproduction:
    """What came of training again: ``same`` if every weight has the same bits.

    Of ``weights`` arrays ``different`` ones differ, by at most ``largest``. ``first`` is the first number that differs,
    ``reasons`` what differs between the machines, ``run`` the folder of the new run.
    """

    same: bool
    weights: int
    different: int
    largest: float
    first: Difference | None
    reasons: tuple[str, ...]
    accuracy: float | None
    packed_accuracy: float | None
    run: str

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse reproduce --json``."""
        return {**asdict(self), "reasons": list(self.reasons)}

    def __str__(self) -> str:
        if self.same:
            return Message("The same bit for bit: all {count} arrays of weights.", count=self.weights)
        first = Message(
            "Not the same: {different} of {count} arrays of weights differ, by up to {largest}.",
            different=self.different, count=self.weights, largest=f"{self.largest:.2g}",
        )  # fmt: skip
        return " ".join([first, *([_said(self.first)] if self.first else []), *self.reasons])


def reproduce(
    pack: str | Path, out: str | Path, data: str | Path | None = None
) -> Generator[Event, None, Reproduction]:
    """Train the run of a pack again, yield what happens and return how it compares.

    The folder ``out`` gets what was packed in ``packed`` and the new run in ``run``. ``data`` is the dataset, if the
    pack does not hold it: one with the same pictures, splits and labels.

    Raises:
        RunError: the pack is damaged, or ``out`` is taken.
        DatasetError: there is no dataset, or it has other pictures; the first differences are named.
    """
    place = Path(out)
    RunFolder.check_free(place)
    try:
        packed = unpack(Path(pack), place / "packed")
        dataset = _dataset(packed, data)
    except GlasshouseError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    yield from train(_recipe(packed, dataset), place / "run")
    return _compared(packed, place / "run")


def _recipe(packed: Pack, dataset: Dataset) -> TrainingRecipe:
    recipe = RunFolder.open(packed.run).recipe.replace(data=str(dataset.path), fingerprint=dataset.fingerprint)
    return recipe if packed.start is None else recipe.replace(weights=str(packed.start))


def _dataset(packed: Pack, data: str | Path | None) -> Dataset:
    if data is None and not packed.has_data:
        raise DatasetError(
            "The pack lists the pictures of its dataset and does not hold them; name the dataset with --data DIR."
        )
    found = open_dataset(packed.dataset if data is None else data)
    if found.fingerprint == packed.fingerprint:
        return found
    wanted, given = Counter(_listed(packed)), Counter(_rows(found))
    missing, more = sorted((wanted - given).elements()), sorted((given - wanted).elements())
    if not missing and not more:
        raise DatasetError(
            "{path} has the same pictures, but they were prepared in another way (size, order or seed); make it with "
            "the recipe that is in the pack.", path=found.path,
        )  # fmt: skip
    raise DatasetError(
        "{path} is another dataset than the pack's: {missing} of its pictures are missing and {more} are not in it, "
        "for example {example}.",
        path=found.path, missing=f"{len(missing):,}", more=f"{len(more):,}", example=" ".join((missing or more)[0][:3]),
    )  # fmt: skip


def _listed(packed: Pack) -> Iterator[tuple[str, ...]]:
    with (packed.folder / CONTENTS).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != COLUMNS:
            raise RunError("the pack's list of pictures is damaged")
        yield from (tuple(row) for row in rows)


def _rows(dataset: Dataset) -> Iterator[tuple[str, ...]]:
    for name, split in dataset.splits.items():
        for path, label, sha256 in zip(split.paths, split.labels, split.sha256):
            yield name, path, dataset.classes[label], sha256


def _compared(packed: Pack, run: Path) -> Reproduction:
    mine, theirs = (safetensors.torch.load_file(place / "model" / "weights.safetensors") for place in (run, packed.run))
    names = sorted(mine.keys() | theirs.keys())
    changed = [name for name in names if not _same(mine.get(name), theirs.get(name))]
    largest = max((_apart(mine.get(name), theirs.get(name)) for name in changed), default=0.0)
    first = next(_differences(packed.run, run), None)
    reasons = tuple(_reasons(packed.run, run)) if changed else ()
    return Reproduction(
        not changed, len(names), len(changed), largest, first, reasons, _accuracy(run), _accuracy(packed.run), str(run)
    )


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    if one is None or other is None or one.dtype != other.dtype or one.shape != other.shape:
        return False
    return bool(torch.equal(one.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8)))


def _apart(one: torch.Tensor | None, other: torch.Tensor | None) -> float:
    if one is None or other is None or one.shape != other.shape or not one.numel():
        return float("inf")
    return float(np.nan_to_num((one.double() - other.double()).abs().max().item(), nan=np.inf))


def _differences(packed: Path, run: Path) -> Iterator[Difference]:
    theirs, mine = _epochs(packed), _epochs(run)
    for epoch in sorted(theirs.keys() | mine.keys()):
        for name in NUMBERS:
            a, b = theirs.get(epoch, {}).get(name), mine.get(epoch, {}).get(name)
            if a != b:
                yield Difference(epoch, name, a, b)


def _epochs(run: Path) -> dict[int, Mapping[str, Any]]:
    """Return the numbers of each epoch, the last ones where a run was resumed."""
    found: dict[int, Mapping[str, Any]] = {}
    with (run / "events.jsonl").open(encoding="utf-8") as file:
        for line in file:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("type") == "epoch":
                found[int(event["epoch"])] = event
    return found


def _accuracy(run: Path) -> float | None:
    try:
        found = json.loads((run / "report-val.json").read_text(encoding="utf-8"))
        return float(found["accuracy"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _reasons(packed: Path, run: Path) -> Iterator[str]:
    theirs, mine = (RunFolder(place).facts() for place in (packed, run))
    found = False
    for part in ("versions", "machine"):
        a, b = (facts.get(part) or {} for facts in (theirs, mine))
        for name in sorted(a.keys() | b.keys()):
            if a.get(name) != b.get(name) and name != "cores":
                found = True
                yield Message(
                    "{name} was {there} there and is {here} here.", name=name, there=a.get(name) or "?",
                    here=b.get(name) or "?",
                )  # fmt: skip
    if not found:
        yield Message("Versions and processor are the same, so this is a fault of Glasshouse: please report it.")


def _said(one: Difference) -> str:
    return Message(
        "The first number that differs: {name} of epoch {epoch}, {packed} there and {here} here.", name=one.name,
        epoch=one.epoch, packed=repr(one.packed), here=repr(one.here),
    )  # fmt: skip
