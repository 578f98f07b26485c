"""Where things lie on the server is for their owner and admins; others who see them see names without their folders."""

import html
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from glasshouse.store.records import Role, UserRecord

__all__ = ["may_see_places", "named_alone", "recipe_as_seen", "without_home", "without_places"]

SOURCES = ("source", "valid_source", "test_source")
PLACE = re.compile(r"(?<![\w.:/<-])/(?:[^/\s\"'<>|]+/)+([^/\s\"'<>|]*)")


def may_see_places(owner_id: str | None, viewer: UserRecord | None) -> bool:
    """Whether ``viewer`` may learn where something of ``owner_id`` lies; None means that there are no accounts."""
    return viewer is None or viewer.role is Role.ADMIN or owner_id == viewer.id


def recipe_as_seen(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataset's recipe with its sources by their names alone, without the folders that they lie in."""
    seen = {**recipe, **{name: named_alone(recipe[name]) for name in SOURCES if name in recipe}}
    labels = recipe.get("labels")
    if isinstance(labels, Mapping) and "pictures" in labels:
        seen["labels"] = {**labels, "pictures": named_alone(labels["pictures"])}
    return seen


def named_alone(source: Any) -> Any:
    """Return the last name of an absolute path; everything else as it is."""
    return PurePath(source).name if isinstance(source, str) and PurePath(source).is_absolute() else source


def without_places(text: str) -> str:
    """Return a message whose absolute paths are shortened to their last names.

    >>> without_places("/srv/pets/notes.txt cannot be read; see https://example.org/a/b")
    'notes.txt cannot be read; see https://example.org/a/b'
    """
    return PLACE.sub(lambda found: found[1] or PurePath(found[0]).name, text)


def without_home(text: str, home: Path) -> str:
    """Return a message or a page in which places inside the Studio's home are named from there."""
    for name in {str(home), html.escape(str(home))}:
        text = text.replace(f"{name}/", "").replace(name, "the Studio's home")
    return text
