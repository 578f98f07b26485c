"""What every JSON body passes before a route sees it: depth, lengths, numbers and letters that can be kept."""

import json

from fastapi import Request

from glasshouse.errors import RecipeError
from glasshouse.recipe.bounds import find_excess

__all__ = ["check_body"]


async def check_body(request: Request) -> None:
    """Refuse a body that is too deep or too large for the answers and the database.

    Raises:
        RecipeError: it is; the fields are listed.
    """
    if getattr(request.scope.get("route"), "body_field", None) is None:
        return  # the route takes bytes, or nothing
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return  # which the route tells
    fields = dict(body) if isinstance(body, dict) else {"body": body}
    recipe = fields.pop("recipe", {}) if isinstance(fields.get("recipe"), dict) else {}
    problems = [*find_excess(fields), *find_excess(recipe)]  # fields of a recipe are reported by their own names
    if problems:
        raise RecipeError("the request", problems)
