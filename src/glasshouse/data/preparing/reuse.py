"""Whether a dataset that already is somewhere is the one that is asked for."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from glasshouse.data.checking.fingerprint import content_hash, listing_digest, names_digest, recipe_key
from glasshouse.data.checking.reading import in_order, worker_threads
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.items import Source
from glasshouse.data.stored.class_names import CLASS_NAMES
from glasshouse.data.stored.manifest import SPLITS, read_manifest
from glasshouse.data.stored.spreadsheet import read_rows
from glasshouse.errors import DamagedDatasetError, DatasetError, PictureError
from glasshouse.events import Event, Notice
from glasshouse.integrity.documents import CHECKSUM, with_checksum
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe

__all__ = ["Found", "Standing", "found_again", "inspect", "is_whole", "replaced", "source_marks"]

Found = Literal["same", "other", "damaged"]

_OWN = {"dataset.json", "recipe.json", "rejected.csv", "twins.csv", "test-openings.jsonl", CLASS_NAMES}
_OWN |= {f"{name}.arrow" for name in SPLITS}
_OWN_FOLDERS = {"features"}  # caches of the training room; they are made again
_QUICK = 2**30  # bytes of pixels that are verified in about a second


@dataclass(frozen=True)
class Standing:
    """A dataset that is where one is to be made."""

    place: Path
    manifest: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Its fingerprint."""
        return str(self.manifest.get("fingerprint"))

    @property
    def damaged(self) -> bool:
        """Whether nothing more than that is known of it."""
        return "fingerprint" not in self.manifest


def inspect(place: Path) -> Standing | None:
    """Return the dataset at ``place``, None if there is nothing; one with a damaged ``dataset.json`` is one too,
    if nothing but a dataset's own files lies there.

    Raises:
        DatasetError: there is something that is no dataset, or more than a dataset: it must not be replaced.
    """
    if not os.path.lexists(place) or (place.is_dir() and not any(place.iterdir())):
        return None
    foreign = sorted(p.name for p in place.iterdir() if p.name not in _OWN | _OWN_FOLDERS) if place.is_dir() else []
    try:
        manifest = read_manifest(place)
    except DatasetError as error:
        if isinstance(error, DamagedDatasetError) and not foreign and (place / "train.arrow").is_file():
            return Standing(place, {"foreign": foreign})
        raise DatasetError(
            "{place} exists and is not a dataset of this version, so it is left alone ({error}) Choose another "
            "--out, or remove it yourself.",
            place=place,
            error=error,
        ) from None
    return Standing(place, {**manifest, "foreign": foreign})


def source_marks(recipe: DatasetRecipe, source: Source) -> dict[str, str]:
    """Return what tells, without opening a picture, whether a source changed."""
    places = [recipe.source, recipe.valid_source, recipe.test_source, recipe.labels.labels_file, recipe.labels.pictures]
    place = "\n".join(str(Path(p).absolute()) if p else "" for p in places)
    return {
        "path": recipe.source,
        "listing": listing_digest(place, source.listing()),
        "names": names_digest(source.items),
    }


def found_again(standing: Standing, recipe: DatasetRecipe, source: Source, thorough: bool) -> Found:
    """Return whether the standing dataset has this recipe and these pictures (``same``), or is ``damaged``.

    The list of files (path, size, time) answers quickly; if it differs, the content does. The pixels of a dataset
    that would take long are verified only if ``thorough``.
    """
    if standing.damaged:
        return "damaged"
    if standing.manifest.get("recipe_key") != recipe_key(recipe):
        return "other"
    marks, before = source_marks(recipe, source), standing.manifest.get("source", {})
    try:
        dataset = open_dataset(standing.place)
        if not is_whole(dataset, thorough):
            return "damaged"
        if _counted_otherwise(dataset, recipe) or _kept_otherwise(dataset, recipe):
            return "other"
        if marks["listing"] == before.get("listing"):
            return "same"
        if recipe.split == "time" or marks["names"] != before.get("names") or not _same_content(standing, source):
            return "other"
    except DamagedDatasetError:
        return "damaged"
    except DatasetError:
        return "other"
    _remember(standing, marks)
    return "same"


def is_whole(dataset: Dataset, thorough: bool) -> bool:
    """Return whether the dataset is what was written; of much, only if ``thorough``."""
    pixels = sum(len(split) for split in dataset.splits.values()) * dataset.width * dataset.height * dataset.channels
    return not (thorough or pixels <= _QUICK) or dataset.verify().ok


def _counted_otherwise(dataset: Dataset, recipe: DatasetRecipe) -> bool:
    """Return whether a later recipe put the classes into another order than this one does."""
    return recipe.version < dataset.recipe.version and list(dataset.classes) != sorted(dataset.classes)


def _kept_otherwise(dataset: Dataset, recipe: DatasetRecipe) -> bool:
    """Return whether a later recipe kept series together that this one deals out."""
    kept = any(finding.kind == "series-kept" for finding in dataset.warnings)
    return kept and dataset.recipe.keeps_series and not recipe.keeps_series


def _same_content(standing: Standing, source: Source) -> bool:
    """Return whether every picture that was read then has the same content now."""
    dataset = open_dataset(standing.place)
    expected = {p: h for split in dataset.splits.values() for p, h in zip(split.paths, split.sha256)}
    rows = read_rows(standing.place / "rejected.csv")
    expected |= {row["path"]: row["sha256"] for row in rows if row["sha256"] != "-"}
    items = [item for item in source.items if item.path in expected]

    def same(index: int) -> bool:
        try:
            return content_hash(source.read(items[index])) == expected[items[index].path]
        except PictureError:
            return expected[items[index].path] == ""

    return all(in_order(range(len(items)), same, 2**17, worker_threads()))


def replaced(standing: Standing, fingerprint: str, folder: Path, damaged: bool) -> Iterator[Event]:
    """Keep what the new dataset in ``folder`` takes over from the one that is in its place, and tell why it goes.

    Raises:
        DatasetError: its folder holds more than a dataset.
    """
    place, foreign = standing.place, standing.manifest["foreign"]
    if foreign:
        raise DatasetError(
            "The dataset at {place} is of another recipe or of changed pictures, and its folder also holds "
            "{foreign}: it is not replaced. Move that, or choose another --out.",
            place=place,
            foreign=", ".join(foreign[:5]),
        )
    openings = place / "test-openings.jsonl"
    if (damaged or standing.fingerprint == fingerprint) and openings.exists():
        shutil.copy2(openings, folder / openings.name)
    if (place / CLASS_NAMES).exists():
        shutil.copy2(place / CLASS_NAMES, folder / CLASS_NAMES)
    if damaged:
        yield Notice("replaced", Message("The dataset at {place} was damaged: it is made anew.", place=place))
    else:
        yield Notice(
            "replaced", Message("The dataset at {place} is replaced: its recipe or its pictures changed.", place=place)
        )


def _remember(standing: Standing, marks: Mapping[str, str]) -> None:
    """Write the new list's digest down, so that the next call is quick; a folder that is read-only stays as it is."""
    manifest = {key: value for key, value in standing.manifest.items() if key != "foreign"}
    manifest["source"] = dict(marks)
    whole = with_checksum(manifest) if CHECKSUM in manifest else manifest
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    draft = standing.place / f".dataset.json.{os.getpid()}"
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(standing.place / "dataset.json")
    except OSError:
        draft.unlink(missing_ok=True)
