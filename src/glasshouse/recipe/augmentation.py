"""Random changes to training pictures."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import Field

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.recipe.part import Fraction, NotNegative, Part, Range
from glasshouse.recipe.setting import CHANGED, Setting

__all__ = ["MIXING", "AugmentationRecipe"]

MIXING = ("mixup", "cutmix")  # the fields by which pictures, and so their labels, are mixed with others


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

    rotation: Annotated[
        float,
        Field(ge=0, le=180),
        Setting(
            "Rotation",
            "Turns the picture by a random angle up to this many degrees either way. Leave it small if up and down "
            "mean something, as with digits.",
            section="augmentation",
            unit="±°",
        ),
    ] = 0.0
    width_shift: Annotated[
        NotNegative | tuple[float, ...],
        Setting(
            "Shift across",
            "Moves the picture sideways by a random part of its width. It teaches that the place in the picture does "
            "not matter.",
            section="augmentation",
            unit="of the width",
        ),
    ] = 0.0
    height_shift: Annotated[
        NotNegative | tuple[float, ...],
        Setting(
            "Shift up and down",
            "Moves the picture up or down by a random part of its height. It teaches that the place in the picture "
            "does not matter.",
            section="augmentation",
            unit="of the height",
        ),
    ] = 0.0
    shear: Annotated[
        float,
        Field(ge=0, lt=90),
        Setting(
            "Shear",
            "Slants the picture by a random angle, as italic letters are. It helps with handwriting and little else.",
            section="augmentation",
            unit="±°",
        ),
    ] = 0.0
    zoom: Annotated[
        Fraction | Range,
        Setting(
            "Zoom",
            "Makes things larger or smaller by a random factor of up to this much. It helps if things are seen from "
            "near and far.",
            section="augmentation",
            unit="±",
        ),
    ] = 0.0
    horizontal_flip: Annotated[
        bool,
        Setting(
            "Mirror left and right",
            "Every other picture is shown as in a mirror. Good for animals and things, wrong for letters and digits.",
            section="augmentation",
        ),
    ] = False
    vertical_flip: Annotated[
        bool,
        Setting(
            "Mirror up and down",
            "Every other picture is shown upside down. Good for pictures from above, wrong if things stand on the "
            "ground.",
            section="augmentation",
        ),
    ] = False
    crop_scale: Annotated[
        Range | None,
        Setting(
            "Random crop (area)",
            "Cuts out a random part with between these two fractions of the area, such as 0.5 1, and resizes it. "
            "Empty: off.",
            section="augmentation",
            unit="of the area",
        ),
    ] = None
    crop_ratio: Annotated[
        Range,
        Setting(
            "Random crop (aspect ratio)",
            "Width by height of the random crop, between these two numbers.",
            section="augmentation",
            when={"crop_scale": CHANGED},
        ),
    ] = (3 / 4, 4 / 3)
    fill: Annotated[
        Literal["nearest", "reflect", "wrap", "constant"],
        Setting(
            "Fill the border with",
            "What fills the gap that a turned or moved picture leaves.",
            section="augmentation",
            words={
                "nearest": "The nearest pixel", "reflect": "A reflection", "wrap": "The other side",
                "constant": "One grey level",
            },
            when={"rotation|width_shift|height_shift|shear|zoom": CHANGED},
        ),
    ] = "nearest"  # fmt: skip
    fill_value: Annotated[
        float,
        Field(ge=0, le=255),
        Setting(
            "Grey level of the border",
            "From 0 (black) to 255 (white).",
            section="augmentation",
            when={"fill": ("constant",)},
        ),
    ] = 0.0
    brightness: Annotated[
        Fraction | Range,
        Setting(
            "Brightness",
            "Makes the picture darker or lighter by a random part. It helps if light differs between pictures.",
            section="augmentation",
            unit="±",
        ),
    ] = 0.0
    contrast: Annotated[
        Fraction | Range,
        Setting(
            "Contrast",
            "Weakens or strengthens the difference of dark and light. It helps if cameras or weather differ.",
            section="augmentation",
            unit="±",
        ),
    ] = 0.0
    saturation: Annotated[
        Fraction | Range,
        Setting(
            "Saturation",
            "Makes colours paler or stronger. Leave it out if the classes differ by colour.",
            section="augmentation",
            unit="±",
        ),
    ] = 0.0
    hue: Annotated[
        float,
        Field(ge=0, le=0.5),
        Setting(
            "Hue",
            "Turns all colours round the colour wheel, 0.5 being the opposite colour. Leave it out if the classes "
            "differ by colour.",
            section="augmentation",
            unit="±",
        ),
    ] = 0.0
    channel_shift: Annotated[
        float,
        Field(ge=0, le=255),
        Setting(
            "Channel shift",
            "Makes each colour channel lighter or darker by up to this many grey levels of 255.",
            section="augmentation",
            unit="±",
        ),
    ] = 0.0
    erasing: Annotated[
        float,
        Field(ge=0, le=1),
        Setting(
            "Erase a patch",
            "Covers a random patch in this part of the pictures. The model must then know a thing by more than one of"
            " its parts.",
            section="augmentation",
            unit="of the pictures",
        ),
    ] = 0.0
    erasing_area: Annotated[
        Range,
        Setting(
            "Size of the patch",
            "The erased patch has between these two fractions of the area.",
            section="augmentation",
            unit="of the area",
            when={"erasing": CHANGED},
        ),
    ] = (0.02, 1 / 3)
    mixup: Annotated[
        NotNegative,
        Setting(
            "Mixup",
            "Mixes two pictures and their classes. Alpha of 0.2 is usual. Empty or 0: off.",
            section="augmentation",
            when={"/strategy": ("scratch", "fine-tune")},
        ),
    ] = 0.0
    cutmix: Annotated[
        NotNegative,
        Setting(
            "CutMix",
            "Puts a patch of one picture into another. Alpha of 1 is usual. Empty or 0: off.",
            section="augmentation",
            when={"/strategy": ("scratch", "fine-tune")},
        ),
    ] = 0.0

    def conflicts(self) -> Iterator[Problem]:
        for name in _ranges():
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
        """Whether any change is switched on; a field that only shapes another one switches nothing on."""
        return any(getattr(self, name) != usual for name, usual in _switches().items())

    @property
    def mixes(self) -> bool:
        """Whether pictures are mixed with others, so that targets are parts of classes."""
        return any(getattr(self, name) for name in MIXING)

    def unmixed(self) -> "AugmentationRecipe":
        """Return the changes of each picture alone."""
        return self.model_copy(update=dict.fromkeys(MIXING, 0.0))


@cache
def _switches() -> dict[str, object]:
    """The fields that stand for themselves, with the value that is off; the others depend on one of these."""
    return {
        name: field.default
        for name, field in AugmentationRecipe.model_fields.items()
        if all(names.startswith("/") for one in field.metadata if isinstance(one, Setting) for names in one.when)
    }


@cache
def _ranges() -> tuple[str, ...]:
    """The fields that are, or may be, a pair (low, high)."""
    fields = AugmentationRecipe.model_fields.items()
    return tuple(name for name, field in fields if Range in (field.annotation, *get_args(field.annotation)))
