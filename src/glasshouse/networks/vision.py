"""The one place that imports torchvision, without torch's compiler, which takes as long to import as torch itself."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import nn

_kept: list[torch.library.Library] = []  # an operator lives as long as the library that defined it

DYNAMO = "torch._dynamo.utils"


def _is_compile_supported(device_type: str) -> bool:
    import torch._dynamo.utils  # asked for detection only

    supported: bool = torch._dynamo.utils.is_compile_supported(device_type)
    return supported


@contextmanager
def _without_dynamo() -> Iterator[None]:
    """Give ``torchvision.ops.roi_align`` the one function that it takes from torch's compiler; it asks when called."""
    if DYNAMO in sys.modules:
        yield
        return
    standing_in = ModuleType(DYNAMO)
    standing_in.is_compile_supported = _is_compile_supported  # type: ignore[attr-defined]
    sys.modules[DYNAMO] = standing_in
    try:
        yield
    finally:
        del sys.modules[DYNAMO]


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


with _without_dynamo():
    torchvision = _import_torchvision()

__all__ = ["make_torchvision", "torchvision_urls"]


def make_torchvision(name: str, classes: int) -> nn.Module:
    """Return torchvision's network without the auxiliary classifiers that only its first training used."""
    extra = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
    module: nn.Module = getattr(torchvision.models, name)(num_classes=classes, **extra)
    if name == "squeezenet1_0":  # it averages the logits; the head averages the features: the same without ReLU
        module.classifier = module.classifier[:2]  # type: ignore[index]
    return module


def torchvision_urls(name: str) -> list[str]:
    """Return the addresses of torchvision's pretrained weights, the best first."""
    weights: Any = torchvision.models.get_model_weights(name)
    return list(dict.fromkeys([weights.DEFAULT.url, *(each.url for each in weights)]))
