"""The settings of `fit`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from glasshouse.errors import NetworkError

__all__ = ["FitSettings"]


@dataclass(frozen=True)
class FitSettings:
    """Keras' words for `fit`.

    ``validation_split`` is the share of samples, the last ones before any shuffling; ``validation_data``, which is
    (x, y) or what gives batches, goes before it. ``class_weight`` multiplies the training loss of a class. ``epochs``
    is the number of the last epoch, if ``initial_epoch`` is given. ``steps_per_epoch`` and ``validation_steps`` count
    the batches of a source without a length, such as a generator. Order and dropout are functions of ``seed`` and the
    epoch.
    """

    batch_size: int = 32
    epochs: int = 1
    validation_split: float = 0.0
    validation_data: Any = None
    class_weight: Mapping[int, float] | None = None
    shuffle: bool = True
    seed: int = 0
    initial_epoch: int = 0
    steps_per_epoch: int | None = None
    validation_steps: int | None = None
    verbose: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.epochs < 0 or not 0 <= self.validation_split < 1:
            raise NetworkError(
                "expected batch_size from 1 on, epochs from 0 on and validation_split below 1, got "
                "{batch_size}, {epochs} and {validation_split}",
                batch_size=self.batch_size,
                epochs=self.epochs,
                validation_split=self.validation_split,
            )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Settings from words; one that `fit` does not know is reported."""
        unknown = sorted(set(given) - set(cls.__dataclass_fields__))
        if unknown:
            hint = "; read net.fit_events(...) in a loop instead" if "callbacks" in unknown else ""
            known = ", ".join(cls.__dataclass_fields__)
            raise NetworkError(
                "fit has no {unknown}{hint}; it has {known}", unknown=", ".join(unknown), hint=hint, known=known
            )
        return cls(**given)
