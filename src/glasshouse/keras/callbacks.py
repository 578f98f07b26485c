"""``keras.callbacks``: adapters over the events of `Network.fit_events`, with Keras' names, defaults and meanings.

What a callback changes (a stop, the learning rate) goes through the events' one handle, `glasshouse.layers.Control`.
"""

import csv
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.errors import NetworkError, no_such_name
from glasshouse.layers import BatchDone, Control, EpochEnd
from glasshouse.layers.history import FitEvent

from .hints import CALLBACKS as INSTEAD

__all__ = [
    "CSVLogger", "Callback", "Callbacks", "EarlyStopping", "LambdaCallback", "LearningRateScheduler",
    "ModelCheckpoint", "ReduceLROnPlateau", "TerminateOnNaN",
]  # fmt: skip

Logs = Mapping[str, float]


class Callback:
    """What is called while a model learns; a subclass overrides what it needs.

    ``self.model`` is the model, ``self.control`` the handle of the training: ``self.control.stop = True`` (or, as in
    Keras, ``self.model.stop_training = True``).
    """

    model: Any = None
    control: Control

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first step."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch, from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch, from 0; ``logs`` holds loss, metrics and their val_ values."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step, from 0."""


class Callbacks:
    """Calls several callbacks for each event of a training."""

    def __init__(self, callbacks: Sequence[Callback], model: Any) -> None:
        self.callbacks, self.model, self.epoch = list(callbacks), model, -1
        self._logs: Logs = {}
        self._before = Control(model.compiled)  # until the training gives its own

    def begin(self, epochs: int) -> None:
        """Before the first step."""
        for callback in self.callbacks:
            callback.model, callback.control = self.model, self._before
            callback.on_train_begin()
        if self.callbacks and epochs:
            self._next_epoch(0)

    def _next_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch)

    def on(self, event: FitEvent) -> None:
        """Call all for one event."""
        for callback in self.callbacks:
            callback.control = event.control
        self._call(event)
        event.control.stop = event.control.stop or self._before.stop or self.model.stop_training
        if isinstance(event, EpochEnd) and not event.control.stop and event.epoch + 1 < event.epochs:
            self._next_epoch(event.epoch + 1)

    def _call(self, event: FitEvent) -> None:
        if isinstance(event, BatchDone):
            listening = [c for c in self.callbacks if type(c).on_train_batch_end is not Callback.on_train_batch_end]
            logs = event.logs() if listening else {}
            for callback in listening:
                callback.on_train_batch_end(event.batch, logs)
            return
        self._logs = event.logs
        for callback in self.callbacks:
            callback.on_epoch_end(event.epoch, event.logs)

    def end(self) -> None:
        """After the last epoch."""
        for callback in self.callbacks:
            callback.on_train_end(self._logs)


class _Watching(Callback):
    """A callback that waits for a number to get better."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise NetworkError("mode is auto, min or max, got {mode}", mode=repr(mode))
        self.monitor, self.min_delta = monitor, abs(min_delta)
        grows = mode == "max" or (mode == "auto" and ("acc" in monitor or monitor.endswith("auc")))
        self._sign = 1.0 if grows else -1.0
        self.best = -self._sign * np.inf

    def value(self, logs: Logs | None) -> float:
        """The number that is watched."""
        if not logs or self.monitor not in logs:
            raise NetworkError(
                "{kind} watches {monitor}, and the training tells {names}; give validation_data, or watch another",
                kind=type(self).__name__,
                monitor=self.monitor,
                names=", ".join(logs or {}),
            )
        return logs[self.monitor]

    def improves(self, value: float) -> bool:
        """Whether the number is better than the best so far by more than ``min_delta``."""
        return self._sign * (value - self.best) > self.min_delta


