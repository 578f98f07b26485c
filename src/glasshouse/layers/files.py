"""A network in one file: safetensors, the description as JSON in its metadata. No code, no pickle."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from glasshouse.errors import ModelError, RecipeError

from .compiling import Compiled
from .description import build, describe
from .network import Network

__all__ = ["load_network", "save"]

KEY = "glasshouse-network"


def save(net: Network, path: Path) -> None:
    """Write layers, weights, and how the network was compiled; whole or not at all."""
    notes = {KEY: json.dumps(describe(net), ensure_ascii=False)}
    arrays = {name: np.ascontiguousarray(value) for name, value in net.weights().items()}
    if net.compiled is not None:
        compiled = net.compiled
        notes["compiled"] = json.dumps({
            "optimizer": compiled.optimizer.to_dict(),
            "loss": compiled.loss.to_dict(),
            "metrics": list(compiled.metrics),
            "iterations": compiled.iterations,
        })  # fmt: skip
        arrays |= _kept(net, compiled)
    beside = path.with_name(path.name + ".part")
    save_file(arrays, beside, metadata=notes)
    beside.replace(path)


def _kept(net: Network, compiled: Compiled) -> dict[str, Any]:
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


def load_network(path: str | Path) -> Network:
    """Read a network that `Network.save` wrote, with its weights, compiled as it was.

    Raises:
        ModelError: where the file is missing, damaged, or none of Glasshouse's.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"there is no file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            notes = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read as a network ({error}); expected what Network.save wrote") from error
    if KEY not in notes:
        raise ModelError(f"{path} holds weights, but no network; expected what Network.save wrote")
    try:
        net = build(json.loads(notes[KEY]))
        compiled = json.loads(notes.get("compiled", "null"))
    except (RecipeError, json.JSONDecodeError) as error:
        raise ModelError(f"the network in {path} cannot be built: {error}") from error
    net.set_weights({name: value for name, value in arrays.items() if not name.startswith("optimizer/")})
    if compiled is not None:
        _compile(net, compiled, arrays)
    return net


def _compile(net: Network, compiled: dict[str, Any], arrays: dict[str, Any]) -> None:
    net.compile(compiled["optimizer"], compiled["loss"], compiled["metrics"])
    found = net.compiled
    kept = {name: value for name, value in arrays.items() if name.startswith("optimizer/")}
    if found is None or not kept:
        return
    import torch  # weights alone are read without it

    found.iterations = int(compiled["iterations"])
    for name, p in net.module.named_parameters():
        stem = "optimizer/" + name.removeprefix("layers.").replace(".", "/")
        if any(key.startswith(stem + "/") for key in kept):
            slots = [kept.get(f"{stem}/{slot}") for slot in found.optimizer.slots]
            found.kept[p] = [None if value is None else torch.from_numpy(value.copy()).to(p.device) for value in slots]
