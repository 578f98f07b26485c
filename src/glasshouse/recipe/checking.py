"""Every problem of a recipe at once: those of single fields, and conflicts among the fields that are right."""

import difflib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.recipe.bounds import find_excess
from glasshouse.recipe.part import Part
from glasshouse.recipe.pydantic_messages import pydantic_message

__all__ = ["find_problems"]


def find_problems(recipe: type[Part], data: dict[str, Any], found: dict[str, Any] | None = None) -> list[Problem]:
    """Return every problem: those of single fields first, then conflicts among the fields that are right.

    ``found`` holds values of cached properties of the recipe, by name, that are known already; what checking finds out
    is put there too.
    """
    found = {} if found is None else found
    problems = find_excess({name: _as_data(value) for name, value in data.items()})
    data = {name: value for name, value in data.items() if name not in {problem.field for problem in problems}}
    rest = json.loads(json.dumps(data, default=_plain))
    for _ in range(20):
        try:
            checked = recipe.__new__(recipe)
            BaseModel.__init__(checked, **rest)  # not recipe(...), whose __init__ calls this function
        except ValidationError as error:
            if not _strip(recipe, rest, error, problems):
                return problems
        else:
            checked.__dict__.update(found)
            problems += _conflicts(checked, "")
            found |= {name: value for name, value in checked.__dict__.items() if name not in recipe.model_fields}
            return problems
    return problems


def _as_data(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


def _strip(recipe: type[Part], rest: dict[str, Any], error: ValidationError, problems: list[Problem]) -> bool:
    """Note each field's first error in ``problems`` and take the field out of ``rest``; say whether that helped."""
    known = {problem.field for problem in problems}
    changed = False
    for item in error.errors(include_url=False):
        path, target = _locate(rest, item["loc"])
        field = ".".join(map(str, path)) or "recipe"
        if field not in known:
            known.add(field)
            problems.append(Problem(field, _sentence(recipe, path, item)))
        if item["type"] == "missing" and path:
            target[path[-1]] = "-"
            changed = True
        elif path and path[-1] in target:
            del target[path[-1]]
            changed = True
    return changed


def _locate(data: dict[str, Any], location: tuple[str | int, ...]) -> tuple[list[str], dict[str, Any]]:
    """Return the path of dictionary keys that ``location`` names, and the dictionary that holds the last key."""
    path: list[str] = []
    target = data
    for index, key in enumerate(location):
        path.append(str(key))
        value = target.get(str(key))
        if not isinstance(value, dict) or index == len(location) - 1:
            break
        target = value
    return path, target


def _sentence(recipe: type[Part], path: list[str], item: Any) -> str:
    if item["type"] == "extra_forbidden":
        names = _fields_at(recipe, path[:-1])
        close = difflib.get_close_matches(path[-1], names, n=1)
        return Message(
            "no such field{it}",
            it=Message("; did you mean {close}?", close=close[0])
            if close
            else Message("; there are {names}", names=", ".join(sorted(names))),
        )
    if item["type"] == "missing":
        return Message("required")
    message = pydantic_message(item)
    return Message(
        "expected {message}, got {item}",
        message=message,
        item=json.dumps(item["input"], default=str, ensure_ascii=False)[:80],
    )


def _fields_at(recipe: type[BaseModel], path: list[str]) -> list[str]:
    model: type[BaseModel] = recipe
    for key in path:
        annotation = model.model_fields[key].annotation if key in model.model_fields else None
        choices = [annotation, *getattr(annotation, "__args__", ())]
        models = [c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)


def _conflicts(part: Part, prefix: str) -> Iterator[Problem]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            yield from _conflicts(value, f"{prefix}{name}.")
    for problem in part.conflicts():
        yield Problem(prefix + problem.field, problem.message)
