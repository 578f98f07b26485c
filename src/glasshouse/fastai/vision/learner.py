"""``vision_learner``: a pretrained network for the pictures of ``dls``."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError
from glasshouse.fastai.learner import Learner
from glasshouse.fastai.vision.data import ImageDataLoaders

__all__ = ["cnn_learner", "vision_learner"]

ADAM = {"name": "adamw", "beta2": 0.99, "eps": 1e-5, "weight_decay": 0.01}  # fastai's Adam, its decay decoupled

Metric = Callable[..., float]


def vision_learner(
    dls: ImageDataLoaders, arch: str, *, metrics: Metric | Sequence[Metric] = (), pretrained: bool = True,
    weights: str | Path | None = None, **fields: Any,
) -> Learner:  # fmt: skip
    """Return a learner of the network ``arch``, a name such as ``resnet34``, for the pictures and classes of ``dls``.

    It is pretrained and its body frozen, as in fastai, unless ``pretrained=False``; ``weights`` is a file of such
    weights, or their name on the shelf. ``fields`` are those of ``TrainingRecipe``; ``out`` is the run's folder.

    Raises:
        NetworkError, WeightsError, RecipeError: as ``glasshouse.Learner``.
    """
    from glasshouse.search.learner import Learner as OwnLearner  # loads torch

    if not isinstance(arch, str):
        raise InputError("give the architecture by its name, such as resnet34 or {text}, got {arch}",
                         text=repr("resnet34"), arch=repr(arch))  # fmt: skip
    given = str(weights) if weights is not None else "pretrained" if pretrained else "none"
    settings: dict[str, Any] = {"batch_size": dls.bs, "optimizer": ADAM, "augmentation": dict(dls.changes), **fields}
    if dls.normalize:
        settings.setdefault("normalize", dls.normalize)
    frozen = given != "none"
    if frozen:
        settings.setdefault("strategy", "fine-tune")
    return Learner(dls, OwnLearner(dls.data, arch, weights=given, **settings), frozen)


cnn_learner = vision_learner
