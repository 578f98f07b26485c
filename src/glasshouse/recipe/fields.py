"""The declared fields of the training recipe, put together: what forms, the command line and the tests read."""

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from glasshouse.recipe.part import Part
from glasshouse.recipe.setting import SECTIONS, Setting, When
from glasshouse.recipe.training import TrainingRecipe

__all__ = [
    "Kind",
    "RecipeField",
    "declared_fields",
    "declared_parts",
    "declared_texts",
    "idle_fields",
    "in_effect",
    "value_at",
]

Kind = Literal["switch", "choice", "whole", "number", "numbers", "text"]
JUST_BELOW = 1e-6  # of an open end, what a number's box in a form allows


@dataclass(frozen=True)
class RecipeField:
    """One field by its dotted ``name`` (``optimizer.lr``), with what its model says and what its ``setting`` says.

    ``least`` and ``most`` are the ends of its range if it is a number; ``usual`` is its default as JSON has it;
    ``when`` is its own condition and that of its part, with dotted names; ``names`` are the values of a choice;
    ``optional``: it may be None.
    """

    name: str
    setting: Setting
    kind: Kind
    usual: object
    least: float | None
    most: float | None
    names: tuple[str, ...]
    when: When
    optional: bool


@cache
def declared_fields() -> Mapping[str, RecipeField]:
    """Return every field that is declared for people, by its dotted name, in the order of the recipe."""
    usual = TrainingRecipe(data="-", network="-").model_dump(mode="json")
    return {field.name: field for field in _fields(TrainingRecipe, "", usual, {})}


@cache
def declared_parts() -> Mapping[str, Setting]:
    """Return what is declared of the recipe's parts, by their names."""
    found = {name: _setting(info) for name, info in TrainingRecipe.model_fields.items() if _part_of(info)}
    return {name: setting for name, setting in found.items() if setting}


def declared_texts() -> set[str]:
    """Return every English text of the declarations that the catalogues translate; signs such as % need none."""
    settings = [*declared_parts().values(), *(field.setting for field in declared_fields().values())]
    found = {text for one in settings for text in (one.label, one.help, one.unit, one.empty, *one.words.values())}
    return {text for text in (*found, *SECTIONS.values()) if any(letter.isalpha() for letter in text)}


def in_effect(value_of: Callable[[str], object]) -> frozenset[str]:
    """Return the fields that change something beside the other choices.

    ``value_of`` gives the value of a field by its dotted name, as the recipe or the text of a form has it. A field that
    another one makes idle counts as left at its default.
    """
    return frozenset(name for name in declared_fields() if _counts(name, value_of))


def idle_fields(recipe: TrainingRecipe) -> Iterator[tuple[RecipeField, RecipeField]]:
    """Yield each field that has no effect in ``recipe``, with the field whose value makes it so."""
    data = recipe.model_dump(mode="json")
    for field in declared_fields().values():
        broken = _broken(field.name, lambda name: value_at(data, name))
        if broken is not None:
            yield field, declared_fields()[broken]


def value_at(data: Mapping[str, object], name: str) -> object:
    """Return what a recipe's data says at a dotted name; None if it says nothing."""
    first, _, rest = name.partition(".")
    value = data.get(first)
    if not rest:
        return value
    return value_at(value, rest) if isinstance(value, Mapping) else None


def _counts(name: str, value_of: Callable[[str], object]) -> bool:
    return _broken(name, value_of) is None


def _broken(name: str, value_of: Callable[[str], object]) -> str | None:
    """Return the field that makes ``name`` idle, the first if there are several."""
    for others, values in declared_fields()[name].when.items():
        names = [one for other in others.split("|") for one in _within(other)]
        if not any(_holds(one, values, value_of) for one in names):
            return names[0]
    return None


def _holds(name: str, values: tuple[str, ...], value_of: Callable[[str], object]) -> bool:
    usual = declared_fields()[name].usual
    value = value_of(name) if _counts(name, value_of) else usual
    if not values:
        return _differs(value, usual)
    return str(usual if value in ("", None) else value) in values


def _differs(value: object, usual: object) -> bool:
    """Return whether a value, or its text in a form, is another than the default; blank is the default."""
    if value in ("", None) or value == usual:
        return False
    if isinstance(value, str) and isinstance(usual, int | float):
        try:
            return float(value) != float(usual)
        except ValueError:
            return True
    return True


def _within(name: str) -> list[str]:
    """Return the field of that name, or the fields of the part of that name."""
    return [name] if name in declared_fields() else [one for one in declared_fields() if one.startswith(f"{name}.")]


def _fields(part: type[Part], prefix: str, usual: Mapping[str, object], when: When) -> Iterator[RecipeField]:
    for name, info in part.model_fields.items():
        setting, inner, value = _setting(info), _part_of(info), usual.get(name)
        if setting is None:
            continue
        conditions = {**when, **{_from_root(names, prefix): values for names, values in setting.when.items()}}
        if inner is not None:
            yield from _fields(inner, f"{prefix}{name}.", value if isinstance(value, Mapping) else _usual_of(inner),
                               conditions)  # fmt: skip
        else:
            kind, names = _kind(info, setting)
            least, most = _range(info, whole=kind == "whole")
            value, optional = None if info.is_required() else value, type(None) in _choices(info.annotation)
            yield RecipeField(prefix + name, setting, kind, value, least, most, names, conditions, optional)


def _from_root(names: str, prefix: str) -> str:
    """Return the names of a condition as the recipe has them; one that begins with / is a name of the recipe."""
    return "|".join(one[1:] if one.startswith("/") else prefix + one for one in names.split("|"))


def _usual_of(part: type[Part]) -> Mapping[str, object]:
    """Return the defaults of a part that a recipe has only if it is asked for."""
    return {name: None if info.is_required() else info.default for name, info in part.model_fields.items()}


def _setting(info: FieldInfo) -> Setting | None:
    return next((one for one in info.metadata if isinstance(one, Setting)), None)


def _part_of(info: FieldInfo) -> type[Part] | None:
    return next((one for one in _choices(info.annotation) if isinstance(one, type) and issubclass(one, Part)), None)


def _choices(annotation: object) -> tuple[object, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _kind(info: FieldInfo, setting: Setting) -> tuple[Kind, tuple[str, ...]]:
    """Return the kind of a field, and the values of a choice in the order of their labels."""
    plain = [get_args(one)[0] if get_origin(one) is Annotated else one for one in _choices(info.annotation)]
    names = tuple(str(word) for one in plain if get_origin(one) is Literal for word in get_args(one))
    if names or (str in plain and setting.words):
        return "choice", tuple(setting.words) or names
    kinds: dict[object, Kind] = {bool: "switch", int: "whole", float: "number", str: "text"}
    return next((kinds[one] for one in plain if one in kinds), "numbers"), ()


def _range(info: FieldInfo, whole: bool) -> tuple[float | None, float | None]:
    least: float | None = None
    most: float | None = None
    inside = [part for one in _choices(info.annotation) if get_origin(one) is Annotated for part in get_args(one)[1:]]
    bounds = [*info.metadata, *(one for part in inside if isinstance(part, FieldInfo) for one in part.metadata)]
    for bound in bounds:
        least = getattr(bound, "ge", getattr(bound, "gt", least))
        most = getattr(bound, "le", most)
        if (end := getattr(bound, "lt", None)) is not None:
            most = end - (1 if whole else JUST_BELOW)
    return least, most
