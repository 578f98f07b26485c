"""Batches: the order of an epoch, nothing dropped, resumed anywhere, read ahead in one thread."""

import threading

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from glasshouse.data.batches import batches, order
from glasshouse.recipe import TrainingRecipe


class Rows:
    """Pictures of one value each, their row's number, and the threads that asked for them."""

    def __init__(self, labels: list[int]) -> None:
        self.labels = np.array(labels)
        self.threads: list[str] = []
        self.asked = 0

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        self.threads.append(threading.current_thread().name)
        self.asked += 1
        return np.broadcast_to(indices.astype(np.uint8)[:, None, None, None], (len(indices), 4, 5, 3)).copy()


def recipe(**changes: object) -> TrainingRecipe:
    return TrainingRecipe(data="d", network="LeNet", **changes)


def test_every_picture_once_and_the_last_batch_is_kept() -> None:
    split = Rows([0, 1] * 25)
    found = list(batches(split, order(split, recipe(), 0), 16))
    assert [len(batch.samples) for batch in found] == [16, 16, 16, 2]
    assert sorted(np.concatenate([batch.samples for batch in found])) == list(range(50))
    for batch in found:
        assert batch.pictures.dtype == torch.uint8 and batch.pictures.shape[1:] == (3, 4, 5)
        assert batch.pictures.is_contiguous(memory_format=torch.channels_last)
        assert batch.pictures[:, 0, 0, 0].tolist() == batch.samples.tolist()
        assert batch.labels.tolist() == split.labels[batch.samples].tolist() and batch.labels.dtype == torch.int64


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    split = Rows([0, 1] * 25)
    assert order(split, recipe(), 3).tolist() == order(split, recipe(), 3).tolist()
    assert order(split, recipe(), 3).tolist() != order(split, recipe(), 4).tolist()
    assert order(split, recipe(), 3).tolist() != order(split, recipe(seed=7), 3).tolist()


def test_going_on_within_an_epoch() -> None:
    split = Rows([0, 1] * 25)
    epoch = order(split, recipe(), 0)
    whole = [batch.samples.tolist() for batch in batches(split, epoch, 8)]
    for start in range(8):
        assert [batch.samples.tolist() for batch in batches(split, epoch, 8, start)] == whole[start:]


def test_balanced_sampling() -> None:
    split = Rows([0] * 180 + [1] * 18 + [2] * 2)
    epoch = order(split, recipe(sampling="balanced"), 0)
    rows = epoch % len(split)
    assert len(epoch) == 200 and np.bincount(split.labels[rows]).min() > 45
    assert len(set(epoch)) == 200  # a row drawn again has another number, so it is augmented in another way
    turns = np.bincount(rows[split.labels[rows] == 1], minlength=198)[180:198]
    assert turns.max() - turns.min() <= 1  # the pictures of a class take turns
    batch = next(batches(split, epoch, 200))
    assert batch.pictures[:, 0, 0, 0].tolist() == rows.tolist()
    assert batch.labels.tolist() == split.labels[rows].tolist()


def test_balanced_sampling_passes_over_classes_without_pictures() -> None:
    split = Rows([0] * 10 + [5] * 10)
    assert set(split.labels[order(split, recipe(sampling="balanced"), 0) % 20]) == {0, 5}


def test_one_batch_is_read_ahead_in_another_thread() -> None:
    before = set(threading.enumerate())  # of other tests in this process
    split = Rows([0, 1] * 25)
    stream = batches(split, np.arange(50), 10)
    next(stream)
    for _ in range(200):
        if split.asked == 2:
            break
        threading.Event().wait(0.01)
    assert split.asked == 2
    assert all(name.startswith("glasshouse-batches") for name in split.threads)
    stream.close()
    assert not any(t.name.startswith("glasshouse-batches") for t in set(threading.enumerate()) - before)


def test_a_fault_while_reading_is_raised_where_the_batch_is_asked_for() -> None:
    class Faulty(Rows):
        def rows(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
            if 12 in indices:
                raise OSError("the disk is gone")
            return super().rows(indices)

    stream = batches(Faulty([0] * 20), np.arange(20), 10)
    next(stream)
    with pytest.raises(OSError, match="the disk is gone"):
        next(stream)


def test_nothing_to_do() -> None:
    assert list(batches(Rows([0, 1]), np.arange(2), 8, start=1)) == []
    assert list(batches(Rows([]), np.arange(0), 8)) == []
