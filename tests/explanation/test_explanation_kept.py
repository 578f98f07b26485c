"""What was found about a model is kept beside it, by its weights and by what it follows from."""

import shutil
from pathlib import Path

import numpy as np
import torch

from glasshouse.explanation.kept import FOLDER, kept_arrays, kept_object, kept_place, weights_hash
from glasshouse.explanation.opened import open_model


def test_a_result_is_computed_once_for_weights_and_facts(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    shutil.copytree(run, place)
    opened, calls = open_model(place, needs_data=False), list[str]()

    def compute(word: str) -> dict[str, object]:
        calls.append(word)
        return {"word": word}

    assert kept_object(opened, "check", {"seed": 1}, lambda: compute("first")) == {"word": "first"}
    assert kept_object(open_model(place), "check", {"seed": 1}, lambda: compute("again")) == {"word": "first"}
    assert kept_object(opened, "check", {"seed": 2}, lambda: compute("other")) == {"word": "other"}
    (file, _) = sorted((place / FOLDER).iterdir(), key=lambda one: '"seed": 2' in one.read_text())
    file.write_text(file.read_text().replace("first", "third"))  # damage: the checksum is of other words
    assert kept_object(opened, "check", {"seed": 1}, lambda: compute("new")) == {"word": "new"}
    assert calls == ["first", "other", "new"]
    changed = open_model(place)
    with torch.no_grad():
        next(changed.module.parameters()).add_(1)
    assert weights_hash(changed) != weights_hash(opened)


def test_arrays_are_kept_and_a_model_in_one_file_is_computed_each_time(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "model"
    shutil.copytree(run / "model", place)
    opened, calls = open_model(place, needs_data=False), list[int]()
    assert kept_place(opened) == place / FOLDER

    def compute() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"x": np.arange(3)}

    for _ in range(2):
        assert kept_arrays(opened, "patches", {}, compute)["x"].tolist() == [0, 1, 2]
    next((place / FOLDER).iterdir()).write_bytes(b"PK")
    assert kept_arrays(opened, "patches", {}, compute)["x"].tolist() == [0, 1, 2]
    assert len(calls) == 2
    opened.model.path = None
    assert kept_place(opened) is None
    kept_arrays(opened, "patches", {}, compute)
    assert len(calls) == 3
