"""Weights: reading files that cannot run code, and fitting them into a network."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from glasshouse.errors import WeightsError
from glasshouse.networks.build import Built

__all__ = ["WeightsReport", "load_weights", "read_weights"]


@dataclass(frozen=True)
class WeightsReport:
    """What was loaded: ``loaded`` of ``total`` tensors from ``source``; ``skipped`` names the network's others."""

    loaded: int
    total: int
    skipped: tuple[str, ...]
    source: str
    message: str


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file.

    Raises:
        WeightsError: the file is missing or not such a file.
    """
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"Cannot read weights from {path}: {error}.") from None


def load_weights(built: Built, weights: str) -> WeightsReport:
    """Put weights into the network: ``none`` or a file."""
    own = built.module.state_dict()
    if weights == "none":
        return WeightsReport(0, len(own), (), "none", "no weights were loaded; the network starts from its seed")
    state = read_weights(weights)
    fit = {k: v.reshape(own[k].shape) for k, v in state.items() if k in own and v.numel() == own[k].numel()}
    if len(fit) < len(own) // 2:
        raise WeightsError(f"The weights in {weights} do not fit {built.entry.name}.")
    with torch.no_grad():
        built.module.load_state_dict(fit, strict=False)
    skipped = tuple(k for k in own if k not in fit)
    message = f"loaded {len(fit)} of {len(own)} tensors from {weights}"
    return WeightsReport(len(fit), len(own), skipped, weights, message)
