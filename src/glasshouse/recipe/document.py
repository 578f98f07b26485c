"""A whole recipe: a document with a version, checked when it is built, in JSON when it is kept."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from glasshouse.errors import Problem, RecipeError
from glasshouse.integrity.documents import parse_object
from glasshouse.messages import Message
from glasshouse.recipe.checking import find_problems
from glasshouse.recipe.part import Part

__all__ = ["Recipe"]


class Recipe(Part):
    """A whole recipe; building one with problems raises a RecipeError that lists them all."""

    title: ClassVar[str] = Message("the recipe")
    version: Literal[1] = 1

    def __init__(self, **data: Any) -> None:
        self._fill(data, {})

    def _fill(self, data: dict[str, Any], found: dict[str, Any]) -> None:
        """Check and take fields; ``found`` are values of cached properties that need not be found out again."""
        problems = find_problems(type(self), data, found)
        if problems:
            raise RecipeError(self.title, problems)
        super().__init__(**data)
        self.__dict__.update(found)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the recipe that ``text`` holds.

        Raises:
            RecipeError: it is not JSON, not an object, or has problems; all are listed.
        """
        try:
            data = parse_object(text)
        except json.JSONDecodeError as error:
            raise RecipeError(
                cls.title,
                [Problem(Message("line {lineno}", lineno=error.lineno), Message("not JSON: {msg}", msg=error.msg))],
            ) from None
        except ValueError as error:
            raise RecipeError(cls.title, [Problem("file", str(error))]) from None
        return cls(**data)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the recipe in the JSON file at ``path``."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(
                cls.title, [Problem("file", Message("cannot read {path}: {error}", path=path, error=error))]
            ) from None
        return cls.from_json(text)

    def to_json(self) -> str:
        """Return the recipe as indented JSON that ``from_json`` reads back."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, checked as a new recipe is."""
        return self._with(changes, self.kept(changes))

    def kept(self, changes: Collection[str]) -> dict[str, Any]:
        """The cached properties of this recipe that stay true of a copy in which the fields ``changes`` are others."""
        return {}

    def _with(self, changes: Mapping[str, Any], found: dict[str, Any]) -> Self:
        new = type(self).__new__(type(self))
        new._fill({**self.model_dump(), **changes}, found)
        return new
