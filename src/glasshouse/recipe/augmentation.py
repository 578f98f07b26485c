"""Random changes to training pictures."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.recipe.part import Fraction, NotNegative, Part, Range

__all__ = ["AugmentationRecipe"]


class AugmentationRecipe(Part):
    """Random changes to training pictures; everything is off by default.

    The geometric fields have the meaning of Keras' ``ImageDataGenerator``: ``rotation`` and ``shear`` in degrees
    (drawn from ±value); ``width_shift`` and ``height_shift`` as a fraction of the side below 1, in pixels from 1 on, or
    a list of pixels or fractions to choose from (with a random sign); ``zoom`` as z for [1-z, 1+z] or a pair, drawn for
    each axis alone, below 1 magnifies. ``brightness``, ``contrast`` and ``saturation`` are factors in the same way;
    ``hue`` is a fraction of the circle (±, at most 0.5); ``channel_shift`` is in grey levels of 255. ``crop_scale`` and
    ``crop_ratio`` are the area and the aspect of a random resized crop. ``erasing`` is a probability, ``mixup`` and
    ``cutmix`` are the alpha of their Beta distribution (0: off).
    """

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    width_shift: NotNegative | tuple[float, ...] = 0.0
    height_shift: NotNegative | tuple[float, ...] = 0.0
    shear: Annotated[float, Field(ge=0, lt=90)] = 0.0
    zoom: Fraction | Range = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    crop_scale: Range | None = None
    crop_ratio: Range = (3 / 4, 4 / 3)
    fill: Literal["nearest", "reflect", "wrap", "constant"] = "nearest"
    fill_value: Annotated[float, Field(ge=0, le=255)] = 0.0
    brightness: Fraction | Range = 0.0
    contrast: Fraction | Range = 0.0
    saturation: Fraction | Range = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    channel_shift: Annotated[float, Field(ge=0, le=255)] = 0.0
    erasing: Annotated[float, Field(ge=0, le=1)] = 0.0
    erasing_area: Range = (0.02, 1 / 3)
    mixup: NotNegative = 0.0
    cutmix: NotNegative = 0.0

    def conflicts(self) -> Iterator[Problem]:
        for name in ("zoom", "crop_scale", "crop_ratio", "brightness", "contrast", "saturation", "erasing_area"):
            value = getattr(self, name)
            if isinstance(value, tuple) and not 0 <= value[0] <= value[1]:
                yield Problem(
                    name, Message("expected a pair (low, high) with 0 <= low <= high, got {value}", value=list(value))
                )
        for name in ("width_shift", "height_shift"):
            if getattr(self, name) == ():
                yield Problem(name, "expected a list of at least one number, got an empty one")
        for name in ("zoom", "crop_scale", "crop_ratio", "erasing_area"):
            value = getattr(self, name)
            if isinstance(value, tuple) and value[0] == 0:
                yield Problem(name, Message("low must be above 0, got {value}", value=list(value)))
        for name in ("crop_scale", "erasing_area"):
            value = getattr(self, name)
            if value is not None and value[1] > 1:
                yield Problem(name, Message("is a part of the area, at most 1, got {value}", value=list(value)))

    @property
    def active(self) -> bool:
        """Whether any change is switched on."""
        ignored = {"fill", "fill_value", "crop_ratio", "erasing_area"}
        plain = AugmentationRecipe()
        return any(getattr(self, n) != getattr(plain, n) for n in type(self).model_fields if n not in ignored)
