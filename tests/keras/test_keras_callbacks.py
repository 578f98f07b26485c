"""Callbacks against Keras' own meaning, on a training whose numbers are written down beforehand."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glasshouse.keras import Sequential, callbacks
from glasshouse.keras.layers import Dense
from glasshouse.keras.models import load_model

X, Y = np.zeros((4, 2), np.float32), np.zeros((4, 1), np.float32)


class Scripted(callbacks.Callback):
    """Puts numbers of its own into the logs, before the callbacks that come after it."""

    def __init__(self, numbers: list[float], name: str = "val_loss") -> None:
        self.numbers, self.name = numbers, name

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs[self.name] = self.numbers[epoch]


def run(numbers: list[float], *told: callbacks.Callback, name: str = "val_loss", lr: float = 1.0) -> Sequential:
    model = Sequential([Dense(1, input_shape=(2,), bias_initializer="ones")])
    model.compile({"name": "sgd", "learning_rate": lr}, "mse")
    model.fit(X, Y, epochs=len(numbers), verbose=0, callbacks=[Scripted(numbers, name), *told])
    return model


@pytest.mark.parametrize(
    ("settings", "numbers", "stopped"),
    [
        ({"patience": 1}, [5, 4, 4.5, 4.4, 3, 2], 2),
        ({"patience": 2}, [5, 4, 4.5, 4.4, 3, 2], 3),
        ({"patience": 3}, [5, 4, 4.5, 4.4, 3, 2], 0),
        ({"patience": 1, "min_delta": 2.0}, [5, 4, 3.5, 2, 1], 1),
        ({"patience": 1, "monitor": "val_acc"}, [0.5, 0.6, 0.55, 0.7], 2),
        ({"patience": 1, "start_from_epoch": 3}, [1, 2, 3, 4, 5, 6], 4),
    ],
)
def test_early_stopping(settings: dict[str, Any], numbers: list[float], stopped: int) -> None:
    stop = callbacks.EarlyStopping(**settings)
    run(numbers, stop, name=settings.get("monitor", "val_loss"))
    assert stop.stopped_epoch == stopped


def test_early_stopping_ends_with_the_best_weights() -> None:
    kept: list[Any] = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(watch.model.get_weights()))
    model = run([3, 1, 2, 2.5, 9], watch, callbacks.EarlyStopping(patience=2, restore_best_weights=True), lr=0.1)
    assert len(kept) == 4
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), kept[1], strict=True))


def test_the_rate_falls_on_a_plateau_and_rests() -> None:
    rates: list[float] = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(watch.control.learning_rate))
    reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_lr=0.2)
    run([1, 1, 1, 1, 1, 1, 1, 1], reduce, watch)
    assert rates == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2]


def test_a_schedule_sets_the_rate_of_each_epoch() -> None:
    rates: list[float] = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(watch.control.learning_rate))
    run([1, 1, 1], callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5), watch)
    run([1, 1], callbacks.LearningRateScheduler(lambda epoch: 0.1 * (epoch + 1)), watch)
    assert rates == [0.5, 0.25, 0.125, 0.1, 0.2]


def test_the_best_epochs_are_written(tmp_path: Path) -> None:
    keep = callbacks.ModelCheckpoint(tmp_path / "best-{epoch:02d}-{val_loss:.1f}.h5", save_best_only=True)
    run([3, 1, 2, 0.5], keep)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-01-3.0.h5", "best-02-1.0.h5", "best-04-0.5.h5"]
    assert load_model(tmp_path / "best-04-0.5.h5").count_params() == 3


def test_a_row_an_epoch_and_more_rows_when_appended(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    run([3, 1], callbacks.CSVLogger(path))
    run([7], callbacks.CSVLogger(path, append=True))
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["epoch", "loss", "val_loss"]
    assert [(row[0], row[2]) for row in rows[1:]] == [("0", "3"), ("1", "1"), ("0", "7")]


def test_a_stop_before_the_first_step_ends_it_after_that_step() -> None:
    class Never(callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.control.stop = True

    epochs: list[int] = []
    run([1, 1, 1], Never(), callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch)))
    assert epochs == [0]


def test_an_error_inside_a_schedule_is_not_swallowed() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        run([1], callbacks.LearningRateScheduler(lambda epoch, rate: rate + "a"))
