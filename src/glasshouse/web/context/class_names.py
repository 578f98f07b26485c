"""The display names of classes as pages show them: of a dataset; of a model those of its dataset before its own.

Where two classes would be shown alike, each is shown with its own name too.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from glasshouse.data.stored.class_names import CLASS_NAMES, read_names

__all__ = ["names_of_dataset", "names_of_model"]


def names_of_dataset(folder: Path, classes: Sequence[str]) -> Mapping[str, str]:
    """Return how each class of the dataset in ``folder`` is shown, for those that have a display name."""
    return _distinct(read_names(folder, classes), classes) if (folder / CLASS_NAMES).exists() else {}


def names_of_model(run: Path, data: Path | None) -> Mapping[str, str]:
    """Return how each class of a model is shown, for those that have a display name; ``data``: its dataset's folder."""
    own = _model(run / "model" / "model.json")
    held = _dataset(data) if data is not None else {}
    classes = list(dict.fromkeys([*own.get("classes", ()), *held.get("classes", ())]))
    names = {**own.get("class_names", {}), **(read_names(data, classes) if data is not None else {})}
    return _distinct(names, classes)


def _distinct(names: Mapping[str, str], classes: Sequence[str]) -> Mapping[str, str]:
    shown = Counter(names.get(name, name) for name in classes)
    return {name: f"{text} ({name})" if shown[text] > 1 else text for name, text in names.items()}


def _model(file: Path) -> Mapping[str, Any]:
    try:
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, ValueError):
        return {}


def _dataset(folder: Path) -> Mapping[str, Any]:
    if not (folder / CLASS_NAMES).exists():
        return {}
    return _model(folder / "dataset.json")


@lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> Mapping[str, Any]:
    found = json.loads(file.read_text(encoding="utf-8"))
    return {key: found[key] for key in ("classes", "class_names") if key in found} if isinstance(found, dict) else {}
