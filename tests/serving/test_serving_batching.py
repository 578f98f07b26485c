"""Batches: each row gets its own answer, who waits gets the failure, and too much is refused."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from glasshouse.errors import BusyError
from glasshouse.serving import batching
from glasshouse.serving.batching import Batcher
from glasshouse.serving.metrics import Metrics


def row(value: int) -> NDArray[np.uint8]:
    return np.full((1, 1, 1), value, np.uint8)


def test_rows_that_come_meanwhile_are_computed_together_and_each_gets_its_own_answer() -> None:
    sizes: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def compute(rows: NDArray[np.uint8]) -> NDArray[np.float32]:
        begun.set()
        go.wait(10)
        return rows.reshape(len(rows), 1).astype(np.float32)

    batcher = Batcher(compute, sizes.append)
    first = batcher.submit(row(1))
    begun.wait(10)
    others = [batcher.submit(row(value)) for value in range(2, 2 + batching.MOST + 3)]
    go.set()
    batcher.end()
    assert [float(one.result(10)[0]) for one in (first, *others)] == list(range(1, 2 + batching.MOST + 3))
    assert sizes == [1, batching.MOST, 3]


def test_a_failure_is_told_to_who_waits_and_the_next_batch_is_computed() -> None:
    def compute(rows: NDArray[np.uint8]) -> NDArray[np.float32]:
        if rows.max() == 9:
            raise ValueError("no")
        return rows.reshape(len(rows), 1).astype(np.float32)

    batcher = Batcher(compute)
    with pytest.raises(ValueError, match="no"):
        batcher.submit(row(9)).result(10)
    assert batcher.submit(row(4)).result(10).tolist() == [4.0]
    batcher.end()


def test_more_rows_than_may_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "WAITING", 2)
    begun, go = threading.Event(), threading.Event()

    def compute(rows: NDArray[np.uint8]) -> NDArray[np.float32]:
        begun.set()
        go.wait(10)
        return rows.reshape(len(rows), 1).astype(np.float32)

    batcher = Batcher(compute)
    waiting = [batcher.submit(row(0))]
    begun.wait(10)
    waiting += [batcher.submit(row(value)) for value in (1, 2)]
    with pytest.raises(BusyError, match="Too many pictures wait"):
        batcher.submit(row(3))
    go.set()
    assert [float(one.result(10)[0]) for one in waiting] == [0, 1, 2]
    batcher.end()


def test_metrics_are_what_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.requested('a"b', 200, 0.02)
    metrics.requested('a"b', 200, 0.3)
    metrics.computed("c", 5)
    metrics.pictured("c", "refused")
    lines = metrics.text({"c": 2}, {"c": "onnxruntime"}).splitlines()
    assert 'glasshouse_requests_total{model="a\\"b",status="200"} 2' in lines
    assert 'glasshouse_request_seconds_bucket{model="a\\"b",le="0.025"} 1' in lines
    assert 'glasshouse_request_seconds_bucket{model="a\\"b",le="+Inf"} 2' in lines
    assert 'glasshouse_request_seconds_sum{model="a\\"b"} 0.320000' in lines
    assert {'glasshouse_batch_pictures_sum{model="c"} 5', 'glasshouse_waiting_pictures{model="c"} 2'} <= set(lines)
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) and all(line.startswith(("#", *names)) for line in lines)
