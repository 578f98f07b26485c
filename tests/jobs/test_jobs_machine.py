"""The load of the computer beside a job: measured every few seconds, cards told by a driver that may be missing."""

import os
import stat
import time
from pathlib import Path

import pytest

from glasshouse.jobs.machine import Cards, Meter, cards_of
from glasshouse.store.database import Store, open_store
from glasshouse.store.machine import machine_since

TOLD = "NVIDIA H100 80GB HBM3, 37, 1024, 81559, 41\nTesla, the old, [N/A], 10, 100, [Not Supported]\n"


@pytest.fixture
def home(tmp_path: Path) -> Store:
    (tmp_path / "home" / "work" / "one").mkdir(parents=True)
    return open_store(tmp_path / "home")


def test_cards_are_read_as_the_driver_tells_them() -> None:
    first, other = cards_of(TOLD)
    assert first == {"name": "NVIDIA H100 80GB HBM3", "use": 37.0, "memory": 1024 * 2**20,
                     "memory_total": 81559 * 2**20, "temperature": 41.0}  # fmt: skip
    assert (other["name"], other["use"], other["temperature"]) == ("Tesla, the old", None, None)
    assert cards_of("NVIDIA-SMI has failed because it could not talk to the driver.") == []


def test_the_driver_is_asked_beside_and_nobody_waits(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{TOLD.replace(chr(10), chr(92) + 'n')}'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    cards = Cards(str(program))
    begin = time.monotonic()
    while not cards.latest:
        cards.look()
        assert time.monotonic() - begin < 30
        time.sleep(0.01)
    assert [card["name"] for card in cards.latest] == ["NVIDIA H100 80GB HBM3", "Tesla, the old"]


def test_a_driver_that_is_not_there_or_fails_leaves_no_cards(tmp_path: Path) -> None:
    missing = Cards(str(tmp_path / "nothing"))
    missing.look()
    missing.look()
    assert missing.latest == []


def test_the_meter_writes_every_few_seconds_what_the_job_takes(home: Store) -> None:
    now = [0.0]
    meter = Meter(home, Cards("/nonexistent"), clock=lambda: now[0])
    for _ in range(3):
        meter.look({"one": os.getpid()})
        now[0] += 2.0
    assert len(machine_since(home.path("work/one"))) == 1, "only every five seconds"
    sum(k * k for k in range(300_000))
    meter.look({"one": os.getpid()})
    first, second = machine_since(home.path("work/one"))
    assert (first["cpu"], first["cpu_job"]) == (None, None), "since when is not known yet"
    assert second["cpu_job"] > 0
    assert 0 <= second["cpu"] <= 100
    assert 0 < second["memory_job"] < second["memory"] + 2**30
    assert second["memory"] < second["memory_total"]
    assert (second["disk_free"] > 0, second["gpus"]) == (True, [])


def test_a_process_that_is_gone_harms_nothing(home: Store) -> None:
    Meter(home, Cards("/nonexistent")).look({"one": 2**22 + 1, "gone": os.getpid()})
    (sample,) = machine_since(home.path("work/one"))
    assert sample["memory_job"] is None
