"""Training from batches that come one after the other, and the handle that stops a training or slows it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from glasshouse.errors import NetworkError
from glasshouse.layers import Dense, EpochEnd, Network

RNG = np.random.default_rng(0)
X, Y = RNG.random((24, 5), np.float32), np.arange(24) % 3


def network() -> Network:
    net = Network([Dense(8, activation="relu"), Dense(3, activation="softmax")], input_shape=(5,))
    net.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return net


def same(a: Network, b: Network) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.weights().values(), b.weights().values(), strict=True))


def batches() -> list[tuple[Any, Any]]:
    return [(X[start : start + 8], Y[start : start + 8]) for start in range(0, 24, 8)]


def endless() -> Iterator[tuple[Any, Any]]:
    while True:
        yield from batches()


def test_arrays_a_list_a_generator_and_a_loader_train_alike() -> None:
    loader = DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=8)
    arrays, listed, generated, loaded = network(), network(), network(), network()
    kept = arrays.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_data=(X, Y))
    assert listed.fit(batches(), epochs=2, verbose=0, validation_data=batches()).history == kept.history
    told = generated.fit(endless(), epochs=2, steps_per_epoch=3, verbose=0, validation_data=endless(),
                         validation_steps=3)  # fmt: skip
    assert told.history == kept.history
    loaded.fit(loader, epochs=2, verbose=0)
    assert same(arrays, listed) and same(arrays, generated) and same(arrays, loaded)
    assert listed.evaluate(batches()) == listed.evaluate(endless(), steps=3) == listed.evaluate(X, Y, batch_size=8)


def test_weights_of_samples_and_of_classes_multiply() -> None:
    weighted, plain = network(), network()
    half = np.full(8, 0.5)
    weighted.fit([(x, y, half) for x, y in batches()], verbose=0, class_weight={0: 2.0, 1: 2.0, 2: 2.0})
    plain.fit(batches(), verbose=0)
    assert same(weighted, plain)


def test_a_source_that_does_not_fit_is_told() -> None:
    net = network()
    with pytest.raises(NetworkError, match="generator has no length; say how many batches make an epoch"):
        net.fit(endless(), verbose=0)
    with pytest.raises(NetworkError, match="the batches ended after 3 of 4 steps of epoch 1"):
        net.fit(iter(batches()), steps_per_epoch=4, verbose=0)
    with pytest.raises(NetworkError, match=r"expected batches \(x, y\) or \(x, y, weights\), got ndarray"):
        net.fit(iter([X]), steps_per_epoch=1, verbose=0)
    with pytest.raises(NetworkError, match="validation_split divides arrays"):
        net.fit(batches(), validation_split=0.5, verbose=0)


def test_the_handle_of_an_event_stops_a_training_and_changes_its_rate() -> None:
    net, seen = network(), []
    for event in net.fit_events(X, Y, batch_size=8, epochs=9):
        if isinstance(event, EpochEnd):
            seen.append(event.control.learning_rate)
            event.control.learning_rate *= 0.5
            event.control.stop = event.epoch == 2
    assert seen == [0.001, 0.0005, 0.00025]
    assert net.compiled is not None and net.compiled.iterations == 9
    count = 0
    for event in net.fit_events(X, Y, batch_size=8, epochs=9):
        count += 1
        event.control.stop = True
    assert count == 2, "a stop within an epoch ends it after that batch, with the means so far"