class EarlyStopping(_Watching):
    """Stop if a number has not become better for more than ``patience`` epochs.

    ``restore_best_weights``: end with the weights of the best epoch; ``baseline``: a number to be beaten;
    ``start_from_epoch``: when the watching begins.
    """

    def __init__(
        self, monitor: str = "val_loss", min_delta: float = 0.0, patience: int = 0, verbose: int = 0,
        mode: str = "auto", baseline: float | None = None, restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best, self.best_weights = -self._sign * np.inf, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.value(logs)
        if epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._sign * (value - self.baseline) > self.min_delta:
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.control.stop = epoch, True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            sys.stderr.write(f"Epoch {self.stopped_epoch + 1}: early stopping\n")
        if self.restore_best_weights and self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(_Watching):
    """Write the model after an epoch; the path may hold {epoch} (from 1) and the names of numbers, as in Keras."""

    def __init__(
        self, filepath: str | Path, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False,
        save_weights_only: bool = False, mode: str = "auto", save_freq: str = "epoch",
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode)
        if save_freq != "epoch":
            raise NetworkError('a checkpoint is written after an epoch here: save_freq="epoch"')
        self.filepath, self.verbose, self.save_best_only = str(filepath), verbose, save_best_only

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_best_only:
            value = self.value(logs)
            if not self.improves(value):
                return
            self.best = value
        path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        self.model.save(path)
        if self.verbose:
            sys.stderr.write(f"Epoch {epoch + 1}: saved {path}\n")


class ReduceLROnPlateau(_Watching):
    """Multiply the learning rate by ``factor`` if a number has not become better for ``patience`` epochs."""

    def __init__(
        self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0, mode: str = "auto",
        min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(monitor, mode, min_delta)
        if factor >= 1:
            raise NetworkError("factor is below 1, got {factor}", factor=factor)
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.value(logs)
        if self.cooling:
            self.cooling, self.wait = self.cooling - 1, 0
        if self.improves(value):
            self.best, self.wait = value, 0
        elif not self.cooling:
            self.wait += 1
            if self.wait >= self.patience and self.control.learning_rate > self.min_lr:
                self.control.learning_rate = max(self.control.learning_rate * self.factor, self.min_lr)
                self.cooling, self.wait = self.cooldown, 0
                if self.verbose:
                    sys.stderr.write(f"Epoch {epoch + 1}: learning rate {self.control.learning_rate:g}\n")


class LearningRateScheduler(Callback):
    """Set the learning rate of each epoch: ``schedule(epoch, rate)``, or ``schedule(epoch)``, gives it."""

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        takes_rate = len(inspect.signature(self.schedule).parameters) > 1
        rate = self.schedule(epoch, self.control.learning_rate) if takes_rate else self.schedule(epoch)
        self.control.learning_rate = float(rate)
        if self.verbose:
            sys.stderr.write(f"Epoch {epoch + 1}: learning rate {rate:g}\n")


class CSVLogger(Callback):
    """Write one row per epoch: epoch, then the numbers in the order of their names."""

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = Path(filename), separator, append
        self._names: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not (self.append and self.filename.exists() and self.filename.stat().st_size):
            self.filename.write_text("", encoding="utf-8")
            self._names = None
        else:
            head = self.filename.read_text(encoding="utf-8").splitlines()[0]
            self._names = head.split(self.separator)[1:]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        with self.filename.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, delimiter=self.separator)
            if self._names is None:
                self._names = sorted(logs)
                rows.writerow(["epoch", *self._names])
            rows.writerow([epoch, *[logs.get(name, "") for name in self._names]])


class LambdaCallback(Callback):
    """A callback of functions: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))``."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for name, function in functions.items():
            if not hasattr(Callback, name):
                known = [n for n in vars(Callback) if n.startswith("on_")]
                raise NetworkError("no event {name}; there are {names}", name=name, names=", ".join(known))
            setattr(self, name, function)


class TerminateOnNaN(Callback):
    """Nothing to do: a training ends with an error that says so if its loss is not finite. Kept for Keras' code."""


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, INSTEAD)
