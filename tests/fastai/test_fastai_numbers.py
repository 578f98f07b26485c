"""What fastai itself computed (see make_fastai_numbers.py) against what the same words give here."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from make_fastai_numbers import NAMES, PATTERN, PLACE, RATE, STEPS, pictures, predictions

from glasshouse.data.stored.rows import Split
from glasshouse.fastai.vision import all as fv
from glasshouse.recipe import ObjectiveRecipe, ScheduleRecipe
from glasshouse.training.objective import build_objective
from glasshouse.training.schedules import rate

THEIRS: dict[str, Any] = json.loads(PLACE.read_text(encoding="utf-8"))
METRICS = {
    "accuracy": fv.accuracy, "error_rate": fv.error_rate, "F1Score": fv.F1Score(), "Precision": fv.Precision(),
    "Recall": fv.Recall(), "BalancedAccuracy": fv.BalancedAccuracy(), "CohenKappa": fv.CohenKappa(),
    "MatthewsCorrCoef": fv.MatthewsCorrCoef(), "RocAuc": fv.RocAuc(),
    "top_k_accuracy(k=2)": partial(fv.top_k_accuracy, k=2),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    return pictures(tmp_path / "pictures")


def test_metrics_are_fastais() -> None:
    assert METRICS.keys() == THEIRS["metrics"].keys()
    for name, metric in METRICS.items():
        assert metric(*predictions()) == pytest.approx(THEIRS["metrics"][name], abs=1e-6), name


def test_losses_are_fastais() -> None:
    p, y = predictions()
    for name, smoothing in (("CrossEntropyLossFlat", 0.0), ("LabelSmoothingCrossEntropy", 0.1)):
        objective = build_objective(ObjectiveRecipe(label_smoothing=smoothing), "abcd", y, torch.device("cpu"))
        mean = float(objective(torch.log(torch.tensor(p)), torch.tensor(y))) / len(y)
        assert mean == pytest.approx(THEIRS["losses"][name], abs=1e-6), name


def test_the_rates_of_one_cycle_are_fastais() -> None:
    recipe = ScheduleRecipe(name="one-cycle", pct_start=0.25, div=25, final_div=1e5)
    ours = [rate(step, STEPS, RATE, recipe) for step in range(STEPS)]
    np.testing.assert_allclose(ours, THEIRS["one_cycle"], rtol=1e-5)  # theirs are float32


def test_files_and_classes_are_fastais(folder: Path) -> None:
    files = fv.get_image_files(folder)
    assert sorted(str(Path(file).relative_to(folder)) for file in files) == THEIRS["files"]
    some = [file for file in files if Path(file).parent == folder]
    assert len(some) == len(NAMES) - 2
    more = {"valid_pct": 0.25, "seed": 42, "item_tfms": fv.Resize(12)}
    by_name = fv.ImageDataLoaders.from_name_func(folder, some, label_func=lambda name: name[0].isupper(), **more)
    by_pattern = fv.ImageDataLoaders.from_name_re(folder, some, PATTERN, **more)
    assert list(by_name.vocab) == THEIRS["vocab"]["from_name_func"]
    assert list(by_pattern.vocab) == THEIRS["vocab"]["from_name_re"]
    assert [len(by_pattern.split(number)) for number in (0, 1)] == THEIRS["sizes"]


def test_where_a_model_is_wrong_is_told_as_fastai_does() -> None:
    truth, preds = np.array(THEIRS["truth"]), np.array(THEIRS["preds"], np.float32)
    split = cast(Split, SimpleNamespace(labels=truth))
    seen = fv.ClassificationInterpretation(split, tuple(THEIRS["vocab"]["from_name_re"]), preds)
    assert seen.confusion_matrix().tolist() == THEIRS["confusion_matrix"]
    assert [list(one) for one in seen.most_confused()] == THEIRS["most_confused"]
    np.testing.assert_allclose(seen.losses, THEIRS["losses_of_pictures"], rtol=1e-4)
    values, rows = seen.top_losses(3)
    np.testing.assert_allclose(values, THEIRS["top_losses"][0], rtol=1e-4)
    assert rows.tolist() == THEIRS["top_losses"][1]
