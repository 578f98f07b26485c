"""Checkpoints: everything that a training needs to go on, in one safetensors file.

Tensors lie under ``module/…``, ``average/…`` and ``optimizer/<parameter>/<name>``; all else is JSON in the file's
metadata. A file appears under its name only when it is whole and on the disk.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from glasshouse.errors import ResumeError, RunError

__all__ = [
    "FORMAT",
    "Position",
    "load_state",
    "module_tensors",
    "optimizer_tensors",
    "read_checkpoint",
    "restore_optimizer",
    "write_atomically",
    "write_checkpoint",
]

FORMAT = 1


@dataclass
class Position:
    """Where a training stands: ``step`` optimiser steps in all, ``step_in_epoch`` of epoch ``epoch`` (from 0).

    ``loss_sum`` and ``pictures`` belong to the part of the epoch that is done; ``history`` holds the epochs that are
    done, ``best`` and ``stopping`` are watches, ``events`` is the length of events.jsonl in bytes, ``scaler`` the
    state of mixed precision, ``updates`` counts the moving average's, ``numbers`` are values of the optimizer that
    are not tensors.
    """

    epoch: int = 0
    step: int = 0
    step_in_epoch: int = 0
    loss_sum: float = 0.0
    pictures: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    stopping: dict[str, Any] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    updates: int = 0
    events: int = 0
    seconds: float = 0.0


def module_tensors(module: nn.Module, prefix: str) -> dict[str, torch.Tensor]:
    """Return the weights and buffers of ``module`` with ``prefix/`` before their names."""
    return {f"{prefix}/{name}": tensor for name, tensor in module.state_dict().items()}


def load_state(module: nn.Module, tensors: dict[str, torch.Tensor], prefix: str) -> None:
    """Copy tensors under ``prefix/`` into ``module``, whose memory layout is kept."""
    state = {n.removeprefix(f"{prefix}/"): t for n, t in tensors.items() if n.startswith(f"{prefix}/")}
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise ResumeError(f"the checkpoint does not fit the network of the recipe: {error}") from None


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the state of ``optimizer`` as named tensors, and what is not a tensor."""
    tensors: dict[str, torch.Tensor] = {}
    numbers: dict[str, Any] = {}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer/{index}/{name}"] = value
            else:
                numbers[f"{index}/{name}"] = value
    return tensors, numbers


def restore_optimizer(
    optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor], numbers: dict[str, Any]
) -> None:
    """Give a fresh ``optimizer`` the state that ``optimizer_tensors`` returned, in the layout of its parameters."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer/"):
            _, index, name = key.split("/")
            like = parameters[int(index)]
            if tensor.shape == like.shape:  # the same strides, or element-wise kernels could round another way
                tensor = torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)
            state.setdefault(int(index), {})[name] = tensor
    for key, value in numbers.items():
        index, name = key.split("/")
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def write_checkpoint(paths: Iterable[Path], tensors: dict[str, torch.Tensor], position: Position) -> None:
    """Write one checkpoint under every name in ``paths``, in that order, each atomically."""
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = save(_apart(whole), {"glasshouse": json.dumps({"format": FORMAT, **asdict(position)})})
    first: Path | None = None
    for path in paths:
        if first is None:
            write_atomically(path, data)
            first = path
        else:
            _same_content(first, path, data)


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], Position]:
    """Return the tensors and the position of the checkpoint at ``path``.

    Raises:
        ResumeError: it is missing, damaged, no checkpoint, or of a later version.
    """
    try:
        with safe_open(path, framework="pt") as file:
            head = json.loads((file.metadata() or {})["glasshouse"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise ResumeError(f"there is no checkpoint {path}; start the training anew with glasshouse train") from None
    except (SafetensorError, KeyError, OSError, ValueError) as error:
        raise ResumeError(f"{path} is not a whole checkpoint: {error}") from None
    version = head.pop("format", None)
    if version != FORMAT:
        raise ResumeError(f"{path} has checkpoint format {version}; this Glasshouse reads {FORMAT}: update it")
    return tensors, Position(**head)


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader, or a crash, sees the old content or the new and nothing between.

    Raises:
        RunError: it cannot be written, such as on a full disk; the old content stands.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _rename(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise RunError(f"cannot write {path} ({error.strerror}); what was written before stands. Free some space or "
                       "permit writing, and go on with glasshouse resume") from None  # fmt: skip


def _same_content(source: Path, path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.unlink(missing_ok=True)
    try:
        beside.hardlink_to(source)
    except OSError:  # a file system without links, such as a mounted drive
        shutil.copyfile(source, beside)
    _rename(beside, path)


def _rename(beside: Path, path: Path) -> None:
    beside.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        except OSError:  # network file systems may refuse it; the rename itself has happened
            return
        finally:
            os.close(folder)


def _apart(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return ``tensors`` with those that share memory copied, because safetensors refuses them."""
    seen: set[int] = set()
    apart: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        address = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.clone() if address in seen else tensor
        seen.add(address)
    return apart
