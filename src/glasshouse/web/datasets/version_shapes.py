"""What the API takes to make a version of a dataset."""

from pydantic import Field

from glasshouse.web.context.shapes import Shape

__all__ = ["VersionRequest"]


class VersionRequest(Shape):
    """A version to make of a dataset by ``edits``.

    Each edit is of a picture (``path`` or ``sha256``; ``label``, ``exclude``, ``split``, ``why``) or of a class
    (``class_name``; ``label``, ``exclude``, ``description``).
    """

    edits: list[dict[str, object]] = Field(min_length=1, max_length=100_000)
    name: str = ""
    why: str = Field("", max_length=20_000)
