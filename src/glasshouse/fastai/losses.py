"""``fastai.losses``: what a training makes small."""

from collections.abc import Mapping
from typing import Any

from glasshouse.fastai.callback.settings import Setting

__all__ = ["CrossEntropyLossFlat", "LabelSmoothingCrossEntropy"]


def CrossEntropyLossFlat(weight: Mapping[str, float] | None = None) -> Setting:  # noqa: N802
    """Cross-entropy; ``weight`` gives classes by their names a weight."""
    weights: dict[str, Any] = {} if weight is None else {"class_weights": dict(weight)}
    return Setting({"objective": weights})


def LabelSmoothingCrossEntropy(eps: float = 0.1) -> Setting:  # noqa: N802
    """Cross-entropy that aims for a little less than certainty."""
    return Setting({"objective": {"label_smoothing": eps}})
