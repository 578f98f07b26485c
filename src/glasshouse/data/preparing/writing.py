"""Writing what a dataset consists of: one Arrow file a split, the tables, and the two JSON files."""

import json
import platform
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glasshouse import __version__
from glasshouse.data.check import Finding
from glasshouse.data.checking.fingerprint import fingerprint, recipe_key
from glasshouse.data.checking.survey import Clock, Record
from glasshouse.data.decoding.values import ValueRanges
from glasshouse.data.preparing.arrow_writer import RowColumns, SplitWriter, batch_rows
from glasshouse.data.splitting.twins import Twins
from glasshouse.data.stored.arrow_blocks import blocks_of
from glasshouse.data.stored.manifest import FORMAT, KIND, SPLITS
from glasshouse.data.stored.spreadsheet import ENCODING, write_rows
from glasshouse.events import Event
from glasshouse.integrity.blocks import file_entry
from glasshouse.integrity.documents import with_checksum
from glasshouse.messages import parts_of
from glasshouse.recipe import DatasetRecipe

__all__ = ["Draft", "Edited", "Pixels", "draft_fingerprint", "statistics", "write_dataset"]


class Pixels(Protocol):
    """Where the rows of a dataset come from that is written: a spool, or another dataset."""

    def batches(
        self, parts: Sequence[Sequence[int]], row_bytes: int | None
    ) -> Generator[NDArray[np.uint8] | list[bytes], None, None]:
        """Yield the rows of each part: with ``row_bytes`` as uint8 (n, row_bytes), else as encoded pictures."""


@dataclass(frozen=True)
class Edited:
    """What is known of a dataset that edits made, beside its pictures.

    ``parent`` has the fingerprint of the one before, and the way to it where that is known; ``order`` are all class
    names that there were, in their order; ``descriptions`` are texts by class; ``mean`` and ``std`` those of the first
    version; ``test_changes`` says how many pictures of the sealed test split were touched.
    """

    parent: Mapping[str, str]
    order: Sequence[str]
    descriptions: Mapping[str, str]
    mean: list[float]
    std: list[float]
    test_changes: int = 0


@dataclass(frozen=True)
class Draft:
    """All that is known of a dataset before it is written; ``failures`` are (path, reason, sha256).

    ``counted`` tells that the classes are in the order of the numbers in their names, not in that of letters; ``of`` is
    the fingerprint and the place of the dataset whose pictures these are at another size. The records of a dataset that
    was ``edited`` are in the order of the splits.
    """

    recipe: DatasetRecipe
    records: Sequence[Record]
    sides: Sequence[str]
    classes: Sequence[str]
    twins: Twins
    groups: Sequence[int]
    failures: Sequence[tuple[str, str, str]]
    warnings: Sequence[Finding]
    source: dict[str, str]
    ranges: ValueRanges | None = None
    counted: bool = False
    of: tuple[str, str] | None = None
    edited: Edited | None = None

    def of_side(self, side: str) -> list[int]:
        """Return the positions of the records of one split, in the order of the source."""
        return [i for i, s in enumerate(self.sides) if s == side]


