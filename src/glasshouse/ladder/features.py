"""The strategy features on the level Layers: the frozen network without its last layer, and the layer that learns."""

from glasshouse.errors import LevelError
from glasshouse.ladder.network import Layers
from glasshouse.ladder.story import Story

__all__ = ["features_lines"]


def features_lines(story: Story, layers: Layers, say: dict[str, str]) -> list[list[str]]:
    """Text that leaves ``views`` (V, N, F), ``labels``, ``seen`` (features of the validation pictures), ``module``."""
    raise LevelError(
        "layers",
        "the run trained one layer on features that were computed before; the level layers does "
        "not spell that out yet; look at it on the level learner, or train with the strategy fine-tune",
    )
