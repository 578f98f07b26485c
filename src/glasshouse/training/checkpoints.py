"""Checkpoints: everything that a training needs to go on, in one safetensors file.

Tensors lie under ``module/…``, ``average/…`` and ``optimizer/<parameter>/<name>``; all else is JSON in the file's
metadata. A file appears under its name only when it is whole and on the disk, and carries a checksum of all of its
bytes, which is verified whenever it is read (``glasshouse.integrity.tensors``).
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from glasshouse.errors import DamagedRunError, ResumeError
from glasshouse.integrity.documents import CHECKSUM, parse_object
from glasshouse.integrity.tensors import BLANK, tensors_fault, with_tensors_checksum
from glasshouse.messages import Message, joined
from glasshouse.training.position import Position, odd_fields
from glasshouse.training.writing import write_atomically

__all__ = [
    "FORMAT",
    "Position",
    "load_state",
    "module_tensors",
    "optimizer_tensors",
    "read_checkpoint",
    "read_tensors",
    "restore_optimizer",
    "write_atomically",
    "write_checkpoint",
    "write_tensors",
]

FORMAT = 1


def module_tensors(module: nn.Module, prefix: str) -> dict[str, torch.Tensor]:
    """Return the weights and buffers of ``module`` with ``prefix/`` before their names."""
    return {f"{prefix}/{name}": tensor for name, tensor in module.state_dict().items()}


def load_state(module: nn.Module, tensors: dict[str, torch.Tensor], prefix: str) -> None:
    """Copy tensors under ``prefix/`` into ``module``, whose memory layout is kept.

    Raises:
        DamagedRunError: they are not the tensors of this network; names, shapes and types are reported.
    """
    state = {n.removeprefix(f"{prefix}/"): t for n, t in tensors.items() if n.startswith(f"{prefix}/")}
    expected = module.state_dict()
    problems = [Message("{name} is missing", name=name) for name in expected if name not in state]
    problems += [Message("{name} is not part of it", name=name) for name in state if name not in expected]
    problems += [
        Message(
            "{name} is {dtype} {shape}, expected {dtype2} {shape2}",
            name=name,
            dtype=got.dtype,
            shape=tuple(got.shape),
            dtype2=expected[name].dtype,
            shape2=tuple(expected[name].shape),
        )
        for name, got in state.items()
        if name in expected and (got.shape, got.dtype) != (expected[name].shape, expected[name].dtype)
    ]
    if problems:
        more = Message(" and {problems} more", problems=len(problems) - 3) if len(problems) > 3 else ""
        raise DamagedRunError(
            "the checkpoint has {state} tensors under {prefix}/, the network of the recipe {expected}, and they "
            "do not fit: {problems}{more}",
            state=len(state),
            prefix=prefix,
            expected=len(expected),
            problems=joined("; ", problems[:3]),
            more=more,
        )
    module.load_state_dict(state)


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
            index, name = _place(key.removeprefix("optimizer/"), len(parameters))
            like = parameters[index]
            if tensor.shape == like.shape:  # the same strides, or element-wise kernels could round another way
                tensor = torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)
            elif tensor.numel() > 1:
                raise DamagedRunError(
                    "the checkpoint's {key} has the shape {shape}, its parameter {shape2}",
                    key=key,
                    shape=tuple(tensor.shape),
                    shape2=tuple(like.shape),
                )
            state.setdefault(index, {})[name] = tensor
    for key, value in numbers.items():
        index, name = _place(key, len(parameters))
        state.setdefault(index, {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _place(key: str, count: int) -> tuple[int, str]:
    """Return the number of a parameter and the name of what an optimizer keeps of it."""
    number, _, name = key.partition("/")
    if not number.isdecimal() or int(number) >= count or not name:
        raise DamagedRunError(
            "the checkpoint's optimizer has {key}, the recipe's has {count} parameters", key=repr(key), count=count
        )
    return int(number), name


def write_checkpoint(paths: Iterable[Path], tensors: dict[str, torch.Tensor], position: Position) -> None:
    """Write one checkpoint under every name in ``paths``, in that order, each atomically."""
    pieces = _pieces(tensors, {"glasshouse": json.dumps({"format": FORMAT, **asdict(position)})})
    for path in paths:  # no links: what damages one of them must leave the others whole
        write_atomically(path, *pieces)


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors by name to a safetensors file, atomically and with a checksum."""
    write_atomically(path, *_pieces(tensors, metadata or {}))


def _pieces(tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> tuple[bytes, memoryview]:
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return with_tensors_checksum(save(_apart(whole), {**metadata, CHECKSUM: BLANK}))


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return what ``write_tensors`` wrote without metadata, verified.

    Raises:
        DamagedRunError: it is missing or damaged.
    """
    try:
        fault, _ = tensors_fault(path, ("format",))
        if fault is None:
            return load_file(path)
    except (OSError, SafetensorError) as error:
        fault = str(error)
    raise DamagedRunError("{path} is damaged: {fault}", path=path, fault=fault)


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], Position]:
    """Return the tensors and the position of the checkpoint at ``path``.

    Raises:
        DamagedRunError: it is missing, damaged, or no checkpoint.
        ResumeError: it is of a later version.
    """
    try:
        fault, _ = tensors_fault(path, ("glasshouse",))
        if fault is not None:
            raise ValueError(fault)
        with safe_open(path, framework="pt") as file:
            head = parse_object((file.metadata() or {}).get("glasshouse", "{}"), finite=False)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise DamagedRunError(
            "there is no checkpoint {path}; start the training anew with glasshouse train", path=path
        ) from None
    except (SafetensorError, OSError, ValueError) as error:
        raise DamagedRunError("{path} is not a whole checkpoint: {problems}", path=path, problems=error) from None
    version = head.pop("format", None)
    if isinstance(version, int) and version > FORMAT:
        raise ResumeError(
            "{path} has checkpoint format {version}; this Glasshouse reads {FORMAT}: update it",
            path=path,
            version=version,
            FORMAT=FORMAT,
        )
    problems = [Message("format is {version}", version=repr(version))] if version != FORMAT else list(odd_fields(head))
    if problems:
        raise DamagedRunError(
            "{path} is not a whole checkpoint: {problems}", path=path, problems=joined("; ", problems[:3])
        )
    return tensors, Position(**head)


def _apart(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return ``tensors`` with those that share memory copied, because safetensors refuses them."""
    seen: set[int] = set()
    apart: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        address = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.clone() if address in seen else tensor
        seen.add(address)
    return apart
