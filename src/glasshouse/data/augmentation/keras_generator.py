"""Recipes written for Keras: the arguments of its ``ImageDataGenerator`` as an augmentation recipe."""

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import ValidationError

from glasshouse.errors import Problem, RecipeError
from glasshouse.recipe import AugmentationRecipe

__all__ = ["keras_generator"]

Shift = float | Sequence[float]


def keras_generator(
    *,
    rotation_range: float = 0.0,
    width_shift_range: Shift = 0.0,
    height_shift_range: Shift = 0.0,
    brightness_range: tuple[float, float] | None = None,
    shear_range: float = 0.0,
    zoom_range: float | tuple[float, float] = 0.0,
    channel_shift_range: float = 0.0,
    fill_mode: Literal["nearest", "reflect", "wrap", "constant"] = "nearest",
    cval: float = 0.0,
    horizontal_flip: bool = False,
    vertical_flip: bool = False,
    rescale: float | None = None,
) -> AugmentationRecipe:
    """Return the random changes of Keras' ``ImageDataGenerator``, given by its names and with its meaning.

    ``rotation_range`` and ``shear_range`` are degrees (a published shear_range=0.2 is a fifth of a degree). A shift is
    evenly from ±its value, a part of the side below 1 and pixels from 1 on; a whole number n is one of 0..n-1 pixels
    and a list one of its values, with a random sign. ``zoom_range`` z means [1-z, 1+z] for each axis alone. ``cval`` is
    in grey levels of 255. ``rescale`` is taken because recipes have it: pictures are in 0..1 here anyway.

        >>> keras_generator(rescale=1 / 255, rotation_range=40, width_shift_range=2).width_shift
        (0.0, 1.0)

    Raises:
        RecipeError: a value is out of its range.
    """
    fields = {
        "rotation": rotation_range,
        "width_shift": _shift(width_shift_range),
        "height_shift": _shift(height_shift_range),
        "shear": shear_range,
        "zoom": zoom_range,
        "horizontal_flip": horizontal_flip,
        "vertical_flip": vertical_flip,
        "fill": fill_mode,
        "fill_value": cval,
        "brightness": brightness_range or 0.0,
        "channel_shift": channel_shift_range,
    }
    try:
        recipe = AugmentationRecipe.model_validate(fields)
        problems = list(recipe.conflicts())
    except ValidationError as error:
        problems = [Problem(str(item["loc"][0]), item["msg"]) for item in error.errors(include_url=False)]
    if rescale is not None and not math.isclose(rescale, 1 / 255):
        problems.append(Problem("rescale", f"pictures are in 0..1 here, which is rescale=1/255; got {rescale}"))
    if problems:
        raise RecipeError("the generator", problems)
    return recipe


def _shift(amount: Shift) -> float | tuple[float, ...]:
    """Keras asks NumPy's ``choice``, which draws from 0..n-1 for a whole number n."""
    if isinstance(amount, Sequence):
        return tuple(float(value) for value in amount)
    if isinstance(amount, int) and amount > 0:
        return tuple(float(value) for value in range(amount))
    return float(amount)
