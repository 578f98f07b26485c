"""``vision_learner``: a pretrained network for the pictures of ``dls``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError
from glasshouse.fastai.callback.settings import Setting, settings_of
from glasshouse.fastai.learner import Learner
from glasshouse.fastai.metrics import metric_names
from glasshouse.fastai.optimizer import SGD, Adam
from glasshouse.fastai.vision.data import ImageDataLoaders

__all__ = ["cnn_learner", "vision_learner"]

ADAM = {"name": "adamw", "beta2": 0.99, "eps": 1e-5, "weight_decay": 0.01}  # fastai's Adam, its decay decoupled


def vision_learner(
    dls: ImageDataLoaders, arch: str, *, metrics: object = (), pretrained: bool = True,
    weights: str | Path | None = None, loss_func: Setting | None = None, opt_func: str = Adam, cbs: object = None,
    lr: float | None = None, wd: float | None = None, **fields: Any,
) -> Learner:  # fmt: skip
    """Return a learner of the network ``arch``, a name such as ``resnet34``, for the pictures and classes of ``dls``.

    It is pretrained and its body frozen, as in fastai, unless ``pretrained=False``; ``weights`` is a file of such
    weights, or their name on the shelf. ``metrics`` are shown after each epoch, ``loss_func``, ``opt_func`` and ``cbs``
    are those of `glasshouse.fastai`. ``fields`` are those of ``TrainingRecipe``; ``out`` is the run's folder.

    Raises:
        NetworkError, WeightsError, RecipeError: as ``glasshouse.Learner``.
    """
    from glasshouse.search.learner import Learner as OwnLearner  # loads torch

    if not isinstance(arch, str):
        raise InputError("give the architecture by its name, such as resnet34 or {text}, got {arch}",
                         text=repr("resnet34"), arch=repr(arch))  # fmt: skip
    given = str(weights) if weights is not None else "pretrained" if pretrained else "none"
    own = {"optimizer": _optimizer(opt_func, lr, wd), "augmentation": dict(dls.changes)}
    told = settings_of([one for one in (loss_func, *_listed(cbs)) if one is not None])
    settings: dict[str, Any] = {"batch_size": dls.bs, **own, **told, **fields}
    settings["augmentation"] = {**dls.changes, **_part(told, "augmentation"), **_part(fields, "augmentation")}
    if dls.normalize:
        settings.setdefault("normalize", dls.normalize)
    frozen = given != "none"
    if frozen:
        settings.setdefault("strategy", "fine-tune")
    return Learner(dls, OwnLearner(dls.data, arch, weights=given, metrics=metric_names(metrics), **settings), frozen)


def _optimizer(name: str, lr: float | None, wd: float | None) -> dict[str, Any]:
    """Return the optimizer with the constants that fastai gives it."""
    constants: dict[str, Any] = ADAM if name == Adam else {"name": name, "weight_decay": 0.01 if name != SGD else 0.0}
    decay = {} if wd is None else {"weight_decay": wd}
    return {**constants, **decay, **({} if lr is None else {"lr": lr})}


def _listed(cbs: object) -> list[object]:
    return list(cbs) if isinstance(cbs, list | tuple) else [cbs]


def _part(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name) or {}
    return dict(value.model_dump() if hasattr(value, "model_dump") else value)


cnn_learner = vision_learner
