"""``fastai.callback.mixup``: pictures mixed with others."""

from glasshouse.fastai.callback.settings import Setting

__all__ = ["CutMix", "MixUp"]


def MixUp(alpha: float = 0.4) -> Setting:  # noqa: N802
    """Mix two pictures and their classes."""
    return Setting({"augmentation": {"mixup": alpha}})


def CutMix(alpha: float = 1.0) -> Setting:  # noqa: N802
    """Put a patch of one picture into another."""
    return Setting({"augmentation": {"cutmix": alpha}})
