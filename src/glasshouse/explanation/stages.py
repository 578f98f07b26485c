"""The steps of a long network in stages, each of one size of map, so that they can fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.explanation.steps import FollowStep

__all__ = ["LONG", "StepStage", "falling", "passes_on", "stages_of", "tell_stages"]

LONG = 30  # steps; a network of more is shown folded
PLAIN = (
    "Activation", "BatchNormalization", "Dropout", "ELU", "Flatten", "LeakyReLU", "ReLU", "Rescaling", "Reshape",
    "ZeroPadding2D",
)  # fmt: skip


@dataclass(frozen=True)
class StepStage:
    """Steps first to last, by name, whose maps are ``size`` (H, W); (1, 1) once there are no maps any more."""

    number: int
    size: tuple[int, int]
    names: tuple[str, ...]


def passes_on(kind: str) -> bool:
    """Whether a step of that kind only passes numbers on, so that a short view leaves it out."""
    return kind in PLAIN


def stages_of(steps: Sequence[FollowStep]) -> tuple[StepStage, ...]:
    """Return the stages of a network of more than ``LONG`` steps, none of a shorter one.

    A stage begins where the maps become smaller; a branch that is still larger, what looks at a whole channel and
    comes back, and the padding before a step are part of the stage around them.
    """
    if len(steps) <= LONG:
        return ()
    found: list[tuple[tuple[int, int], list[str]]] = []
    for step, size in zip(steps, _sizes(steps)):
        if not found or found[-1][0] != size:
            found.append((size, []))
        found[-1][1].append(step.name)
    return tuple(StepStage(number, size, tuple(names)) for number, (size, names) in enumerate(found, 1))


def tell_stages(steps: Sequence[FollowStep]) -> list[dict[str, Any]]:
    """Return the stages as plain data."""
    return [
        {"number": one.number, "size": list(one.size), "steps": list(one.names)} for one in stages_of(steps)
    ]  # fmt: skip


def _sizes(steps: Sequence[FollowStep]) -> list[tuple[int, int]]:
    """The size at which each step works."""
    own = [_size(step) for step in steps]
    for number in reversed(range(len(steps) - 1)):
        if steps[number].kind == "ZeroPadding2D":
            own[number] = own[number + 1]
    return falling(own)


def falling(sizes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the size at which each step works, from what each gives, (1, 1) for a vector: it only becomes smaller.

    >>> falling([(8, 8), (1, 1), (8, 8), (4, 4), (8, 8), (1, 1)])
    [(8, 8), (8, 8), (8, 8), (4, 4), (4, 4), (1, 1)]
    """
    own = list(sizes)
    last = max((n for n, size in enumerate(own) if size != (1, 1)), default=-1)
    for number in range(1, last + 1):
        if own[number] == (1, 1) or _area(own[number]) > _area(own[number - 1]):
            own[number] = own[number - 1]
    return own


def _size(step: FollowStep) -> tuple[int, int]:
    return (step.value.shape[1], step.value.shape[2]) if step.value.ndim == 3 else (1, 1)


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
