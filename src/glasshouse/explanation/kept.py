"""What was found about a model, kept beside it: ``explanations/`` in its run's or its own folder.

A result is found again by its ``name`` and by the facts that it follows from, to which the hash of the weights is
added: other weights, another dataset or another version of the computation is another file. Where nothing can be
written (a model in one file, a folder that is read-only) it is computed each time.
"""

import hashlib
import io
import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.layers.kept_files import file_digest
from glasshouse.explanation.opened import OpenedModel
from glasshouse.export.archive import MANIFEST
from glasshouse.integrity.documents import checksum_fault, read_object, with_checksum

__all__ = [
    "FOLDER", "find_object", "keep_object", "kept_arrays", "kept_object", "kept_place", "known_file", "weights_hash",
]  # fmt: skip

FOLDER = "explanations"


def kept_object(
    opened: OpenedModel, name: str, facts: Mapping[str, Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return what ``compute`` gives, an object for JSON, or what it gave before; it is not computed twice.

    ``name`` is a short word for a file's name; ``facts`` are all besides the weights that the result follows from
    (the dataset's fingerprint, settings, a number for the version of the computation), as JSON holds them.
    """
    found = find_object(opened, name, facts)
    return keep_object(opened, name, facts, compute()) if found is None else found


def find_object(opened: OpenedModel, name: str, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the object that is kept for these facts, None if there is none or it is damaged."""
    file = known_file(opened, name, facts, "json")
    if file is not None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = read_object(file)
            if checksum_fault(found) is None:
                return dict(found["found"])
    return None


def keep_object(opened: OpenedModel, name: str, facts: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Keep an object for these facts, where that can be written, and return it."""
    path = opened.model.path
    kept = {"facts": dict(facts), "found": found, "model": "" if path is None else file_digest(path)}
    text = json.dumps(with_checksum(kept), ensure_ascii=False)
    _write(known_file(opened, name, facts, "json"), text.encode("utf-8"))
    return found


def kept_arrays(
    opened: OpenedModel, name: str, facts: Mapping[str, Any], compute: Callable[[], dict[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Return the arrays by name that ``compute`` gives, or gave before; see `kept_object`."""
    file = known_file(opened, name, facts, "npz")
    if file is not None:
        # numpy raises of many kinds for a damaged file; it is made again
        with suppress(Exception), np.load(file, allow_pickle=False) as found:
            return {key: found[key] for key in found.files}
    made = compute()
    out = io.BytesIO()
    np.savez(out, **made)  # type: ignore[arg-type]  # numpy's own has a flag among the names
    _write(file, out.getvalue())
    return made


def kept_place(opened: OpenedModel) -> Path | None:
    """Return the folder for what is kept of a model: of its run, else of its own folder; None if it has neither."""
    path = opened.model.path
    if path is None:
        return None
    if (path.parent / "run.json").is_file() and path.is_dir():
        return path.parent / FOLDER
    return path / FOLDER if (path / MANIFEST).is_file() else None


def known_file(opened: OpenedModel, name: str, facts: Mapping[str, Any], suffix: str) -> Path | None:
    """Return where a result is or would be kept; None where nothing can be."""
    place = kept_place(opened)
    if place is None:
        return None
    text = json.dumps({"weights": weights_hash(opened), **facts}, sort_keys=True, ensure_ascii=False)
    return place / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:24]}.{suffix}"


def weights_hash(opened: OpenedModel) -> str:
    """Return the SHA-256 of the names, shapes and numbers of a model's weights, as the opened network has them."""
    kept: dict[str, str] = opened.__dict__  # the object is frozen, its caches are not
    if "_weights_hash" not in kept:
        known = hashlib.sha256()
        for name, tensor in sorted(opened.module.state_dict().items()):
            known.update(f"{name} {tuple(tensor.shape)} ".encode())
            known.update(np.ascontiguousarray(tensor.numpy()).tobytes())
        kept["_weights_hash"] = known.hexdigest()
    return kept["_weights_hash"]


def _write(file: Path | None, data: bytes) -> None:
    """Put a file into its place in one step, if that can be written."""
    if file is None:
        return
    beside = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        try:
            beside.write_bytes(data)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
