"""What a model keeps to say what it does not know, in one file: ``uncertainty.safetensors``."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from glasshouse.uncertainty.conformal import AnswerSets
from glasshouse.uncertainty.familiarity import Familiarity

__all__ = ["Uncertainty"]

NAMES = {"reference": ("float16", 2), "head": ("float32", 2), "own": ("float32", 1), "likelihoods": ("float32", 1)}


@dataclass(frozen=True)
class Uncertainty:
    """Either may be missing: ``familiarity`` without features, ``sets`` without validation pictures."""

    familiarity: Familiarity | None = None
    sets: AnswerSets | None = None

    def to_bytes(self) -> bytes:
        """Return the bytes of the file; the same numbers give the same bytes."""
        tensors = dict[str, NDArray[Any]]()
        if (known := self.familiarity) is not None:
            tensors |= {"reference": known.reference, "head": known.head, "own": known.own}
        if self.sets is not None:
            tensors["likelihoods"] = self.sets.likelihoods
        return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in tensors.items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Uncertainty":
        """Return what ``to_bytes`` made.

        Raises:
            ValueError: it is damaged; the message says how.
        """
        try:
            found = safetensors.numpy.load(data)
        except (safetensors.SafetensorError, KeyError) as error:
            raise ValueError(str(error)) from None
        for name, array in found.items():
            if name not in NAMES or (array.dtype.name, array.ndim) != NAMES[name]:
                raise ValueError(f"{name} is not part of it, or {array.dtype} {array.shape}")
            if not len(array) or not np.isfinite(array).all():
                raise ValueError(f"{name} is empty or holds no numbers")
        known = {name: found[name] for name in ("reference", "head", "own") if name in found}
        if known and (len(known) < 3 or known["head"].shape[0] != known["reference"].shape[1] + 1):
            raise ValueError("reference, head and own do not fit each other")
        sets = AnswerSets(found["likelihoods"]) if "likelihoods" in found else None
        return cls(Familiarity(**known) if known else None, sets)
