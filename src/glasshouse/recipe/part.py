"""A part of a recipe, and the kinds of numbers that fields hold."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from glasshouse.errors import Problem

__all__ = ["Count", "Epochs", "Fraction", "NotNegative", "Part", "Positive", "Range", "Side"]

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
Epochs = Annotated[int, Field(ge=1, le=100_000)]
Side = Annotated[int, Field(ge=1, le=4096)]
Range = tuple[float, float]


class Part(BaseModel):
    """A part of a recipe: frozen, with no unknown fields and no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def conflicts(self) -> Iterator[Problem]:
        """Yield what is wrong between fields that are each right alone."""
        yield from ()
