"""A run in one file that can be proved elsewhere: recipe, what its dataset contains, weights, report and versions.

A pack is a zip file. ``pack.json`` lists every other file with its size and SHA-256; see ``reproduction`` for the side
that trains again.
"""

import csv
import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from glasshouse import __version__
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.errors import DamagedRunError, DatasetError, RunError
from glasshouse.export.bundle import load_model
from glasshouse.export.scoring import find_data
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.verification import verify_run

__all__ = ["COLUMNS", "CONTENTS", "FORMAT", "KIND", "Packed", "pack_run"]

KIND, FORMAT = "glasshouse-pack", 1
CONTENTS = "dataset/contents.csv"
COLUMNS = ("split", "path", "label", "sha256")
RUN_FILES = ("recipe.json", "run.json", "events.jsonl", "report-val.json")
DATASET_FILES = ("dataset.json", "recipe.json", "train.arrow", "val.arrow", "test.arrow", "rejected.csv", "twins.csv",
                 "test-openings.jsonl", "class-names.json")  # fmt: skip
STORED = (".arrow", ".safetensors", ".onnx")  # what does not get smaller
DATE = (1980, 1, 1, 0, 0, 0)
CHUNK = 1 << 20


@dataclass(frozen=True)
class Packed:
    """A pack that was written: its size, whether it holds the dataset's pictures, how many these are."""

    file: str
    bytes: int
    data: bool
    pictures: int
    fingerprint: str

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse pack --json``."""
        return asdict(self)


def pack_run(run: str | Path, out: str | Path, *, with_data: bool = False, data: str | Path | None = None) -> Packed:
    """Write a finished run as the pack ``out``; ``with_data`` puts its dataset into it too.

    Without the pictures the pack lists them with their SHA-256, so that whoever has them can prove that they are the
    same. ``data`` is where the dataset lies if it was moved.

    Raises:
        RunError: the run is not finished, is damaged, or ``out`` cannot be written.
        DatasetError: the dataset is missing, or another than the one that the run learned from.
    """
    folder, place = RunFolder.open(Path(run)), Path(out)
    if not (folder.model / "model.json").is_file():
        raise RunError("{run} is not finished: it has no model yet. Go on with: glasshouse resume {run}", run=run)
    if place.is_dir():
        raise RunError("{out} is a folder; name a file, such as {name}.zip", out=out, name=folder.path.name)
    if not verify_run(folder.path).ok:
        raise DamagedRunError(
            "{run} is damaged and was not packed; see what is wrong with: glasshouse verify {run}", run=run
        )
    dataset = _dataset(folder, data)
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(beside, folder, dataset, with_data)
        beside.replace(place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise RunError("cannot write {out}: {reason}", out=out, reason=error.strerror or str(error)) from None
    finally:
        beside.unlink(missing_ok=True)
    count = sum(len(split) for split in dataset.splits.values())
    return Packed(str(place), place.stat().st_size, with_data, count, dataset.fingerprint)


def _dataset(folder: RunFolder, data: str | Path | None) -> Dataset:
    found = open_dataset(find_data(load_model(folder.path)) if data is None else data)
    wanted = folder.recipe.fingerprint
    if wanted and found.fingerprint != wanted:
        raise DatasetError(
            "{path} is another dataset than the one that {run} learned from; name that one with --data",
            path=found.path, run=folder.path,
        )  # fmt: skip
    return found


def _write(place: Path, folder: RunFolder, dataset: Dataset, with_data: bool) -> None:
    listed: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(place, "w", allowZip64=True) as target:
        for name, source in _sources(folder, dataset, with_data):
            listed[name] = _add(target, name, source)
        facts = {
            "kind": KIND, "format": FORMAT, "glasshouse": __version__, "name": folder.path.name,
            "fingerprint": dataset.fingerprint, "data": with_data, "start": _start(folder), "files": listed,
        }  # fmt: skip
        _add(target, "pack.json", json.dumps(facts, ensure_ascii=False, indent=2).encode())


def _sources(folder: RunFolder, dataset: Dataset, with_data: bool) -> Iterator[tuple[str, Path | bytes]]:
    for name in RUN_FILES:
        if (folder.path / name).is_file():
            yield f"run/{name}", folder.path / name
    for file in sorted(folder.model.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            yield f"run/model/{file.name}", file
    yield CONTENTS, _contents(dataset)
    for name in DATASET_FILES if with_data else ("recipe.json",):
        if (dataset.path / name).is_file():
            yield f"dataset/{name}", dataset.path / name
    if (start := _start_file(folder)) is not None:
        yield f"start/{start.name}", start
    yield "requirements.txt", "".join(f"{line}\n" for line in _installed()).encode()


def _contents(dataset: Dataset) -> bytes:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for name, split in dataset.splits.items():
        for path, label, sha256 in zip(split.paths, split.labels, split.sha256):
            table.writerow((name, path, dataset.classes[label], sha256))
    return out.getvalue().encode()


def _start_file(folder: RunFolder) -> Path | None:
    """Return the file of weights that the run began with, None if it was none or one that has a name everywhere."""
    weights = folder.recipe.weights
    if weights in ("none", "pretrained"):
        return None
    file = Path(weights)
    if not file.is_file():
        raise RunError(
            "the weights that {run} began with are no longer at {file}; put them back, or the run cannot be repeated",
            run=folder.path, file=file,
        )  # fmt: skip
    return file


def _start(folder: RunFolder) -> str | None:
    file = _start_file(folder)
    return None if file is None else f"start/{file.name}"


def _add(target: zipfile.ZipFile, name: str, source: Path | bytes) -> dict[str, Any]:
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type = zipfile.ZIP_STORED if name.endswith(STORED) else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    digest, size = hashlib.sha256(), 0
    with target.open(info, "w", force_zip64=True) as out:
        for piece in _pieces(source):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _pieces(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _installed() -> list[str]:
    """Return the versions of Glasshouse and all that it needs, as lines of a requirements file."""
    found: dict[str, str] = {}
    waiting = ["glasshouse-studio"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = known.version
        waiting += [_plain(line) for line in known.requires or () if "extra ==" not in line]
    found.setdefault("glasshouse-studio", __version__)
    return sorted(f"{name}=={number}" for name, number in found.items())


def _plain(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""
