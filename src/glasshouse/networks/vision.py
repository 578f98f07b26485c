"""The one place that imports torchvision and timm."""

import sys
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

_kept: list[torch.library.Library] = []  # an operator lives as long as the library that defined it


def _import_torchvision() -> Any:
    """Import torchvision, also where its compiled operators do not fit the installed torch (CPU builds)."""
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            signature = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            library.define(signature)  # type: ignore[no-untyped-call]
        _kept.append(library)
        import torchvision
    return torchvision


torchvision = _import_torchvision()
import timm  # noqa: E402  (it imports torchvision, so it has to come after it)

__all__ = [
    "TimmFacts",
    "converted",
    "make_timm",
    "make_torchvision",
    "timm_facts",
    "timm_licence",
    "timm_names",
    "timm_size",
    "timm_source",
    "torchvision_urls",
]


@dataclass(frozen=True)
class TimmFacts:
    """What timm knows of one of its networks; ``head`` is empty where it has no single last layer."""

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


def make_torchvision(name: str, classes: int) -> nn.Module:
    """Return torchvision's network without the auxiliary classifiers that only its first training used."""
    extra = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
    module: nn.Module = getattr(torchvision.models, name)(num_classes=classes, **extra)
    if name == "squeezenet1_0":  # it averages the logits; the head averages the features: the same without ReLU
        module.classifier = module.classifier[:2]  # type: ignore[index]
    return module


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
        return state  # it was made for files of that network only; what does not fit is told by the caller


def torchvision_urls(name: str) -> list[str]:
    """Return the addresses of torchvision's pretrained weights, the best first."""
    weights: Any = torchvision.models.get_model_weights(name)
    return list(dict.fromkeys([weights.DEFAULT.url, *(each.url for each in weights)]))


def timm_source(name: str) -> tuple[str, str]:
    """Return the address and the Hugging Face repository of timm's pretrained weights; empty where it has none."""
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
