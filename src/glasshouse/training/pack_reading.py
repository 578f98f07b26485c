"""A pack from elsewhere, read with distrust: only the files that it lists, each with its size and its SHA-256."""

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import RunError
from glasshouse.messages import Message
from glasshouse.training.packing import FORMAT, KIND

__all__ = ["Pack", "unpack"]

LARGEST_LIST = 64 << 20  # bytes of pack.json
NAME = re.compile(r"(run|run/model|dataset|start)/[^/\\\0]{1,200}|requirements\.txt")
CHUNK = 1 << 20


@dataclass(frozen=True)
class Pack:
    """A pack put into a folder: ``run`` as it was, ``dataset`` if the pack has it, the weights to begin with."""

    folder: Path
    name: str
    fingerprint: str
    has_data: bool
    start: Path | None

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def dataset(self) -> Path:
        return self.folder / "dataset"


def unpack(file: Path, folder: Path) -> Pack:
    """Put the files of a pack into ``folder``, which is made.

    Raises:
        RunError: it is no pack, is damaged, or was made by a later version; nothing is left then.
    """
    try:
        with zipfile.ZipFile(file) as source:
            facts = _facts(file, source)
            for name, entry in facts["files"].items():
                _take(file, source, name, entry, folder)
    except FileNotFoundError:
        raise RunError("There is no file {file}.", file=file) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _damaged(file, Message("{reason}", reason=str(error) or type(error).__name__)) from None
    start = facts.get("start")
    return Pack(
        folder, str(facts.get("name") or "run"), str(facts["fingerprint"]), bool(facts["data"]),
        None if start is None else folder / str(start),
    )  # fmt: skip


def _facts(file: Path, source: zipfile.ZipFile) -> Mapping[str, Any]:
    if source.getinfo("pack.json").file_size > LARGEST_LIST:
        raise ValueError("its list of files is too long")
    found = json.loads(source.read("pack.json"))
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise ValueError("it has no list of files")
    if not isinstance(found.get("format"), int) or found["format"] > FORMAT:
        raise RunError(
            "{file} was packed by Glasshouse {version}, which is newer; update Glasshouse to read it.",
            file=file, version=found.get("glasshouse", "?"),
        )  # fmt: skip
    files = found["files"]
    bad = next((name for name in files if not NAME.fullmatch(name) or ".." in name.split("/")), None)
    if bad is not None:
        raise ValueError(f"it lists {bad[:100]!r}, which no pack has")
    if (start := found.get("start")) is not None and start not in files:
        raise ValueError("the weights to begin with are missing")
    return found


def _take(file: Path, source: zipfile.ZipFile, name: str, entry: Mapping[str, Any], folder: Path) -> None:
    size, digest = int(entry["bytes"]), hashlib.sha256()
    if source.getinfo(name).file_size != size:
        raise _damaged(file, Message("{name} has another size than it lists", name=name))
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with source.open(name) as given, place.open("xb") as target:
        left = size
        while piece := given.read(min(CHUNK, left + 1)):
            left -= len(piece)
            if left < 0:
                break
            digest.update(piece)
            target.write(piece)
    if left != 0 or digest.hexdigest() != entry["sha256"]:
        raise _damaged(file, Message("{name} is not what was packed", name=name))


def _damaged(file: Path, reason: str) -> RunError:
    return RunError("{file} is no pack of a run, or it is damaged: {reason}", file=file, reason=reason)
