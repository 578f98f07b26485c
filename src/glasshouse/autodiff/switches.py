"""Two switches, each local to a `with` block: is the graph recorded, and is this training.

They are context variables: a thread or an asyncio task that switches one leaves all others alone.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from .faults import GraphError

__all__ = ["Config", "no_grad", "recording", "test_mode", "training", "using_config"]

_RECORDING = ContextVar("enable_backprop", default=True)
_TRAINING = ContextVar("train", default=True)
_SWITCHES = {"enable_backprop": _RECORDING, "train": _TRAINING}

recording = _RECORDING.get
training = _TRAINING.get


@contextmanager
def using_config(name: str, value: bool) -> Iterator[None]:
    """Set one switch, ``enable_backprop`` or ``train``, inside a `with` block.

    Source: Deep Learning from Scratch 3, step 18.

    >>> with using_config("train", False):
    ...     Config.train
    False
    >>> Config.train
    True
    """
    if name not in _SWITCHES:
        raise GraphError(
            "there is no switch {name}; the switches are {SWITCHES}", name=repr(name), SWITCHES=", ".join(_SWITCHES)
        )
    token = _SWITCHES[name].set(value)
    try:
        yield
    finally:
        _SWITCHES[name].reset(token)


def no_grad() -> AbstractContextManager[None]:
    """Record no graph inside the `with` block: forward only, less memory.

    >>> with no_grad():
    ...     Config.enable_backprop
    False
    """
    return using_config("enable_backprop", False)


def test_mode() -> AbstractContextManager[None]:
    """Work as in use, not as in training: dropout does nothing, batch norm uses its running statistics.

    >>> with test_mode():
    ...     Config.train
    False
    """
    return using_config("train", False)


test_mode.__test__ = False  # type: ignore[attr-defined]  # a name for readers of the book, no test for pytest


class _Config:
    """How the two switches stand here and now; read only."""

    __slots__ = ()

    @property
    def enable_backprop(self) -> bool:
        return _RECORDING.get()

    @property
    def train(self) -> bool:
        return _TRAINING.get()

    def __setattr__(self, name: str, value: object) -> None:
        raise GraphError(
            "Config.{name} is read only, because a change would reach every thread; write `with "
            "using_config({name2}, {value}):` around the lines it is for",
            name=name,
            name2=repr(name),
            value=repr(value),
        )


Config = _Config()
