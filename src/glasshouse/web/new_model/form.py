"""The form of a new model: its fields, what is in them at first, and the recipe it makes."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from glasshouse.errors import Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.recipe.fields import declared_fields, in_effect, value_at
from glasshouse.store.submit import NewModel
from glasshouse.web.framework.form_values import flat, recipe_data
from glasshouse.web.framework.recipe_controls import counting, number_text, rest_of, usual_texts
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

FIELDS = tuple(name for name, field in declared_fields().items() if field.setting.section)
CHECKED = frozenset(name for name in FIELDS if declared_fields()[name].kind == "switch")
SEVERAL = tuple(name for name in FIELDS if declared_fields()[name].kind == "numbers")  # numbers in one field
SWEPT = tuple(name for name in FIELDS if declared_fields()[name].setting.swept)
NULLABLE = tuple(
    name for name in FIELDS if declared_fields()[name].optional and declared_fields()[name].usual is not None
)
UNSAID = frozenset({"data", "fingerprint", "version", "kind", "title"})
NONE: frozenset[str] = frozenset()
SEPARATORS = re.compile(r"[\s,;]+")
SWEEP_EXPECTED = Message("expected a number, or several with spaces between for a model of each")
SEVERAL_EXPECTED = Message("expected numbers with spaces between, such as 50 85")
WEIGHTS = {
    r"\.\./runs/([^/]+)/model/weights\.safetensors": "model:{}",
    r"\.\./runs/([^/]+)/checkpoints/([^/]+)": "model:{}:{}",
    r"\.\./weights/([^/]+)/weights\.safetensors": "shelf:{}",
    r"\.\./uploads/([^/]+)/.+": "upload:{}",
}


def defaults() -> dict[str, str]:
    """Return what is in an empty form, before a preset or a clone fills it."""
    plain = {name: text for name, text in usual_texts().items() if name in FIELDS}
    return {**plain, "network": "LeNet", "name": "", "dataset": "", "preset": "balanced", "notes": ""}


def filled_from(recipe: Mapping[str, object]) -> dict[str, str]:
    """Return the form that makes ``recipe`` again.

    What no field can show (ranges and the like) or what is idle beside the other choices is kept as ``rest``.
    """
    if recipe.get("head") == "linear":  # its one epoch is no choice of anybody: with epochs given, it would be steps
        recipe = {**recipe, "head": None, "epochs": None}
    form = {**defaults(), **flat(recipe, NONE), "preset": "own"}
    for name in SEVERAL:
        numbers = value_at(recipe, name)
        form[name] = _spaced(numbers) if isinstance(numbers, list | tuple) else ""
    form |= {name: "" for name in NULLABLE if _holds(recipe, name) and value_at(recipe, name) is None}
    rest = _without(recipe, FIELDS)
    form |= {name: "" for name in FIELDS if _holds(rest, name)}
    rest = _joined(rest, _idle(recipe))
    return {**form, "weights": weights_word(form["weights"]), "rest": json.dumps(rest) if rest else ""}


def recipe_fields(form: Mapping[str, str], preset: Preset | None) -> dict[str, object]:
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
        problems.append(Problem("dataset", "required"))
    fields = _fields(form, preset, problems)
    sweep = _sweep(form, fields, problems) if preset is None else {}
    parent, notes = form.get("parent") or None, form.get("notes", "")
    return NewModel(form.get("name", ""), form.get("dataset", ""), fields, "", notes, parent_id=parent, sweep=sweep), (
        problems
    )


def _sweep(form: Mapping[str, str], fields: dict[str, Any], problems: list[Problem]) -> dict[str, list[float]]:
    """Return the fields with several numbers, by their last word, and take them and unreadable ones from ``fields``."""
    sweep: dict[str, list[float]] = {}
    for name in SWEPT:
        numbers = _numbers(form, name, SWEEP_EXPECTED, problems)
        part, _, last = name.rpartition(".")
        if len(numbers) > 1:
            sweep[last] = numbers
        if len(numbers) > 1 or any(problem.field == name for problem in problems):
            (fields.get(part, {}) if part else fields).pop(last, None)
    return sweep


def _fields(form: Mapping[str, str], preset: Preset | None, problems: list[Problem]) -> dict[str, Any]:
    if preset is not None:
        return dict(preset.recipe)
    counts = counting(form)
    shown = [name for name in FIELDS if name in counts]
    whole: dict[str, Any] = _joined(
        rest_of(form), recipe_data(form, [name for name in shown if name not in SEVERAL], NONE, CHECKED)
    )
    for name in SEVERAL:
        if name in counts and (numbers := _numbers(form, name, SEVERAL_EXPECTED, problems)):
            part, _, last = name.rpartition(".")
            whole.setdefault(part, {})[last] = numbers
    for name in NULLABLE:
        if name in counts and name in form and not form[name].strip():
            part, _, last = name.rpartition(".")
            whole.setdefault(part, {})[last] = None
    if not form.get("early_stopping.patience", "").strip():
        whole.pop("early_stopping", None)
    return whole


def _without(recipe: Mapping[str, object], names: Iterable[str], prefix: str = "") -> dict[str, object]:
    """Return the parts of a recipe that no name of ``names`` covers, and that say something."""
    left: dict[str, object] = {}
    for key, value in recipe.items():
        name = prefix + key
        plain = isinstance(value, int | float | str) or (name in SEVERAL and isinstance(value, list | tuple))
        if value is None or name in UNSAID or (name in names and plain):
            continue
        if isinstance(value, Mapping) and any(one.startswith(f"{name}.") for one in names):
            value = _without(value, names, f"{name}.")
        if value not in ({}, ""):
            left[key] = value
    return left


def _idle(recipe: Mapping[str, object]) -> dict[str, object]:
    """Return what a recipe sets beside its defaults that has no effect with its other choices."""
    counts = in_effect(lambda name: value_at(recipe, name))
    left: dict[str, Any] = {}
    for name, field in declared_fields().items():
        value = value_at(recipe, name)
        if name not in counts and value not in (None, field.usual):
            part, _, last = name.rpartition(".")
            (left.setdefault(part, {}) if part else left)[last] = value
    return left


def _holds(recipe: Mapping[str, object], name: str) -> bool:
    """Whether a nested recipe says something at the dotted ``name``."""
    first, _, more = name.partition(".")
    part = recipe.get(first)
    return first in recipe and (not more or (isinstance(part, Mapping) and _holds(part, more)))


def _joined(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Return ``below`` with what ``above`` says in its place, part by part."""
    whole = dict(below)
    for key, value in above.items():
        old = whole.get(key)
        whole[key] = _joined(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return whole


def first_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return the form of the first model of a sweep: lists of rates and batch sizes become their first number."""
    firsts = {name: SEPARATORS.split(form.get(name, "").strip())[0] for name in SWEPT}
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
    return " ".join(map(number_text, numbers))
