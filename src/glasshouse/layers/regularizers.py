"""What is added to the loss so that numbers stay small: l1 Σ|x| + l2 Σx², Keras' words and defaults.

``kernel_regularizer``, ``bias_regularizer`` and their kin are of weights, ``activity_regularizer`` of what a layer
gives, divided by the batch. `fit` and `evaluate` of a network add them to the loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glasshouse.messages import Message

from .rules import amount

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["AnyRegularizer", "Regularizer", "regularizer"]


@dataclass(frozen=True)
class Regularizer:
    """l1 Σ|x| + l2 Σx².

    Raises:
        ValueError: a factor is below 0.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        amount(self.l1), amount(self.l2)

    def of(self, x: "Tensor") -> "Tensor":
        """The penalty of a torch tensor."""
        parts = [factor * part for factor, part in ((self.l1, x.abs().sum()), (self.l2, x.square().sum())) if factor]
        return sum(parts[1:], parts[0]) if parts else x.new_zeros(())


AnyRegularizer = Regularizer | str | Mapping[str, float] | None
WORDS = {"l1": Regularizer(l1=0.01), "l2": Regularizer(l2=0.01), "l1_l2": Regularizer(0.01, 0.01)}


def regularizer(value: Any) -> Regularizer | None:
    """The rule of a field: None, l1, l2 or l1_l2 (0.01 each), a Regularizer, or the dictionary of one."""
    if value is None or isinstance(value, Regularizer):
        return value
    if isinstance(value, Mapping) and set(value) <= {"l1", "l2"}:
        return Regularizer(**value)
    found = WORDS.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            Message("expected l1, l2, l1_l2 or Regularizer(l2=0.001), got {value}", value=f"{value!r:.200}")
        )
    return found
