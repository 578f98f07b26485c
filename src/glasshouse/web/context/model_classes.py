"""The class names of a model, from its bundle or from its checkpoints, without loading it."""

import json
from functools import lru_cache
from pathlib import Path

from glasshouse.training.kept_epochs import classes_of_run

__all__ = ["model_classes"]


def model_classes(run: Path) -> tuple[str, ...]:
    """Return the class names of the model that the run left, or of the checkpoints that it keeps.

    They are in the order of its answers; empty if there is neither.
    """
    file = run / "model" / "model.json"
    try:
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError):
        return classes_of_run(run)


@lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> tuple[str, ...]:
    return tuple(json.loads(file.read_text(encoding="utf-8"))["classes"])
