"""Labels as a program gave them: booleans stay booleans."""

from collections.abc import Sequence
from typing import Any

__all__ = ["vocabulary"]

_BOOLEANS = {"True": True, "False": False}


def vocabulary(classes: Sequence[str]) -> list[Any]:
    """Return the classes; those called True and False are the booleans that such labels were."""
    return [_BOOLEANS[name] for name in classes] if set(classes) <= set(_BOOLEANS) else list(classes)
