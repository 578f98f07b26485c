"""The parts behind pages: charts, what curves say, forms, presets, the paired test, small pictures."""

import math

import numpy as np
import pytest

from glasshouse.data.decoding.resizing import resize
from glasshouse.errors import RecipeError
from glasshouse.evaluation.paired import exact
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.points import RunPoints
from glasshouse.web.datasets.form import defaults, filled_from, new_dataset
from glasshouse.web.framework.charts import Series, chart, numbers, sparkline, thin, ticks
from glasshouse.web.framework.pictures import fitted
from glasshouse.web.models.curves import curves
from glasshouse.web.new_model.form import defaults as model_defaults
from glasshouse.web.new_model.form import filled_from as model_filled_from
from glasshouse.web.new_model.form import new_model
from glasshouse.web.new_model.presets import presets, pretrained_for
from glasshouse.web.results.comparison import differences


def test_thinning_keeps_every_peak() -> None:
    points = [(float(k), 1.0) for k in range(5000)]
    points[3217] = (3217.0, 9.0)
    kept = thin(points)
    assert len(kept) <= 310
    assert (3217.0, 9.0) in kept
    assert kept == sorted(kept)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.0013), (3, 97), (1e-7, 2e-7)])
def test_ticks_are_round_and_few(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 6
    assert all(low <= value <= high for value in found)


def test_the_numbers_of_an_axis_are_all_written_in_one_way() -> None:
    assert numbers([0, 2e-4, 4e-4, 8e-4, 1e-3]) == ["0", "0.0002", "0.0004", "0.0008", "0.001"]
    assert numbers([0, 5e-6, 1e-5, 1.5e-5]) == ["0", "5e-6", "1e-5", "1.5e-5"]
    assert numbers([0.0, 50.0, 100.0]) == ["0", "50", "100"]


def test_a_chart_leaves_out_what_is_not_finite_and_survives_one_point() -> None:
    drawn = chart([Series("train", "Training", [(1.0, 2.0), (2.0, math.nan), (3.0, math.inf)])])
    assert drawn is not None
    assert "nan" not in drawn.lines[0].path
    assert chart([Series("train", "Training", [])]) is None
    assert sparkline([1.0]) == ""
    assert sparkline([3.0, 1.0, 2.0]).startswith("M0 2L")


def test_a_dataset_form_makes_the_recipe_and_comes_back_from_it() -> None:
    form = {**defaults(), "name": "a", "source": "/p", "valid": "12.5", "width": "64", "labels.pattern": "(a|b)"}
    recipe = DatasetRecipe(**new_dataset(form).recipe)
    assert (recipe.valid, recipe.test, recipe.width, recipe.labels.pattern) == (0.125, 0.1, 64, "(a|b)")
    assert filled_from(recipe.model_dump())["valid"] == "12.5"
    assert filled_from({**recipe.model_dump(), "source": "../uploads/7/files/x.zip"})["source"] == "upload:7"


def test_a_model_form_makes_the_recipe_and_comes_back_from_it() -> None:
    form = {**model_defaults(), "name": "m", "dataset": "d", "network": "LeNet", "augmentation.rotation": "15"}
    form |= {"early_stopping.patience": "3", "optimizer.lr": "0.01"}
    recipe = TrainingRecipe(data="-", **new_model(form, None).recipe)
    assert recipe.augmentation.rotation == 15
    assert recipe.early_stopping is not None
    again = new_model({**model_filled_from(recipe.model_dump()), "name": "m", "dataset": "d"}, None)
    assert TrainingRecipe(data="-", **again.recipe) == recipe
    with pytest.raises(RecipeError, match="several with spaces"):
        new_model({**form, "batch_size": "big"}, None)


@pytest.mark.parametrize("side", [8, 28, 48, 150, 224])
def test_every_preset_is_a_recipe(side: int) -> None:
    ways = presets(side, side)
    assert [way.key for way in ways] == ["fast", "balanced", "accurate"]
    assert all(TrainingRecipe(data="-", **way.recipe).resolved().epochs == way.epochs for way in ways)


def test_photos_begin_with_pretrained_weights() -> None:
    grey = {"width": 224, "height": 224, "color": "gray"}
    assert pretrained_for(grey) == "EfficientNetLite0", "a filter adds its colours"
    assert {way.recipe["weights"] for way in presets(224, 224)} == {"pretrained"}
    assert {way.recipe["network"] for way in presets(224, 224)} == {"EfficientNetLite0"}
    assert {way.recipe["weights"] for way in presets(28, 28)} == {"none"}


def test_the_paired_test_is_the_exact_one() -> None:
    assert exact(0, 0) == 1.0
    assert exact(5, 5) == 1.0
    assert exact(0, 6) == pytest.approx(2 / 64)
    assert exact(1, 9) == pytest.approx(2 * 11 / 1024)


def test_settings_that_differ_stand_first() -> None:
    rows = differences([{"epochs": 3, "network": "LeNet"}, {"epochs": 5, "network": "LeNet"}])
    assert rows == [("epochs", ["3", "5"], True), ("network", ["LeNet", "LeNet"], False)]


@pytest.mark.parametrize("mode", ["squash", "crop", "pad", "half-crop"])
def test_previews_look_like_what_the_library_makes(mode: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (60, 100, 3), np.uint8)
    mine, made = fitted(picture, 32, 32, mode), resize(picture, 32, 32, mode)
    assert mine.shape == made.shape
    assert np.abs(mine.astype(int) - made.astype(int)).mean() < 1.0


def test_a_curve_without_points_beside_one_that_has_them() -> None:
    assert chart([Series("train", "training", []), Series("valid", "validation", [(1.0, 0.5)])]) is not None


@pytest.mark.parametrize("accuracy", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_a_flat_accuracy_does_not_lie_on_the_axis(accuracy: float) -> None:
    epochs = [{"epoch": n, "train_loss": 1.0, "valid_loss": 1.0, "valid_accuracy": accuracy, "lr": 0.1} for n in (1, 2)]
    drawn = curves(RunPoints(epochs=epochs, started={"steps_per_epoch": 1}), ("a", "b", "c", "d", "e")).accuracy
    assert drawn is not None
    heights = {y for _, y in drawn.lines[-1].dots}
    assert drawn.top <= min(heights)
    assert max(heights) <= drawn.bottom - 5
    assert "0" not in [tick.text for tick in drawn.y_ticks] or accuracy < 0.13
