"""What an augmentation declares: the fields that it reads, its draw, and what it does to pictures and labels.

A new one is a file of this folder with a ``Change`` or a ``Mixing``, which ``data/augment.py`` names in its order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["Change", "Drawn", "Mixing", "Shape"]

Shape = tuple[int, int, int]  # channels, height, width
Drawn = Mapping[str, NDArray[Any]]  # what is drawn, by name, one for each picture: each array is (N, ...)


@dataclass(frozen=True)
class Change:
    """A change of each picture alone: its shape, its range 0..1 and its label stay as they are.

    - ``fields``: names of the recipe that it reads, and no others.
    - ``draw``: all that is random, once for the whole batch; None if the recipe leaves it off.
    - ``apply``: pictures (n, C, H, W) and their part of what was drawn to new pictures (n, C, H, W). It draws nothing,
      and what it does to a picture does not depend on the others, so that batches can be worked on in any pieces.
    """

    fields: tuple[str, ...]
    draw: Callable[[AugmentationRecipe, Draw, Shape], Drawn | None]
    apply: Callable[[Tensor, Drawn, AugmentationRecipe], Tensor]


@dataclass(frozen=True)
class Mixing:
    """A change of each picture x by the next one of the batch x': shape and range stay, the label becomes a mixture.

    - ``fields`` and ``draw``: as for a ``Change``.
    - ``apply``: x (n, C, H, W), x' (n, C, H, W) and what was drawn to new pictures and λ (n,), the part of its own
      label that each keeps; the rest, 1 - λ, is the label of x'.
    """

    fields: tuple[str, ...]
    draw: Callable[[AugmentationRecipe, Draw, Shape], Drawn | None]
    apply: Callable[[Tensor, Tensor, Drawn, AugmentationRecipe], tuple[Tensor, Tensor]]