def write_dataset(draft: Draft, spool: Pixels, folder: Path) -> Generator[Event, None, str]:
    """Write the dataset into ``folder``, yielding progress; return its fingerprint."""
    clock, done = Clock("writing", len(draft.records)), 0
    for side in SPLITS:
        for count in _write_split(draft, spool, side, folder):
            done += count
            yield from clock.tick(done)
    _write_table(
        folder / "rejected.csv", ("path", "reason", "sha256", "reason_parts"), map(_with_parts, draft.failures)
    )
    _write_table(folder / "twins.csv", ("group", "kind", "class", "split", "path"), _twin_rows(draft))
    (folder / "recipe.json").write_text(draft.recipe.to_json(), encoding="utf-8")
    manifest = with_checksum({**_manifest(draft), "files": _checksums(folder)})
    (folder / "dataset.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return str(manifest["fingerprint"])


def _write_split(draft: Draft, spool: Pixels, side: str, folder: Path) -> Iterable[int]:
    chosen = draft.of_side(side)
    if not chosen:
        return
    recipe = draft.recipe
    row_bytes = recipe.width * recipe.height * _channels(recipe)
    raw = recipe.encoding == "raw"
    numbers = {name: number for number, name in enumerate(draft.classes)}
    step = min(batch_rows(row_bytes), len(chosen))
    parts = [chosen[start : start + step] for start in range(0, len(chosen), step)]
    rows = [[draft.records[i].row for i in part] for part in parts]
    size = row_bytes if raw else None
    with SplitWriter(folder / f"{side}.arrow", size) as writer, closing(spool.batches(rows, size)) as batches:
        for part, pictures in zip(parts, batches, strict=True):
            writer.write(pictures, _columns(draft, part, numbers))
            yield len(part)


def _columns(draft: Draft, part: Sequence[int], numbers: dict[str, int]) -> RowColumns:
    records = [draft.records[i] for i in part]
    return RowColumns(
        labels=[numbers[r.item.label] for r in records],
        paths=[r.item.path for r in records],
        sha256=[r.sha256 for r in records],
        widths=[r.width for r in records],
        heights=[r.height for r in records],
        twins=[draft.twins.groups[i] for i in part],
        groups=[draft.groups[i] for i in part],
    )


def _with_parts(failure: tuple[str, str, str]) -> tuple[str, str, str, str]:
    """Return a row of ``rejected.csv``; its last cell has the template and the values of the reason, as JSON."""
    parts = parts_of(failure[1])
    return (*failure, "" if parts is None else json.dumps(parts, ensure_ascii=False))


def _manifest(draft: Draft) -> dict[str, Any]:
    recipe = draft.recipe
    edited = draft.edited
    mean, std = (edited.mean, edited.std) if edited is not None else statistics(draft)
    ranges = _ranges(draft)
    return {
        "kind": KIND,
        "format": FORMAT,
        "fingerprint": draft_fingerprint(draft),
        "classes": list(draft.classes),
        "splits": {side: len(draft.of_side(side)) for side in SPLITS},
        "width": recipe.width,
        "height": recipe.height,
        "channels": _channels(recipe),
        "mean": mean,
        "std": std,
        **({"ranges": ranges} if ranges else {}),
        **({"resized_of": dict(zip(("fingerprint", "path"), draft.of))} if draft.of else {}),
        **(_told_of_edits(edited) if edited is not None else {}),
        "warnings": [asdict(finding) for finding in draft.warnings],
        "warning_parts": [parts_of(finding.message) for finding in draft.warnings],
        "twins": draft.twins.counts(),
        "source": draft.source,
        "recipe_key": recipe_key(recipe),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), "glasshouse": __version__}
        | {name: version(name) for name in ("torch", "pillow")},
    }


def draft_fingerprint(draft: Draft) -> str:
    """Return the fingerprint that the dataset will have."""
    rows = ((s, r.item.label, r.item.path, r.sha256) for s, r in zip(draft.sides, draft.records))
    return fingerprint(draft.recipe, rows, _ranges(draft), draft.classes if draft.counted else None)


def _ranges(draft: Draft) -> dict[str, Any]:
    return draft.ranges.to_dict() if draft.ranges is not None else {}


def _told_of_edits(edited: Edited) -> dict[str, Any]:
    told = {"parent": dict(edited.parent), "class_order": list(edited.order)}
    return told | ({"descriptions": dict(edited.descriptions)} if edited.descriptions else {})


def _checksums(folder: Path) -> dict[str, Any]:
    """Return the checksums of the files in ``folder``, by name."""
    tables = {name: file_entry((folder / name).read_bytes()) for name in ("recipe.json", "rejected.csv", "twins.csv")}
    files = (folder / f"{side}.arrow" for side in SPLITS)
    return {**tables, **{file.name: blocks_of(file).to_dict() for file in files if file.exists()}}


def statistics(draft: Draft) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of the training pixels on values 0..1, one per channel."""
    chosen = draft.of_side("train")
    pixels = draft.recipe.width * draft.recipe.height * len(chosen)
    sums: NDArray[np.float64] = np.sum([draft.records[i].sums for i in chosen], axis=0)
    mean = sums[0] / pixels
    spread = np.sqrt(np.maximum(sums[1] / pixels - mean**2, 0))
    return [round(float(x) / 255, 6) for x in mean], [round(max(float(x) / 255, 1e-6), 6) for x in spread]


def _twin_rows(draft: Draft) -> Iterable[tuple[Any, ...]]:
    found = [(g, i) for i, g in enumerate(draft.twins.groups) if g is not None]
    names = {g: n for n, g in enumerate(dict.fromkeys(g for g, _ in sorted(found)))}
    for group, i in sorted(found):
        record = draft.records[i]
        kind = "equal" if draft.twins.equal[i] is not None else "near"
        yield names[group], kind, record.item.label, draft.sides[i], record.item.path


def _write_table(file: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with file.open("w", encoding=ENCODING, newline="") as lines:
        write_rows(lines, [head, *rows])


def _channels(recipe: DatasetRecipe) -> int:
    return 1 if recipe.color == "gray" else 3
