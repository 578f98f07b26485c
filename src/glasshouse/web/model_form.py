"""The form of a new model: its fields, what stands in them at first, and the recipe it makes."""

from collections.abc import Mapping
from typing import Any

from glasshouse.errors import Problem, RecipeError
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.submit import NewModel
from glasshouse.web.form_values import flat, recipe_data
from glasshouse.web.presets import Preset

__all__ = ["CHECKED", "defaults", "filled_from", "new_model", "recipe_fields"]

AUGMENTATION = (
    "rotation", "width_shift", "height_shift", "shear", "zoom", "horizontal_flip", "vertical_flip", "brightness",
    "contrast", "saturation", "hue", "erasing", "mixup", "cutmix",
)  # fmt: skip
OPTIMIZER = ("name", "lr", "momentum", "nesterov", "weight_decay")
SCHEDULE = ("name", "warmup", "step", "gamma", "power")
FIELDS = (
    "network", "weights", "strategy", "epochs", "freeze_epochs", "batch_size", "accumulate", "dropout", "clip_norm",
    "sampling", "normalize", "precision", "device", "seed", "objective.label_smoothing", "objective.class_weights",
    "early_stopping.patience", "checkpoints.keep_every",
    *(f"augmentation.{name}" for name in AUGMENTATION),
    *(f"optimizer.{name}" for name in OPTIMIZER),
    *(f"schedule.{name}" for name in SCHEDULE),
)  # fmt: skip
CHECKED = frozenset({"augmentation.horizontal_flip", "augmentation.vertical_flip", "optimizer.nesterov"})
NONE: frozenset[str] = frozenset()


def defaults() -> dict[str, str]:
    """Return what stands in an empty form, before a preset or a clone fills it."""
    plain = flat(TrainingRecipe(data="-", network="LeNet").model_dump(), NONE)
    return {**dict.fromkeys(FIELDS, ""), **plain, "name": "", "dataset": "", "preset": "balanced", "notes": ""}


def filled_from(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return the form that makes ``recipe`` again."""
    return {**defaults(), **flat(recipe, NONE), "preset": "own"}


def recipe_fields(form: Mapping[str, str], preset: Preset | None) -> dict[str, Any]:
    """Return the fields of the recipe: those of the preset, or where ``preset`` is None those of the form."""
    if preset is not None:
        return dict(preset.recipe)
    fields = recipe_data(form, FIELDS, NONE, CHECKED)
    if not form.get("early_stopping.patience", "").strip():
        fields.pop("early_stopping", None)
    return fields


def new_model(form: Mapping[str, str], preset: Preset | None) -> NewModel:
    """Return what the form asks for; lists of rates or batch sizes, parted by spaces or commas, make a sweep.

    Raises:
        RecipeError: no dataset was chosen, or a list is not of numbers.
    """
    if not form.get("dataset"):
        raise RecipeError("the model", [Problem("dataset", "needed, and not given")])
    fields = recipe_fields(form, preset)
    sweep: dict[str, list[float]] = {}
    if preset is None:
        rates, sizes = _numbers(form, "optimizer.lr"), _numbers(form, "batch_size")
        if len(rates) > 1:
            sweep["lr"] = rates
            fields.get("optimizer", {}).pop("lr", None)
        if len(sizes) > 1:
            sweep["batch_size"] = sizes
            fields.pop("batch_size", None)
    parent = form.get("parent") or None
    return NewModel(form.get("name", ""), form["dataset"], fields, notes=form.get("notes", ""), parent_id=parent,
                    sweep=sweep)  # fmt: skip


def _numbers(form: Mapping[str, str], name: str) -> list[float]:
    try:
        return [float(word) for word in form.get(name, "").replace(",", " ").replace(";", " ").split()]
    except ValueError:
        message = "expected a number, or several with spaces between for a model of each"
        raise RecipeError("the model", [Problem(name, message)]) from None
