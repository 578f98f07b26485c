"""The one place that imports timm, which loads all its networks and torch's compiler."""

import sys
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from glasshouse.networks import vision  # noqa: F401  (timm imports torchvision, which has to be imported there first)

# isort: split
import timm

__all__ = ["TimmFacts", "converted", "make_timm", "timm_facts", "timm_names", "timm_size", "timm_source"]


@dataclass(frozen=True)
class TimmFacts:
    """What timm knows of one of its networks; ``head`` is empty if it has no single last layer."""

    parameters: int
    width: int
    height: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    head: str


@cache
def timm_names() -> list[str]:
    """Return the names of all timm networks."""
    return list(timm.list_models())


@cache
def timm_facts(name: str) -> TimmFacts | None:
    """Return what timm knows of the network of exactly that name (with a tag of its weights or without), or None."""
    if name not in timm_names() and name not in timm.list_pretrained():
        return None
    module = make_timm(name, 1000, 3, None)
    config: Any = module.pretrained_cfg
    channels, height, width = config["input_size"]
    parameters = sum(p.numel() for p in module.parameters())
    return TimmFacts(
        parameters, width, height, channels, tuple(config["mean"]), tuple(config["std"]), _head_name(module)
    )


def timm_size(name: str) -> tuple[int, int]:
    """Return (width, height) of the pictures that a timm network was made for, without building it."""
    config: Any = timm.get_pretrained_cfg(name)
    _, height, width = config.input_size if config else (3, 224, 224)
    return width, height


def make_timm(name: str, classes: int, channels: int, size: tuple[int, int] | None) -> nn.Module:
    """Return timm's network, on no device (only shapes) when ``size`` is None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if size is None:
            with torch.device("meta"):
                module: nn.Module = timm.create_model(name, num_classes=classes, in_chans=channels)
            return module
        config: Any = timm.get_pretrained_cfg(name)
        extra: dict[str, Any] = {"img_size": size} if config.fixed_input_size else {}
        return timm.create_model(name, num_classes=classes, in_chans=channels, **extra)


def converted(module: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return ``state`` as timm's own converter for this network makes it (older names, other picture sizes)."""
    home = sys.modules[type(module).__module__]
    converter = getattr(home, "checkpoint_filter_fn", None)
    if converter is None:
        return state
    try:
        return dict(converter(dict(state), module))
    except (AttributeError, KeyError, IndexError, RuntimeError, ValueError):
        return state  # it was made for files of that network only; the caller reports what does not fit


def timm_source(name: str) -> tuple[str, str]:
    """Return the address and the Hugging Face repository of timm's pretrained weights; empty if it has none."""
    config: Any = timm.get_pretrained_cfg(name)
    return config.url or "", config.hf_hub_id or ""


def timm_licence(name: str) -> tuple[str, int]:
    """Return the licence of timm's pretrained weights (empty if timm does not say), and how many classes they give."""
    config: Any = timm.get_pretrained_cfg(name)
    return str(config.license or ""), int(config.num_classes or 0)


def _head_name(module: nn.Module) -> str:
    if not hasattr(module, "get_classifier"):  # an encoder
        return ""
    classifier: Any = module.get_classifier()  # type: ignore[operator]
    return next((str(name) for name, part in module.named_modules() if part is classifier), "")
