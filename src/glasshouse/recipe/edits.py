"""Edits of a dataset as data: which pictures, by their content, what happens to them, and who did so, when and why."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.recipe.part import Part

__all__ = ["Edit", "edits_digest"]

Content = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Edit(Part):
    """One change of a dataset: of ``pictures`` (SHA-256 of the content, with the path for display) or of a class.

    Pictures get another ``label``, are left out (``exclude``), or move to another ``split``. A class, ``class_name``,
    gets another name (that of another class joins the two), is left out, or gets a ``description``. ``by`` is who
    made the change, ``at`` when (ISO 8601), ``why`` the reason; they change nothing that is computed.
    """

    pictures: Annotated[dict[Content, str], Field(default_factory=dict)]
    class_name: Name | None = None
    label: Name | None = None
    exclude: bool = False
    split: Literal["train", "val", "test"] | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    by: str = ""
    at: str = ""
    why: str = ""

    def conflicts(self) -> Iterator[Problem]:
        if bool(self.pictures) == (self.class_name is not None):
            yield Problem("pictures", Message("an edit is of pictures, or of a class"))
        if self.label is None and not self.exclude and self.split is None and self.description is None:
            yield Problem("label", Message("an edit that changes nothing"))
        if self.class_name is not None and self.split is not None:
            yield Problem("split", Message("a class does not move to another part; its pictures do"))
        if self.class_name is None and self.description is not None:
            yield Problem("description", Message("a class has a description; a picture has none"))

    @model_serializer(mode="wrap")
    def _shortened(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told: dict[str, Any] = handler(self)
        return {name: value for name, value in told.items() if value or (name == "description" and value == "")}

    def effect(self) -> dict[str, Any]:
        """Return what of the edit changes a dataset: not who made it, when, why, nor what the paths were."""
        told = self.model_dump(mode="json", exclude={"by", "at", "why"})
        return {**told, "pictures": list(self.pictures)}


def edits_digest(edits: Sequence[Edit]) -> str:
    """Return the SHA-256 over what the edits change, in their order."""
    text = json.dumps([edit.effect() for edit in edits], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
