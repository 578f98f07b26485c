"""A dataset to take away: class folders in a zip, a table, or the dataset's own files; all made while they are sent."""

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from glasshouse.data.archives.files import is_hidden
from glasshouse.data.dataset import Dataset
from glasshouse.data.sources.parts import is_unlabelled, part_of_name
from glasshouse.data.stored.class_names import CLASS_NAMES
from glasshouse.data.stored.rows import Row, Split
from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.store.discretion import named_alone, recipe_as_seen
from glasshouse.web.framework.pictures import png

__all__ = ["OWN_FILES", "folder_names", "folders_zip", "own_file", "own_sizes", "own_zip", "table", "without_sources"]

OWN_FILES = (
    "dataset.json", "recipe.json", "train.arrow", "val.arrow", "test.arrow", "rejected.csv", "twins.csv", CLASS_NAMES
)  # fmt: skip
HEAD = ("path", "class", "split", "width", "height", "sha256", "file")
AT_ONCE = 1000  # rows of the table that are made together
BLOCK = 1 << 20
TIME = (1980, 1, 1, 0, 0, 0)  # of every entry, so that the same dataset gives the same bytes
ODD = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{w}{n}" for w in ("com", "lpt") for n in range(1, 10))})


@dataclass
class _Pipe:
    """What a zip is written into: holds what was written since it was last taken, and cannot be sought in."""

    held: bytearray
    position: int = 0

    def write(self, data: bytes) -> int:
        self.held += data
        self.position += len(data)
        return len(data)

    def tell(self) -> int:
        return self.position

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = bytes(self.held)
        self.held.clear()
        return taken


def folders_zip(dataset: Dataset) -> Iterator[bytes]:
    """Yield a zip with ``SPLIT/CLASS/PICTURE``: the pictures as the dataset has them, without loss.

    Made into a dataset again (of this size, without further loss) it gives the same pictures. Class names that no
    folder can have are changed in the folders' names; ``labels.csv`` beside them has path, class and split of each.
    """
    pipe = _Pipe(bytearray())
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for split in dataset.splits.values():
            for row, name in enumerate(_names(dataset, split)):
                archive.writestr(zipfile.ZipInfo(name, TIME), _content(split, row))
                if len(pipe.held) >= BLOCK:
                    yield pipe.take()
        if any(name != folder for name, folder in zip(dataset.classes, folder_names(dataset.classes))):
            archive.writestr(zipfile.ZipInfo("labels.csv", TIME), "".join(_labels(dataset)))
    yield pipe.take()


def own_zip(dataset: Dataset, *, places: bool = True) -> Iterator[bytes]:
    """Yield a zip with the dataset's own files, which ``ImageData.open`` reads once they are unpacked.

    Without ``places`` nothing in it shows where the sources lie.
    """
    pipe = _Pipe(bytearray())
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for path in (dataset.path / name for name in OWN_FILES):
            if not path.is_file():
                continue
            info = zipfile.ZipInfo(path.name, TIME)
            if not places and (text := without_sources(path)) is not None:
                archive.writestr(info, text)
                continue
            info.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(info, "w") as target:
                while block := source.read(BLOCK):
                    target.write(block)
                    yield pipe.take()
    yield pipe.take()


def table(dataset: Dataset) -> Iterator[str]:
    """Yield a CSV of all pictures: what they are, and which file of ``folders_zip`` holds each."""
    yield BOM + _lines([HEAD])
    for split in dataset.splits.values():
        names = _names(dataset, split)
        for start in range(0, len(split), AT_ONCE):
            rows = split.between(start, start + AT_ONCE)
            yield _lines(_cells(dataset, split.name, row, file) for row, file in zip(rows, names, strict=False))


def _cells(dataset: Dataset, split: str, row: Row, file: str) -> list[object]:
    return [row.path, dataset.classes[row.label], split, row.width, row.height, row.sha256, file]


def folder_names(classes: Iterable[str]) -> list[str]:
    """Return for each class a name that a folder may have on any system, no two of them alike."""
    names: list[str] = []
    taken: set[str] = set()
    for label in classes:
        plain = _plain(label)
        name, number = plain, 2
        while _alike(name) in taken:
            name, number = f"{plain} ({number})", number + 1
        taken.add(_alike(name))
        names.append(name)
    return names


def _plain(label: str) -> str:
    name = ODD.sub("_", label).strip(" ")
    name = re.sub(r"^\.|\.$", "_", name)
    while len(name.encode()) > 100:
        name = name[:-1]
    hidden = name.lower() in RESERVED or part_of_name(name) or is_unlabelled(name) or is_hidden(name)
    return f"{name}_" if not name or hidden else name


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _names(dataset: Dataset, split: Split) -> Iterator[str]:
    """Yield the name of each row's file: its number keeps it unique, its own name is kept as far as a file may have."""
    folders = folder_names(dataset.classes)
    ending = "jpg" if split.encoding == "jpeg" else "png"
    width = len(str(max(len(split) - 1, 1)))
    for row, one in enumerate(split.between(0, len(split))):
        stem = _plain(PurePosixPath(one.path).stem)[:60].strip(" .")
        yield f"{split.name}/{folders[one.label]}/{row:0{width}d}-{stem}.{ending}"


def _content(split: Split, row: int) -> bytes:
    return split.encoded(row) if split.encoding != "raw" else png(split.rows(np.array([row]))[0])


def _labels(dataset: Dataset) -> Iterator[str]:
    yield BOM + _lines([("path", "class", "split")])
    for split in dataset.splits.values():
        labels = split.labels.tolist()
        yield _lines([[n, dataset.classes[k], split.name] for n, k in zip(_names(dataset, split), labels)])


def _lines(rows: Iterable[Iterable[object]]) -> str:
    return "".join(line(row) for row in rows)


def without_sources(path: Path) -> str | None:
    """Return one of a dataset's own files with its sources named without their folders; None if it names none."""
    if path.suffix != ".json":
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    if path.name == "recipe.json":
        told = recipe_as_seen(told)
    elif isinstance(told.get("source"), dict):
        told["source"] = {**told["source"], "path": named_alone(told["source"].get("path"))}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def own_sizes(dataset: Dataset) -> dict[str, int]:
    """Return the bytes of each of the dataset's own files."""
    paths = (dataset.path / name for name in OWN_FILES)
    return {path.name: path.stat().st_size for path in paths if path.is_file()}


def own_file(dataset: Dataset, name: str) -> Path | None:
    """Return one of the dataset's own files; None if it has none of that name."""
    path = dataset.path / name
    return path if name in OWN_FILES and path.is_file() else None
