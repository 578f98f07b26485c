"""Glasshouse trains image classifiers in the open.

Importing it loads no torch: the public names are fetched when they are first used (PEP 562).
"""

import importlib
import os
from typing import Any

# OpenMP's threads wait asleep, not spinning: up to 15 times faster beside other programs (docs/decisions/0002).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.2.0"

_HOMES = {
    "DatasetRecipe": "glasshouse.recipe",
    "ImageData": "glasshouse.data.image_data",
    "Learner": "glasshouse.search.learner",
    "TrainingRecipe": "glasshouse.recipe",
    "activations": "glasshouse.explanation.layers.activations",
    "create_dataset": "glasshouse.data.prepare",
    "edit_dataset": "glasshouse.data.editing.version",
    "evaluate": "glasshouse.export.scoring",
    "explain": "glasshouse.explanation.explaining",
    "export_model": "glasshouse.export.onnx_export",
    "filters": "glasshouse.explanation.layers.filters",
    "follow": "glasshouse.explanation.follow",
    "load_model": "glasshouse.export.bundle",
    "map_pictures": "glasshouse.explanation.embedding.picture_map",
    "open_dataset": "glasshouse.data.dataset",
    "pack_run": "glasshouse.training.packing",
    "reproduce": "glasshouse.training.reproduction",
    "shortcuts": "glasshouse.explanation.shortcuts.alarm",
    "suspects": "glasshouse.explanation.suspects",
    "train": "glasshouse.training.loop",
    "verify": "glasshouse.training.verification",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        if not name.startswith("_"):
            from glasshouse.errors import no_such_name
            from glasshouse.training.hints import INSTEAD

            if name in INSTEAD:
                raise no_such_name("glasshouse", name, INSTEAD)
        raise AttributeError(f"module 'glasshouse' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
