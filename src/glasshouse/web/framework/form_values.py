"""From the text of a form to the data of a recipe: dots part names, blanks are defaults, percents fractions."""

from collections.abc import Iterable, Mapping
from typing import Any

from glasshouse.errors import RecipeError

__all__ = ["flat", "problems_of", "recipe_data"]


def recipe_data(
    form: Mapping[str, str], names: Iterable[str], percents: frozenset[str], switches: frozenset[str]
) -> dict[str, Any]:
    """Return nested data of the fields ``names`` that are filled in; ``switches`` are check boxes, off where absent."""
    data: dict[str, Any] = {}
    for name in names:
        text = form.get(name, "").strip()
        if name in switches:
            _put(data, name, bool(text))
        elif text:
            _put(data, name, _fraction(text) if name in percents else text)
    return data


def flat(data: Mapping[str, object], percents: frozenset[str], prefix: str = "") -> dict[str, str]:
    """Return a recipe's data as the text of a form, the other way round; lists stay out."""
    form: dict[str, str] = {}
    for key, value in data.items():
        name = prefix + key
        if isinstance(value, Mapping):
            form |= flat(value, percents, f"{name}.")
        elif isinstance(value, bool):
            form[name] = "yes" if value else ""
        elif isinstance(value, int | float | str):
            form[name] = f"{100 * value:g}" if name in percents and not isinstance(value, str) else _text(value)
    return form


def problems_of(error: RecipeError) -> dict[str, str]:
    """Return the message of each field that a recipe's error names."""
    found: dict[str, str] = {}
    for problem in error.problems:
        found.setdefault(problem.field, problem.message)
    return found


def _fraction(text: str) -> float | str:
    try:
        return round(float(text.replace(",", ".").rstrip(" %")) / 100, 6)
    except ValueError:
        return text


def _put(data: dict[str, Any], name: str, value: object) -> None:
    *parts, last = name.split(".")
    for part in parts:
        data = data.setdefault(part, {})
    data[last] = value


def _text(value: float | str) -> str:
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)
