"""The strategy features on the level Layers: the frozen network without its last layer, and the layer that learns."""

from glasshouse.ladder.network import Layers
from glasshouse.ladder.story import Story
from glasshouse.ladder.wording import value

__all__ = ["features_lines"]


def features_lines(story: Story, layers: Layers, say: dict[str, str]) -> list[list[str]]:
    """Text that leaves ``views`` (V, N, F), ``labels``, ``seen`` (features of the validation pictures), ``module``."""
    return [[]]


_ = value
