"""``keras.optimizers``: those of `glasshouse.layers`, which here also know the older ``lr`` for ``learning_rate``."""

from typing import TYPE_CHECKING, Any, TypeVar, cast

from glasshouse.errors import NetworkError, no_such_name
from glasshouse.layers import optimizers

from .hints import OPTIMIZERS

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Nadam", "Optimizer", "RMSprop", "get"]

Optimizer = optimizers.Optimizer
get = optimizers.optimizer_of
K = TypeVar("K", bound=type[optimizers.Optimizer])


def _with_lr(kind: K) -> K:
    def start(self: Any, learning_rate: float | None = None, *, lr: float | None = None, **settings: Any) -> None:
        if settings.pop("decay", None):
            raise NetworkError("an optimizer has no decay here; write fit(callbacks=[LearningRateScheduler(schedule)])")
        rate = learning_rate if lr is None else lr
        kind.__init__(self, **({} if rate is None else {"learning_rate": rate}), **settings)

    words = {"__init__": start, "__doc__": kind.__doc__, "__module__": __name__, "__qualname__": kind.__name__}
    return cast(K, type(kind.__name__, (kind,), words))


Adadelta = _with_lr(optimizers.Adadelta)
Adagrad = _with_lr(optimizers.Adagrad)
Adam = _with_lr(optimizers.Adam)
AdamW = _with_lr(optimizers.AdamW)
Nadam = _with_lr(optimizers.Nadam)
RMSprop = _with_lr(optimizers.RMSprop)
SGD = _with_lr(optimizers.SGD)


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, OPTIMIZERS)
