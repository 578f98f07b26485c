"""Fitting tensors into a network whose names or shapes may be another library's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glasshouse.networks.build import Built
from glasshouse.networks.catalogue import CATALOGUE, Entry

__all__ = ["Fit", "fit"]

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Fit:
    """Tensors by the network's own names; ``missing`` are its names that got none, ``unused`` the file's left over.

    ``share`` is how much of the body (all but the head) was found, from 0 to 1, counted in tensors.
    """

    tensors: dict[str, Tensor]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    share: float


def fit(built: Built, state: State) -> Fit:
    """Return the best of three ways to fit: by name, by the twin's order, by the file's order.

    The twin is the same network in the other library: the file's tensors are put into its order first (a safetensors
    file is sorted by name), then matched one by one. Shapes have to agree, but for what ``_shaped`` can bring over.
    """
    own = _counted(built.module.state_dict())
    state = _counted(state)
    best = Fit({}, tuple(own), tuple(state), 0.0)
    for pairs in _candidates(built, own, state):
        found = _fitted(built, own, state, pairs)
        if found.share > best.share:
            best = found
        if best.share == 1:
            break
    return best


def _candidates(built: Built, own: State, state: State) -> Iterator[dict[str, str]]:
    """Yield pairs of names, the network's and the file's; what is matched by place has to end in the same word."""
    yield {name: name for name in own if name in state}
    twin = _twin(built.entry)
    for order in [list(_counted(twin.state_dict())), list(state)] if twin is not None else [list(state)]:
        if len(order) == len(own) and set(order) <= set(state):
            yield {ours: theirs for ours, theirs in zip(own, order) if _leaf(ours) == _leaf(theirs)}


def _twin(entry: Entry) -> nn.Module | None:
    """Return the same network as the other library has it, on no device (names and shapes only)."""
    if entry.library in ("own", "layers"):
        return None
    if entry.library == "torchvision" and entry.twin:
        from glasshouse.networks import timm_networks  # slow to import, and rarely needed

        return timm_networks.make_timm(entry.twin, 1000, 3, None)
    known = {e.twin: e.id for e in CATALOGUE.values() if e.library == "torchvision"}
    if entry.library == "timm" and entry.id in known:
        from glasshouse.networks import vision

        with torch.device("meta"):
            return vision.make_torchvision(known[entry.id], 1000)
    return None


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _counted(state: State) -> dict[str, Tensor]:
    """Leave out the batch counters, which older files lack and nothing here uses."""
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


def _fitted(built: Built, own: State, state: State, pairs: Mapping[str, str]) -> Fit:
    tensors = {}
    for name, theirs in pairs.items():
        value = _shaped(state[theirs], own[name].shape)
        if value is not None and (value.is_floating_point() or not own[name].is_floating_point()):  # not quantized
            tensors[name] = value.to(own[name].dtype)
    body = [name for name in own if not name.startswith(built.head_name + ".")]
    used = {pairs[name] for name in tensors}
    return Fit(
        tensors,
        tuple(name for name in own if name not in tensors),
        tuple(name for name in state if name not in used),
        sum(name in tensors for name in body) / len(body) if body else float(bool(tensors)),
    )


def _shaped(value: Tensor, shape: torch.Size) -> Tensor | None:
    """Return ``value`` in ``shape``, or None if that makes no sense.

    A dense layer may be a convolution over its whole input and the other way round; a first convolution for grey
    pictures gets the sum over red, green and blue (grey has the same value in each), and the other way round a third.
    """
    if value.shape == shape:
        return value
    if {value.ndim, len(shape)} == {2, 4} and value.shape[0] == shape[0] and value.numel() == shape.numel():
        return value.reshape(shape)
    if value.ndim == len(shape) == 4 and value.shape[0] == shape[0] and value.shape[2:] == shape[2:]:
        if (value.shape[1], shape[1]) == (3, 1):
            return value.sum(dim=1, keepdim=True)
        if (value.shape[1], shape[1]) == (1, 3):
            return value.expand(shape) / 3
    return None
