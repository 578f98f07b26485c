"""The weights of a model on disk as a module of torch, checked to be exactly those of its network."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from glasshouse.errors import DamagedModelError, NetworkError, RecipeError
from glasshouse.export.checks import weight_shapes
from glasshouse.export.description import Description
from glasshouse.export.inference import lay_out, pick_device
from glasshouse.messages import Message, joined
from glasshouse.networks.build import construct, frame
from glasshouse.networks.resolved import ResolvedNetwork

__all__ = ["module_of", "weights_of"]

SPARE = 10_000_000  # numbers that may be built in vain, 40 MB
LONG = 1000  # of what a file holds, in a message


def module_of(description: Description, weights: bytes, place: Path, device: str = "auto") -> nn.Module:
    """Return the module of a description with the weights in a file's bytes, in eval mode on the device.

    Raises:
        DamagedModelError: they do not fit, or cannot answer; ``place`` is reported.
    """
    network = _network(description, place)
    _check_sizes(network, weights, place)
    module = _module(network, description.dropout, place)
    module.load_state_dict(_weights(weights, module, place), strict=True)
    module.eval().to(pick_device(device))
    for parameter in module.parameters():
        parameter.data = lay_out(parameter)
    return module


def weights_of(module: nn.Module) -> bytes:
    """Return the bytes of the file of the module's weights."""
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
    return safetensors.torch.save(state)


def _network(description: Description, place: Path) -> ResolvedNetwork:
    try:
        return description.resolved
    except (NetworkError, RecipeError) as error:
        raise _cannot_be_built(place, error) from None


def _module(network: ResolvedNetwork, dropout: float | None, place: Path) -> nn.Module:
    try:
        return frame(network, dropout=dropout)
    except (NetworkError, MemoryError) as error:
        raise _cannot_be_built(place, error) from None


def _cannot_be_built(place: Path, error: Exception) -> DamagedModelError:
    why = str(error)[:LONG] or Message("it needs too much memory")
    return DamagedModelError("The model at {place} cannot be built: {why}", place=place, why=why)


def _check_sizes(network: ResolvedNetwork, weights: bytes, place: Path) -> None:
    """Compare the sizes in the description with those of the weights, before memory is taken for them.

    Raises:
        DamagedModelError: they cannot be of one network.
    """
    try:
        shapes = weight_shapes(weights)
    except ValueError as error:
        raise DamagedModelError(
            "The model at {place} is damaged: weights.safetensors: {error}", place=place, error=error
        ) from None
    try:
        problems = list(_size_problems(network, shapes))
    except NetworkError as error:
        raise _cannot_be_built(place, error) from None
    if problems:
        raise _no_fit(place, problems)


def _size_problems(network: ResolvedNetwork, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """Yield what shows without building it that the network is far larger than these weights; a small difference is
    told by name once it is built."""
    classes, found, count = network.classes, sum(map(prod, shapes.values())), 0
    if network.layers is not None:
        count = network.layers.net.parameters
    elif network.entry.library == "own":  # whose weights grow with the pictures
        with torch.device("meta"):
            count = sum(part.numel() for part in construct(network).module.parameters())
    elif not any(classes in shape for shape in shapes.values()):
        count = classes * max((max(shape, default=1) for shape in shapes.values()), default=1)
    if count > 4 * found + SPARE:
        yield Message(
            "for {classes} classes and these pictures it has {count} numbers, the file {found}",
            classes=f"{classes:,}",
            count=f"{count:,}",
            found=f"{found:,}",
        )


def _no_fit(place: Path, problems: Sequence[str]) -> DamagedModelError:
    more = Message(" and {problems} more", problems=len(problems) - 3) if len(problems) > 3 else ""
    return DamagedModelError(
        "The weights of the model at {place} do not fit its network: {problems}{more}.",
        place=place,
        problems=joined("; ", problems[:3]),
        more=more,
    )


def _weights(data: bytes, module: nn.Module, place: Path) -> dict[str, Tensor]:
    """Return the weights by name, checked to be exactly those of ``module``, and numbers."""
    try:
        weights: dict[str, Tensor] = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise DamagedModelError(
            "The model at {place} is damaged: weights.safetensors: {error}", place=place, error=error
        ) from None
    problems = list(_misfits(weights, module.state_dict()))
    if problems:
        raise _no_fit(place, problems)
    nan = [name for name, tensor in weights.items() if tensor.is_floating_point() and bool(tensor.isnan().any())]
    if nan:
        raise DamagedModelError(
            "The model at {place} cannot answer: its weight {nan} holds NaN, which is no number. Train it anew, "
            "or take an earlier checkpoint.",
            place=place,
            nan=nan[0],
        )
    return weights


def _misfits(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[Message]:
    missing = [Message("{name} is missing", name=name) for name in expected if name not in weights]
    extra = [Message("{name} is not part of it", name=name) for name in weights if name not in expected]
    both = [(name, weights[name], tensor) for name, tensor in expected.items() if name in weights]
    shapes = [
        Message(
            "{name} is {dtype} {shape}, expected {dtype2} {shape2}",
            name=name,
            dtype=got.dtype,
            shape=tuple(got.shape),
            dtype2=tensor.dtype,
            shape2=tuple(tensor.shape),
        )
        for name, got, tensor in both
        if got.shape != tensor.shape or got.dtype != tensor.dtype
    ]
    return missing + extra + shapes
