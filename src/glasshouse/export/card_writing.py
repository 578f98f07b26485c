"""Another card for a model that is there: all else stays as it is, to the byte."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from glasshouse.export.archive import MANIFEST, read_files, write_files
from glasshouse.export.card_file import CARD, CARD_PARTS
from glasshouse.export.description import TEXTS, read_manifest
from glasshouse.integrity.documents import CHECKSUM, with_checksum
from glasshouse.messages import parts_of

__all__ = ["write_card"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


def write_card(model: Path, card: str, more: Mapping[str, Any] = NOTHING) -> None:
    """Put ``card`` into the model at ``model``, a folder or a file, in one step; ``more`` goes into ``model.json``.

    Raises:
        ModelError: the model is damaged, or cannot be written.
    """
    files = read_files(model)
    manifest = read_manifest(files, str(model))
    checked = manifest.pop(CHECKSUM, None) is not None
    manifest.pop(CARD_PARTS, None)
    manifest |= more
    text = str.__str__(card).encode()
    if checked:
        manifest[TEXTS] = {**manifest[TEXTS], CARD: hashlib.sha256(text).hexdigest()}
    manifest["files"] = sorted({*manifest["files"], CARD})
    if (parts := parts_of(card)) is not None:
        manifest[CARD_PARTS] = parts
    told = json.dumps(with_checksum(manifest) if checked else manifest, indent=2, ensure_ascii=False) + "\n"
    write_files(model, {**files, CARD: text, MANIFEST: told.encode()})
