"""What a model said of a split is kept with checksums: damage is reported, never shown, and older files still read."""

import json
from pathlib import Path

import numpy as np
import pytest

from glasshouse.errors import DamagedRunError, MissingError
from glasshouse.store.results import (
    SplitAnswers,
    read_answers,
    read_report,
    result_place,
    write_answers,
    write_report,
)
from glasshouse.training.verification import verify_run

LABELS = np.array([0, 2, 1, 1], np.int64)
CHANCES = np.random.default_rng(1).dirichlet(np.ones(3), 4).astype(np.float32)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = result_place(tmp_path, "val")
    write_answers(found, LABELS, CHANCES)
    write_report(found, {"accuracy": 0.5, "count": 4})
    return found


def states(run: Path) -> dict[str, str]:
    return {file.name: file.state for file in verify_run(run).files if file.name.startswith("results/")}


def test_results_are_read_as_they_were_written(place: Path, tmp_path: Path) -> None:
    answers = read_answers(place)
    assert np.array_equal(answers.labels, LABELS) and np.array_equal(answers.top[:, 0], CHANCES.argmax(1))
    assert read_report(place) == {"accuracy": 0.5, "count": 4}
    assert states(tmp_path) == {"results/val.json": "whole", "results/val.npz": "whole"}
    with pytest.raises(MissingError, match="not scored"):
        read_answers(result_place(tmp_path, "test"))


def test_any_flipped_byte_of_the_answers_is_told_or_changes_nothing(place: Path, tmp_path: Path) -> None:
    file, before = place.with_suffix(".npz"), read_answers(place)
    whole = file.read_bytes()
    told = 0
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            after = read_answers(place)
        except DamagedRunError as error:
            assert "results/val.npz" in str(error) and "again" in str(error)
            told += 1
        else:  # a date or another note of the archive, of which nothing is used
            assert all(np.array_equal(vars(after)[name], vars(before)[name]) for name in vars(before)), at
    assert told > len(whole) / 7 / 2
    file.write_bytes(whole[:-40])
    assert states(tmp_path)["results/val.npz"] == "damaged"


def test_a_number_that_was_changed_in_place_is_told(place: Path, tmp_path: Path) -> None:
    """Whole archives with other numbers in them: what a checksum of each entry alone would let pass."""
    file, answers = place.with_suffix(".npz"), read_answers(place)
    with np.load(file) as held:
        told = held["checksum"]
    np.savez(file, **{**vars(answers), "labels": LABELS[::-1]}, checksum=told)
    with pytest.raises(DamagedRunError, match="crc32"):
        read_answers(place)
    report = place.with_suffix(".json")
    report.write_text(report.read_text().replace("0.5", "0.9"))
    with pytest.raises(DamagedRunError, match="crc32"):
        read_report(place)
    assert set(states(tmp_path).values()) == {"damaged"}


def test_results_from_before_there_were_checksums_are_read(place: Path, tmp_path: Path) -> None:
    answers = read_answers(place)
    np.savez(place.with_suffix(".npz"), **vars(answers))
    place.with_suffix(".json").write_text(json.dumps({"accuracy": 0.25}))
    assert isinstance(read_answers(place), SplitAnswers) and read_report(place) == {"accuracy": 0.25}
    assert set(states(tmp_path).values()) == {"unchecked"}
