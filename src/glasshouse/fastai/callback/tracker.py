"""``fastai.callback.tracker``: when a training stops, and which epoch is kept."""

from glasshouse.errors import InputError
from glasshouse.fastai.callback.settings import Setting

__all__ = ["EarlyStoppingCallback", "SaveModelCallback"]

_WATCHED = {"valid_loss": "valid_loss", "accuracy": "valid_accuracy", "error_rate": "valid_accuracy"}


def EarlyStoppingCallback(monitor: str = "valid_loss", min_delta: float = 0.0, patience: int = 1) -> Setting:  # noqa: N802
    """Stop after ``patience`` epochs without improvement."""
    return Setting({"early_stopping": {"monitor": _watched(monitor), "min_delta": min_delta, "patience": patience}})


def SaveModelCallback(monitor: str = "valid_loss") -> Setting:  # noqa: N802
    """Keep the best epoch, which every training does anyway; ``monitor`` says by what."""
    return Setting({"checkpoints": {"monitor": _watched(monitor)}})


def _watched(monitor: str) -> str:
    if monitor not in _WATCHED:
        raise InputError("nothing watches {monitor}; there are {known}",
                         monitor=repr(monitor), known=", ".join(_WATCHED))  # fmt: skip
    return _WATCHED[monitor]
