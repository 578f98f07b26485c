"""Display names of classes in a model that is on disk: its description is written again, its weights stay."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from glasshouse.errors import ModelError
from glasshouse.export.archive import MANIFEST
from glasshouse.export.description import CLASS_NAMES, read_manifest
from glasshouse.integrity.documents import CHECKSUM, with_checksum

__all__ = ["name_classes"]


def name_classes(folder: Path, names: Mapping[str, str]) -> None:
    """Give the classes of the model in ``folder`` display names, in one step; those that it does not have are left out.

    Raises:
        ModelError: there is no model, it is damaged, or it cannot be written.
    """
    place = folder / MANIFEST
    beside = place.with_suffix(".part")
    try:
        manifest = read_manifest({MANIFEST: place.read_bytes()}, str(folder))
        kept = {name: value for name, value in manifest.items() if name not in (CLASS_NAMES, CHECKSUM)}
        shown = {name: names[name] for name in manifest["classes"] if name in names}
        whole = {**kept, **({CLASS_NAMES: shown} if shown else {})}
        whole = with_checksum(whole) if CHECKSUM in manifest else whole
        with beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError as error:
        raise ModelError(
            "The model cannot be written to {path}: {strerror}.", path=folder, strerror=error.strerror or error
        ) from None
