"""What lists of datasets and models can be asked for, beside words."""

from typing import Annotated, Literal

from fastapi import Query

from glasshouse.store.records import JobState

__all__ = ["Limit", "Mark", "Owner", "States"]

Limit = Annotated[int, Query(ge=1, le=1000)]
Mark = Annotated[str, Query(max_length=2000)]
Owner = Literal["", "mine", "others"]
States = Annotated[list[JobState] | None, Query()]
