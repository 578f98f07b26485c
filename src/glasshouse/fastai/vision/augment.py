"""``Resize``, ``RandomResizedCrop`` and ``aug_transforms``: the size of the pictures, and their random changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from glasshouse.errors import InputError

__all__ = ["Normalize", "PadMode", "RandomResizedCrop", "Resize", "ResizeMethod", "Transform", "aug_transforms",
           "imagenet_stats", "look_of"]  # fmt: skip

imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


class ResizeMethod(StrEnum):
    """How a picture gets its size: cut, squeezed, or with a border."""

    Crop = "crop"
    Squish = "squash"
    Pad = "pad"


class PadMode(StrEnum):
    """What fills the gap of a turned picture."""

    Border = "nearest"
    Reflection = "reflect"
    Zeros = "constant"


@dataclass(frozen=True)
class Transform:
    """What a transform says about a dataset and a training: (width, height), how it is resized, and changes."""

    size: tuple[int, int] | None = None
    method: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    normalize: str | None = None


def Resize(size: int | tuple[int, int], method: str = ResizeMethod.Crop) -> Transform:  # noqa: N802
    """The size of all pictures: one number, or (height, width); the middle is cut out unless ``method`` says else."""
    return Transform(_size(size), str(ResizeMethod(method)))


def RandomResizedCrop(  # noqa: N802
    size: int | tuple[int, int], min_scale: float = 0.08, ratio: tuple[float, float] = (3 / 4, 4 / 3)
) -> Transform:
    """A random part of the training pictures, with at least ``min_scale`` of the area, brought to ``size``."""
    return Transform(_size(size), ResizeMethod.Crop, {"crop_scale": (min_scale, 1.0), "crop_ratio": ratio})


class Normalize:
    """The mean and deviation of the pixels; a pretrained network gets its own without being told."""

    @staticmethod
    def from_stats(mean: Sequence[float], std: Sequence[float]) -> Transform:
        """Those of ImageNet.

        Raises:
            InputError: they are others.
        """
        if (list(mean), list(std)) != imagenet_stats:
            raise InputError(
                "Normalize.from_stats takes *imagenet_stats; leave it out for the statistics of the dataset itself"
            )
        return Transform(normalize="imagenet")


def aug_transforms(
    mult: float = 1.0, do_flip: bool = True, flip_vert: bool = False, max_rotate: float = 10.0, min_zoom: float = 1.0,
    max_zoom: float = 1.1, max_lighting: float = 0.2, max_warp: float = 0.0, *,
    size: int | tuple[int, int] | None = None, pad_mode: str = PadMode.Reflection, min_scale: float = 1.0,
) -> list[Transform]:  # fmt: skip
    """Random changes of the training pictures with fastai's names and sizes; each picture is changed in each epoch.

    ``max_rotate`` in degrees, ``max_zoom`` a factor, ``max_lighting`` a part of brightness and contrast.

    Raises:
        InputError: a perspective warp is asked for, which there is none of.
    """
    if max_warp:
        raise InputError("there is no perspective warp here: leave max_warp out, or give shear to augmentation=")
    changes: dict[str, Any] = {"horizontal_flip": do_flip, "vertical_flip": flip_vert, "fill": str(PadMode(pad_mode))}
    if max_rotate:
        changes["rotation"] = max_rotate * mult
    largest = 1 + (max_zoom - 1) * mult
    if largest != 1 or min_zoom != 1:
        changes["zoom"] = (1 / largest, 1 / min_zoom)  # Keras' factors: below 1 magnifies
    if max_lighting:
        light = max_lighting * mult
        changes |= {"brightness": light, "contrast": light}
    if min_scale != 1:
        changes["crop_scale"] = (min_scale, 1.0)
    return [Transform(None if size is None else _size(size), changes=changes)]


def look_of(item_tfms: object, batch_tfms: object) -> Transform:
    """Return what all transforms say together; the size is that of the batch where it has one.

    Raises:
        InputError: something is no transform of this module.
    """
    size = method = normalize = None
    changes: dict[str, Any] = {}
    for one in [*_listed(item_tfms), *_listed(batch_tfms)]:
        if not isinstance(one, Transform):
            raise InputError(
                "{one} is no transform here; there are Resize, RandomResizedCrop, aug_transforms and Normalize, and "
                "augmentation= of vision_learner takes every change that Glasshouse has",
                one=repr(one),
            )
        size, method, normalize = one.size or size, method or one.method, one.normalize or normalize
        changes |= one.changes
    return Transform(size, method, changes, normalize)


def _listed(given: object) -> list[object]:
    if given is None:
        return []
    return list(given) if isinstance(given, Iterable) else [given]


def _size(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return (width, height); fastai says (height, width)."""
    return (size, size) if isinstance(size, int) else (size[1], size[0])
