"""``fastai.callback.training``: the gradients of a step."""

from glasshouse.fastai.callback.settings import Setting

__all__ = ["GradientClip"]


def GradientClip(max_norm: float = 1.0) -> Setting:  # noqa: N802
    """Shorten a gradient that is longer than ``max_norm``."""
    return Setting({"clip_norm": max_norm})
