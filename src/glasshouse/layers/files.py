"""A network in one file: safetensors, the description as JSON in its metadata. No code, no pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from glasshouse.errors import ModelError

from .architecture import Architecture
from .compiling import Compiled
from .description import describe

__all__ = ["Read", "read", "read_description", "restore", "save"]

KEY = "glasshouse-network"


def save(net: Architecture, compiled: Compiled | None, path: Path) -> None:
    """Write layers, weights, and how the network was compiled; whole or not at all."""
    notes = {KEY: json.dumps(describe(net), ensure_ascii=False)}
    arrays = {name: np.ascontiguousarray(value) for name, value in net.weights().items()}
    if compiled is not None:
        notes["compiled"] = json.dumps({
            "optimizer": compiled.optimizer.to_dict(),
            "loss": compiled.loss.to_dict(),
            "metrics": compiled.given_metrics,
            "iterations": compiled.iterations,
        })  # fmt: skip
        arrays |= _kept(net, compiled)
    beside = path.with_name(path.name + ".part")
    save_file(arrays, beside, metadata=notes)
    beside.replace(path)


def _kept(net: Architecture, compiled: Compiled) -> dict[str, Any]:
    """What the optimizer keeps, as ``optimizer/dense/kernel/velocity``."""
    if not compiled.kept:
        return {}
    names = {id(p): name.removeprefix("layers.").replace(".", "/") for name, p in net.module.named_parameters()}
    return {
        f"optimizer/{names[id(p)]}/{slot}": value.detach().cpu().numpy().copy()
        for p, values in compiled.kept.items()
        if id(p) in names
        for slot, value in zip(compiled.optimizer.slots, values)
        if value is not None
    }


def read_description(path: Path) -> dict[str, Any]:
    """Read the layers that a JSON file holds (`Network.to_dict`), or a file that `save` wrote; no weights.

    Raises:
        ModelError: the file is missing or damaged, or holds no network.
    """
    try:
        with path.open("rb") as file:
            saved = not file.read(64).lstrip().startswith(b"{")
        found = json.loads(read(path).network if saved else path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelError("cannot read the network {path}: {strerror}", path=path, strerror=error.strerror) from None
    except ValueError as error:
        raise ModelError(
            "{path} is no network: not JSON ({error}); expected what json.dumps(net.to_dict()) gives, or a "
            "file that net.save wrote",
            path=path,
            error=error,
        ) from None
    if not isinstance(found, dict) or "layers" not in found:
        raise ModelError(
            '{path} is no network: expected a JSON object with "layers", as net.to_dict() gives', path=path
        )
    return found


@dataclass(frozen=True)
class Read:
    """What is in a file: two pieces of JSON, weights, and what the optimizer kept."""

    network: str
    compiled: str
    weights: dict[str, np.ndarray]
    kept: dict[str, Any]


def read(path: Path) -> Read:
    """Read a file that `save` wrote; ModelError if it is missing, damaged, or none of Glasshouse's."""
    if not path.is_file():
        raise ModelError("there is no file {path}", path=path)
    try:
        with safe_open(path, framework="numpy") as file:
            notes = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "{path} cannot be read as a network ({error}); expected what Network.save wrote", path=path, error=error
        ) from error
    if KEY not in notes:
        raise ModelError("{path} holds weights, but no network; expected what Network.save wrote", path=path)
    kept = {name: value for name, value in arrays.items() if name.startswith("optimizer/")}
    weights = {name: value for name, value in arrays.items() if name not in kept}
    return Read(notes[KEY], notes.get("compiled", "null"), weights, kept)


def restore(net: Architecture, compiled: Compiled, kept: Mapping[str, Any], iterations: int) -> None:
    """Give the optimizer back what it kept."""
    if not kept:
        return
    import torch  # weights alone are read without it

    compiled.iterations = iterations
    for name, p in net.module.named_parameters():
        stem = "optimizer/" + name.removeprefix("layers.").replace(".", "/")
        if any(key.startswith(stem + "/") for key in kept):
            slots = [kept.get(f"{stem}/{slot}") for slot in compiled.optimizer.slots]
            compiled.kept[p] = [None if v is None else torch.from_numpy(v.copy()).to(p.device) for v in slots]
