"""The points of a run and the load of the computer, read as other processes append to their files."""

import json
from pathlib import Path

from glasshouse.store.machine import MACHINE_FILE, machine_since
from glasshouse.store.points import THINNED, read_points
from glasshouse.store.tail import Tail


def step(n: int, loss: float = 1.0) -> str:
    return json.dumps({"type": "step", "step": n, "epoch": 1, "loss": loss, "lr": 0.1, "remaining": 9.0}) + "\n"


def test_points_are_numbered_and_read_as_they_come(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    assert read_points(tmp_path).since(0).points == []
    lines = [step(n) for n in range(1, 6)]
    file.write_text("".join(lines[:2]) + lines[2][:7])
    assert [p["n"] for p in read_points(tmp_path).since(0).points] == [1, 2]
    file.write_text("".join(lines))
    found = read_points(tmp_path).since(2)
    assert ([p["step"] for p in found.points], found.last) == ([3, 4, 5], 5)
    assert read_points(tmp_path).latest["remaining"] == 9.0
    assert [p["step"] for p in read_points(tmp_path).since(2, until=4).points] == [3, 4]


def test_a_resumed_run_that_cut_its_file_off_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(step(n, 1.0) for n in range(1, 6)))
    assert read_points(tmp_path).number == 5
    file.write_text("".join(step(n, 1.0) for n in range(1, 3)))
    assert read_points(tmp_path).number == 2
    file.write_text("".join(step(n, 2.0) for n in range(1, 9)))  # cut off and grown again, between two looks
    assert [p["loss"] for p in read_points(tmp_path).steps] == [2.0] * 8
    file.unlink()
    assert read_points(tmp_path).number == 0


def test_many_steps_grow_sparse_but_keep_their_peaks_and_numbers(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with file.open("w") as target:
        for n in range(1, 20_001):
            kind = {"type": "epoch", "epoch": n // 1000, "train_loss": 1.0} if n % 1000 == 0 else None
            target.write(json.dumps(kind) + "\n" if kind else step(n, 9.0 if n == 7777 else 1 + n % 7 / 10))
    run = read_points(tmp_path)
    whole = run.since(0)
    assert whole.last == 20_000
    assert len(run.steps) <= THINNED
    assert [p["n"] for p in whole.points if p["type"] == "epoch"] == list(range(1000, 20_001, 1000))
    assert [p["loss"] for p in run.steps if p["step"] == 7777] == [9.0]
    assert all(p["n"] == p["step"] for p in run.steps)


def test_who_asks_again_and_again_misses_nothing_that_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    heard: list[int] = []
    last = 0
    with file.open("a") as target:
        for n in range(1, 5001):
            target.write(step(n, 1 + n % 13))
            if n % 37 == 0:
                target.flush()
                found = read_points(tmp_path).since(last)
                heard += [p["n"] for p in found.points]
                last = found.last
    kept = {p["n"] for p in read_points(tmp_path).steps if p["n"] <= last}
    assert kept <= set(heard)
    assert heard == sorted(set(heard))


def test_numbers_that_are_not_finite_become_none(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"type": "epoch", "epoch": 1, "train_loss": NaN, "valid_loss": Infinity}\n[1]\n{"torn\n')
    (epoch,) = read_points(tmp_path).epochs
    assert (epoch["train_loss"], epoch["valid_loss"]) == (None, None)
    json.dumps(epoch, allow_nan=False)


def test_a_tail_tells_only_whole_new_lines(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "lines")
    assert tail.read() == (False, [])
    tail.path.write_text('{"a": 1}\n{"a"')
    assert tail.read() == (False, [{"a": 1}])
    tail.path.write_text('{"a": 1}\n{"a": 2}\n')
    assert tail.read() == (False, [{"a": 2}])
    tail.path.write_text('{"b": 1}\n')
    assert tail.read() == (True, [{"b": 1}])


def test_samples_of_the_computer_are_numbered(tmp_path: Path) -> None:
    file = tmp_path / MACHINE_FILE
    assert machine_since(tmp_path) == []
    file.write_text('{"at": 1.0}\n{"at": 2.0}\n')
    assert machine_since(tmp_path) == [{"at": 1.0, "n": 1}, {"at": 2.0, "n": 2}]
    assert machine_since(tmp_path, 1) == [{"at": 2.0, "n": 2}]
    assert machine_since(tmp_path, 2) == []
