"""What a training makes small."""

from collections.abc import Iterator
from typing import Annotated, Literal

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.recipe.part import Fraction, NotNegative, Part
from glasshouse.recipe.setting import Option, Setting

__all__ = ["ObjectiveRecipe"]

LARGEST = 3e38  # what 32-bit numbers hold


class ObjectiveRecipe(Part):
    """Cross-entropy and what shapes it.

    ``class_weights`` is ``none``, ``balanced`` (inverse frequency, mean 1) or a weight for each class name (1 for those
    not named): how much each picture of that class counts, whatever smoothing or mixing makes of its label.
    """

    name: Literal["cross-entropy"] = "cross-entropy"
    label_smoothing: Annotated[
        Fraction,
        Setting(
            "Label smoothing",
            "Aims for a little less than certainty, such as 0.1. It makes the predictions less overconfident.",
            option=Option("--label-smoothing", "Label smoothing (0)."),
            alone=True,
        ),
    ] = 0.0
    class_weights: Annotated[
        Literal["none", "balanced"] | dict[str, NotNegative],
        Setting(
            "Class weights",
            "Balanced makes rare classes count as much as common ones.",
            section="course",
            words={"none": "All pictures count the same", "balanced": "Balanced"},
            option=Option("--class-weights", "Class weights: rare classes count more (none)."),
            alone=True,
        ),
    ] = "none"

    def conflicts(self) -> Iterator[Problem]:
        weights = self.class_weights
        if isinstance(weights, dict) and weights and max(weights.values()) > LARGEST:
            yield Problem(
                "class_weights",
                Message(
                    "a weight may be at most {LARGEST}, got {weights}",
                    LARGEST=f"{LARGEST:.4g}",
                    weights=f"{max(weights.values()):.4g}",
                ),
            )
