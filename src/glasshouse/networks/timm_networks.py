"""The one place that imports timm: the one file of it that has a network, or all of it (and torch's compiler with it).

All of timm takes more than twice as long to import as torch; a single file of its networks a tenth of that.
"""

import importlib
import importlib.util
import re
import sys
import threading
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from glasshouse.networks import vision  # noqa: F401  (timm imports torchvision, which has to be imported there first)
from glasshouse.networks.unfilled import DRAWN, Unfilled

__all__ = ["TimmFacts", "converted", "make_timm", "timm_facts", "timm_names", "timm_size", "timm_source"]

SHAPED = DRAWN | {"erfinv_", "mul_", "add_", "clamp_"}  # of what has shapes only, these would import torch's compiler


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
    return list(_whole().list_models())


@cache
def timm_facts(name: str) -> TimmFacts | None:
    """Return what timm knows of the network of exactly that name (with a tag of its weights or without), or None."""
    registry = _with(name)
    if not (registry.is_model(name) and name == name.split(".")[0]) and not registry.is_model_pretrained(name):
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
    config: Any = _with(name).get_pretrained_cfg(name)
    _, height, width = config.input_size if config else (3, 224, 224)
    return width, height


def make_timm(name: str, classes: int, channels: int, size: tuple[int, int] | None) -> nn.Module:
    """Return timm's network, on no device (only shapes) when ``size`` is None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = _with(name)
        if size is None:
            with torch.device("meta"), Unfilled(SHAPED):
                module: nn.Module = models.create_model(name, num_classes=classes, in_chans=channels)
            return module
        config: Any = models.get_pretrained_cfg(name)
        extra: dict[str, Any] = {"img_size": size} if config.fixed_input_size else {}
        made: nn.Module = models.create_model(name, num_classes=classes, in_chans=channels, **extra)
        return made


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
    config: Any = _with(name).get_pretrained_cfg(name)
    return config.url or "", config.hf_hub_id or ""


def timm_licence(name: str) -> tuple[str, int]:
    """Return the licence of timm's pretrained weights (empty if timm does not say), and how many classes they give."""
    config: Any = _with(name).get_pretrained_cfg(name)
    return str(config.license or ""), int(config.num_classes or 0)


def _head_name(module: nn.Module) -> str:
    if not hasattr(module, "get_classifier"):  # an encoder
        return ""
    classifier: Any = module.get_classifier()  # type: ignore[operator]
    return next((str(name) for name, part in module.named_modules() if part is classifier), "")


@dataclass(frozen=True)
class _Models:
    """What is used of timm's models, whichever of them are loaded."""

    registry: Any
    factory: Any

    def is_model(self, name: str) -> bool:
        return bool(self.registry.is_model(name))

    def is_model_pretrained(self, name: str) -> bool:
        return bool(self.registry.is_model_pretrained(name))

    def get_pretrained_cfg(self, name: str) -> Any:
        return self.registry.get_pretrained_cfg(name)

    def create_model(self, name: str, **settings: Any) -> Any:
        return self.factory.create_model(name, **settings)


_lock = threading.RLock()


def _with(name: str) -> _Models:
    """Return timm's models with the network of that name among them."""
    with _lock:
        if "timm" not in sys.modules:
            file = _files().get(name.split(".")[0])
            if file is not None:
                return _alone(file)
        _whole()
        return _models()


def _whole() -> Any:
    """Import all of timm; parts that are loaded already are put where it has them."""
    with _lock:
        import timm  # late: it takes seconds

        for part in ("data", "layers", "models", "utils"):
            if not hasattr(timm, part):
                setattr(timm, part, importlib.import_module(f"timm.{part}"))
        return timm


def _alone(file: str) -> _Models:
    """Import one file of timm's networks, with empty packages in the place of timm, which would import them all."""
    for name, folder in (("timm", _folder()), ("timm.models", _folder() / "models")):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        package.__version__ = version("timm")  # type: ignore[attr-defined]
        sys.modules[name] = package
    try:
        importlib.import_module(f"timm.models.{file}")
        return _models()
    finally:
        for name in ("timm.models", "timm"):
            del sys.modules[name]


def _models() -> _Models:
    return _Models(importlib.import_module("timm.models._registry"), importlib.import_module("timm.models._factory"))


def _folder() -> Path:
    spec = importlib.util.find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("timm")
    return Path(spec.submodule_search_locations[0])


@cache
def _files() -> dict[str, str]:
    """Return for each network of timm the file that has it, read from the sources; old names are not among them."""
    found: dict[str, str] = {}
    for file in (_folder() / "models").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        found |= dict.fromkeys(re.findall(r"@register_model\s+def\s(\w+)\(", text), file.stem)
    return found
