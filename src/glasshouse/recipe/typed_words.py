"""Fields of a training by the words of the command line: ``lr=0.1`` is the field ``optimizer.lr``."""

from collections.abc import Mapping
from typing import Any

from glasshouse.recipe.fields import declared_fields

__all__ = ["by_fields"]


def by_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a recipe that ``given`` means: its own, and those that an option names.

    ``optimizer="sgd", lr=0.1`` becomes ``optimizer={"name": "sgd", "lr": 0.1}``. What is no word of an option stays
    as it is, for the recipe to take or to refuse.
    """
    found: dict[str, Any] = {}
    options = _options()
    for word, value in given.items():
        name = options.get(word, word)
        part, _, field = name.partition(".")
        whole = value is None or isinstance(value, Mapping) or hasattr(value, "model_dump")
        if not field or (word == part and whole):
            found[part] = {**_data(value), **found[part]} if isinstance(found.get(part), dict) and whole else value
        elif isinstance(found.get(part, {}), Mapping) or hasattr(found[part], "model_dump"):
            found[part] = {**_data(found.get(part, {})), field: value}
    return found


def _options() -> dict[str, str]:
    """Return the dotted name of each field that has an option, by the option's word in Python."""
    named = ((field.setting.option, name) for name, field in declared_fields().items())
    return {option.name.removeprefix("--").replace("-", "_"): name for option, name in named if option is not None}


def _data(value: Any) -> dict[str, Any]:
    return dict(value.model_dump()) if hasattr(value, "model_dump") else dict(value or {})
