"""What the API returns for explanations and their checks, in the words of ``glasshouse explain --json``."""

from typing import Literal

from pydantic import Field

from glasshouse.web.context.shapes import Shape

__all__ = ["CheckOut", "ChecksOut", "ExplanationOut", "TestOut"]


class TestOut(Shape):
    """One test of a method: ``value`` with its 95 % interval, held against the ``limit``; ``reason`` in words."""

    name: str
    value: float
    low: float
    high: float
    limit: float
    passed: bool
    reason: str
    beside: dict[str, float]


class CheckOut(Shape):
    """The result of a method's checks on a model; ``passed`` is null if nothing was checked, ``reason`` says why."""

    method: str
    passed: bool | None
    reason: str
    tests: list[TestOut]
    pictures: int
    dataset: str
    seed: int


class ChecksOut(Shape):
    """The checks of all methods."""

    checks: list[CheckOut]


class ExplanationOut(Shape):
    """Why a model gave its answer; while ``state`` is working, ask again.

    ``values`` are rows of numbers at the size of the network's input, if they were asked for; there are none if the
    method failed its check or cannot work for the network.
    """

    state: Literal["working", "done"]
    path: str | None = None
    label: str | None = None
    probability: float | None = None
    method: str
    about: str | None = Field(default=None, alias="class")
    layer: str | None = None
    check: CheckOut | None = None
    notes: list[str] = Field(default_factory=list)
    values: list[list[float]] | None = None
