"""The baselines of a dataset's split, kept beside the dataset: scikit-learn takes a second to import."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from glasshouse.evaluation.baselines import Baseline
from glasshouse.integrity.documents import checksum_fault, read_object, with_checksum

__all__ = ["kept_baselines"]

FORMAT = 1
FOLDER = "features"  # of caches, in a dataset's folder
PACKAGES = ("numpy", "scikit-learn")  # that compute them


def kept_baselines(
    folder: Path, facts: Sequence[object], make: Callable[[], tuple[Baseline, ...]]
) -> tuple[Baseline, ...]:
    """Return what ``make`` gives, from the dataset's ``folder`` if it is there; ``facts`` are all that it follows from.

    It is written where the folder can be written; a damaged file is made again.
    """
    known = json.dumps([FORMAT, *facts, *map(version, PACKAGES)], ensure_ascii=False)
    file = folder / FOLDER / f"baselines-{hashlib.sha256(known.encode()).hexdigest()[:24]}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = read_object(file)
        if checksum_fault(found) is None:
            return tuple(map(Baseline.from_dict, found["baselines"]))
    made = make()
    with suppress(OSError):
        _write(file, json.dumps(with_checksum({"baselines": [one.to_dict() for one in made]}), ensure_ascii=False))
    return made


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
