"""What the shortcut alarm found, kept in the run's folder: ``explanations/shortcuts-SPLIT.json``, read by pages."""

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from glasshouse.events import Event
from glasshouse.explanation.kept import FOLDER
from glasshouse.explanation.opened import OpenedModel
from glasshouse.explanation.shortcuts.alarm import looking_for_shortcuts
from glasshouse.explanation.shortcuts.hiding import measure_hidden
from glasshouse.explanation.shortcuts.regions import Box
from glasshouse.integrity.documents import with_checksum

__all__ = ["keep_hidden", "keep_shortcuts"]


def keep_shortcuts(opened: OpenedModel, run: Path, split: str) -> Generator[Event, None, dict[str, Any]]:
    """Look for shortcuts on a split and keep what was found; what was measured with regions hidden is of before."""
    found = yield from looking_for_shortcuts(opened, split)
    assert opened.dataset is not None
    for earlier in (run / FOLDER).glob(f"hidden-{split}-*.json"):
        earlier.unlink(missing_ok=True)
    _write(run, f"shortcuts-{split}", {**found.to_dict(), "dataset": opened.dataset.fingerprint})
    return {"found": len(found.found), "pictures": found.pictures}


def keep_hidden(opened: OpenedModel, run: Path, split: str, box: Box) -> Generator[Event, None, dict[str, Any]]:
    """Measure the accuracy with a region hidden and keep it, by the box."""
    found = yield from measure_hidden(opened, split, box)
    _write(run, f"hidden-{split}-{'-'.join(map(str, box))}", found.to_dict())
    return {"accuracy": found.accuracy, "hidden": found.hidden}


def _write(run: Path, name: str, content: Mapping[str, Any]) -> None:
    (run / FOLDER).mkdir(exist_ok=True)
    beside = run / FOLDER / f".{name}.part"
    beside.write_text(json.dumps(with_checksum(content), ensure_ascii=False), encoding="utf-8")
    beside.replace(run / FOLDER / f"{name}.json")
