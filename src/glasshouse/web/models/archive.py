"""A trained model as one file to take away."""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from glasshouse.errors import MissingError
from glasshouse.export.archive import NAMES

__all__ = ["blocks", "pack"]

BLOCK = 1 << 20


def pack(folder: Path, name: str) -> IO[bytes]:
    """Return the model in ``folder`` as an open zip file; ``blocks`` closes it.

    Raises:
        MissingError: the training has not left a model yet.
    """
    if not (folder / "model.json").is_file():
        raise MissingError("{name} has no model yet; it has one when its training is done.", name=name)
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by blocks, when it was sent)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for part in NAMES:
            if (folder / part).is_file():
                archive.write(folder / part, part)
    file.seek(0)
    return file


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield an open file in pieces, and close it."""
    with file:
        while block := file.read(BLOCK):
            yield block
