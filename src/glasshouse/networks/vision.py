"""The one place that imports torchvision and timm."""

import warnings
from functools import cache
from typing import Any

import torch
from torch import nn

from glasshouse.networks.catalogue import Entry

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

__all__ = ["make", "timm_entry", "timm_names"]


@cache
def timm_names() -> list[str]:
    """Return the names of all timm networks."""
    return list(timm.list_models())


@cache
def timm_entry(name: str) -> Entry | None:
    """Return the entry of the timm network of exactly that name, or None."""
    if name not in set(timm_names()):
        return None
    module = make_timm(name, 1000, 3, None)
    config: Any = module.pretrained_cfg
    channels, height, width = config["input_size"]
    return Entry(
        name, "timm", name, sum(p.numel() for p in module.parameters()), 0, "see timm", width=width, height=height,
        channels=channels, least=1, mean=tuple(config["mean"]), std=tuple(config["std"]), head=_head_name(module),
    )  # fmt: skip


def make(entry: Entry, classes: int, channels: int, size: tuple[int, int]) -> nn.Module:
    """Return the untrained network of a library, ready for ``channels``; ``size`` is (height, width)."""
    if entry.library == "timm":
        return make_timm(entry.id, classes, channels, size)
    extra = {"aux_logits": False, "init_weights": True} if entry.id in ("googlenet", "inception_v3") else {}
    module: nn.Module = getattr(torchvision.models, entry.id)(num_classes=classes, **extra)
    if entry.id == "squeezenet1_0":  # it averages the logits; the head averages the features: the same without ReLU
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


def _head_name(module: nn.Module) -> str:
    classifier: Any = module.get_classifier()  # type: ignore[operator]
    return next((str(name) for name, part in module.named_modules() if part is classifier), "")
