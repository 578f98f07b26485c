"""Another card for a model that is there: all else stays as it is, to the byte."""

import hashlib
import json
from pathlib import Path

from glasshouse.export.archive import MANIFEST, read_files, write_files
from glasshouse.export.card_file import CARD, CARD_PARTS
from glasshouse.export.description import TEXTS, read_manifest
from glasshouse.integrity.documents import CHECKSUM, with_checksum
from glasshouse.messages import parts_of

__all__ = ["write_card"]


def write_card(model: Path, card: str) -> None:
    """Put ``card`` into the model at ``model``, a folder or a file, in one step.

    Raises:
        ModelError: the model is damaged, or cannot be written.
    """
    files = read_files(model)
    manifest = read_manifest(files, str(model))
    checked = manifest.pop(CHECKSUM, None) is not None
    manifest.pop(CARD_PARTS, None)
    text = str.__str__(card).encode()
    if checked:
        manifest[TEXTS] = {**manifest[TEXTS], CARD: hashlib.sha256(text).hexdigest()}
    manifest["files"] = sorted({*manifest["files"], CARD})
    if (parts := parts_of(card)) is not None:
        manifest[CARD_PARTS] = parts
    told = json.dumps(with_checksum(manifest) if checked else manifest, indent=2, ensure_ascii=False) + "\n"
    write_files(model, {**files, CARD: text, MANIFEST: told.encode()})
