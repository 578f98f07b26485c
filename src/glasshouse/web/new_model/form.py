"""The form of a new model: its fields, what stands in them at first, and the recipe it makes."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from glasshouse.errors import Problem, RecipeError
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.submit import NewModel
from glasshouse.web.framework.form_values import flat, recipe_data
from glasshouse.web.new_model.presets import Preset

__all__ = [
    "CHECKED",
    "FIELDS",
    "checked_model",
    "defaults",
    "filled_from",
    "first_of",
    "new_model",
    "recipe_fields",
    "weights_word",
]

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
MILESTONES = "schedule.milestones"  # several numbers in one field
UNSAID = frozenset({"data", "fingerprint", "version", "kind", "title", MILESTONES})
NONE: frozenset[str] = frozenset()
SEPARATORS = re.compile(r"[\s,;]+")
SWEPT = "expected a number, or several with spaces between for a model of each"
WEIGHTS = {
    r"\.\./runs/([^/]+)/model/weights\.safetensors": "model:{}",
    r"\.\./runs/([^/]+)/checkpoints/([^/]+)": "model:{}:{}",
    r"\.\./uploads/([^/]+)/.+": "upload:{}",
}


def defaults() -> dict[str, str]:
    """Return what stands in an empty form, before a preset or a clone fills it."""
    usual = TrainingRecipe(data="-", network="LeNet")
    plain = {**flat(usual.model_dump(), NONE), MILESTONES: _spaced(usual.schedule.milestones)}
    return {**dict.fromkeys(FIELDS, ""), **plain, "name": "", "dataset": "", "preset": "balanced", "notes": ""}


def filled_from(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return the form that makes ``recipe`` again."""
    if recipe.get("head") == "linear":  # its one epoch is no choice of anybody: with epochs given, it would be steps
        recipe = {**recipe, "head": None, "epochs": None}
    form = {**defaults(), **flat(recipe, NONE), "preset": "own"}
    rest = _without(recipe, FIELDS)
    form |= {name: "" for name in FIELDS if _holds(rest, name)}  # ranges and the like, which no field can show
    form[MILESTONES] = _spaced((recipe.get("schedule") or {}).get("milestones", ()))
    return {**form, "weights": weights_word(form["weights"]), "rest": json.dumps(rest) if rest else ""}


def recipe_fields(form: Mapping[str, str], preset: Preset | None) -> dict[str, Any]:
    """Return the fields of the recipe: those of the preset, or where ``preset`` is None those of the form.

    Raises:
        RecipeError: a list is not of numbers.
    """
    problems: list[Problem] = []
    fields = _fields(form, preset, problems)
    if problems:
        raise RecipeError("the model", problems)
    return fields


def new_model(form: Mapping[str, str], preset: Preset | None) -> NewModel:
    """Return what the form asks for; lists of rates or batch sizes, parted by spaces or commas, make a sweep.

    Raises:
        RecipeError: no dataset was chosen, or a list is not of numbers; all are listed.
    """
    new, problems = checked_model(form, preset)
    if problems:
        raise RecipeError("the model", problems)
    return new


def checked_model(form: Mapping[str, str], preset: Preset | None) -> tuple[NewModel, list[Problem]]:
    """Return what the form asks for, without the fields that cannot be read, and what is wrong with these."""
    problems: list[Problem] = []
    if not form.get("dataset"):
        problems.append(Problem("dataset", "needed, and not given"))
    fields = _fields(form, preset, problems)
    sweep: dict[str, list[float]] = {}
    if preset is None:
        for name, key in (("optimizer.lr", "lr"), ("batch_size", "batch_size")):
            numbers = _numbers(form, name, SWEPT, problems)
            if len(numbers) > 1:
                sweep[key] = numbers
            if len(numbers) > 1 or any(problem.field == name for problem in problems):
                first, _, rest = name.partition(".")
                (fields.get(first, {}) if rest else fields).pop(rest or first, None)
    parent, notes = form.get("parent") or None, form.get("notes", "")
    return NewModel(form.get("name", ""), form.get("dataset", ""), fields, "", notes, parent_id=parent, sweep=sweep), (
        problems
    )


def _fields(form: Mapping[str, str], preset: Preset | None, problems: list[Problem]) -> dict[str, Any]:
    if preset is not None:
        return dict(preset.recipe)
    fields = recipe_data(form, FIELDS, NONE, CHECKED)
    whole = _joined(_rest(form), fields)
    expected = "expected numbers with spaces between, such as 50 85"
    if milestones := _numbers(form, MILESTONES, expected, problems):
        whole.setdefault("schedule", {})["milestones"] = milestones
    if not form.get("early_stopping.patience", "").strip():
        whole.pop("early_stopping", None)
    return whole


def _rest(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what a clone's recipe says that has no field in the form."""
    try:
        found = json.loads(form.get("rest") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _without(recipe: Mapping[str, Any], names: Iterable[str], prefix: str = "") -> dict[str, Any]:
    """Return the parts of a recipe that no name of ``names`` covers, and that say something."""
    left: dict[str, Any] = {}
    for key, value in recipe.items():
        name = prefix + key
        plain = value is None or isinstance(value, int | float | str)
        if value is None or name in UNSAID or (name in names and plain):
            continue
        if isinstance(value, Mapping) and any(one.startswith(f"{name}.") for one in names):
            value = _without(value, names, f"{name}.")
        if value not in ({}, ""):
            left[key] = value
    return left


def _holds(recipe: Mapping[str, Any], name: str) -> bool:
    """Whether a nested recipe says something at the dotted ``name``."""
    first, _, more = name.partition(".")
    part = recipe.get(first)
    return first in recipe and (not more or (isinstance(part, Mapping) and _holds(part, more)))


def _joined(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``below`` with what ``above`` says in its place, part by part."""
    whole = dict(below)
    for key, value in above.items():
        old = whole.get(key)
        whole[key] = _joined(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return whole


def first_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return the form of the first model of a sweep: lists of rates and batch sizes become their first number."""
    firsts = {name: SEPARATORS.split(form.get(name, "").strip())[0] for name in ("optimizer.lr", "batch_size")}
    return {**form, **firsts}


def weights_word(weights: str) -> str:
    """Return the weights of a recipe as the form names them: ``model:ID``, ``model:ID:CHECKPOINT``, ``upload:ID``."""
    for pattern, word in WEIGHTS.items():
        if found := re.fullmatch(pattern, weights):
            return word.format(*found.groups())
    return weights


def _numbers(form: Mapping[str, str], name: str, expected: str, problems: list[Problem]) -> list[float]:
    try:
        return [float(word) for word in SEPARATORS.split(form.get(name, "").strip()) if word]
    except ValueError:
        problems.append(Problem(name, expected))
        return []


def _spaced(numbers: Iterable[float]) -> str:
    return " ".join(f"{number:g}" for number in numbers)
