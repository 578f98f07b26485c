"""Sizes of pictures as people write them."""

from glasshouse.errors import Problem, RecipeError
from glasshouse.messages import Message

__all__ = ["parse_size"]


def parse_size(size: int | str | tuple[int, int]) -> tuple[int, int]:
    """Return (width, height) of ``224``, ``"224"``, ``"320x240"`` or ``(320, 240)``.

    Raises:
        RecipeError: it is none of these.
    """
    if isinstance(size, tuple) and len(size) == 2:
        return size
    words = str(size).lower().replace("×", "x").split("x")
    if isinstance(size, int | str) and len(words) in (1, 2) and all(word.strip().isdecimal() for word in words):
        return int(words[0]), int(words[-1])
    message = Message("expected a side such as 224, or width x height such as 320x240, got {size}", size=repr(size))
    raise RecipeError("the dataset recipe", [Problem("size", message)])
