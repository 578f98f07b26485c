"""How errors leave the API: a status, and for each field that is wrong a message, in English and as pages say it."""

from collections.abc import Mapping

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from glasshouse.errors import (
    BusyError,
    ConflictError,
    DamageError,
    GlasshouseError,
    InputError,
    MissingError,
    Problem,
    RecipeError,
    RefusedError,
    StoreError,
)
from glasshouse.messages import Message
from glasshouse.recipe.pydantic_messages import EXPECTED, pydantic_message
from glasshouse.web.framework.translation import translated

__all__ = ["fault", "fault_response"]

STATUS: dict[type[GlasshouseError], int] = {
    MissingError: 404,
    RefusedError: 403,
    ConflictError: 409,
    DamageError: 409,
    StoreError: 503,
    BusyError: 503,
    InputError: 422,
    GlasshouseError: 500,
}


def fault(error: Exception) -> tuple[int, list[Problem]]:
    """Return the status and the problems of an error; a problem of no single field has an empty ``field``."""
    if isinstance(error, RecipeError):
        return 422, list(error.problems)
    if isinstance(error, RequestValidationError):
        return 422, [Problem(_field(one["loc"]), _problem_text(one)) for one in error.errors()]
    if isinstance(error, HTTPException):
        return error.status_code, [Problem("", str(error.detail))]
    if isinstance(error, BusyError) and error.mine:
        return 429, [Problem("", str(error))]
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    return status, [Problem("", str(error))]


def fault_response(
    status: int, problems: list[Problem], language: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return ``{"errors": [{"field", "message", "told"}]}``; ``field`` is null where the problem is of no single field.

    ``message`` is English, for scripts; ``told`` says the same in ``language``, for the pages.
    """
    errors = [
        {"field": one.field or None, "message": one.message, "told": translated(one.message, language)}
        for one in problems
    ]
    return JSONResponse({"errors": errors}, status, headers)


def _problem_text(error: dict[str, object]) -> str:
    """Return what pydantic says, to the letter."""
    message = pydantic_message(error)
    if str(error["msg"]) == message:
        return message
    return Message(f"{EXPECTED}{{expected}}", expected=message)


def _field(location: tuple[object, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path"))
