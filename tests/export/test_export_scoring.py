"""Scoring: the numbers of the predictor, the baselines, the seal of the test split, and what does not fit."""

import shutil
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import DatasetError, ModelError
from glasshouse.evaluation.baselines import commonest
from glasshouse.evaluation.report import measure
from glasshouse.export.bundle import load_model
from glasshouse.export.card import card
from glasshouse.export.predictor import Model
from glasshouse.export.scoring import evaluate, find_data, score, scored_labels, scoring
from glasshouse.recipe import TrainingRecipe


@pytest.fixture
def model(model_path: Path) -> Model:
    return load_model(model_path)


def described(model: Model, **changes: object) -> Model:
    """Return the model with another description."""
    return Model(model.module, replace(model.description, **changes), model.path)  # type: ignore[arg-type]


def test_the_score_is_that_of_the_predictions(model: Model, dataset: Dataset, folder: Path) -> None:
    report = evaluate(model, dataset)
    split = dataset.splits["val"]
    expected = measure(model.probabilities(split.rows(np.arange(len(split)))), split.labels, dataset.classes, "val")
    plain = replace(report, baselines=(), seconds=0.0, run=None, dataset=None, notes=())
    assert plain == expected
    answers = model.predict([folder / path for path in split.paths])
    right = sum(one.label == dataset.classes[k] for one, k in zip(answers, split.labels))
    assert (report.count, report.accuracy) == (len(split), right / len(split))


def test_progress_is_told_up_to_the_last_picture(model: Model, dataset: Dataset) -> None:
    told = list(scoring(model, dataset, "val"))
    assert [(one.stage, one.done, one.total) for one in told] == [("evaluating", 12, 12)]
    assert told[-1].remaining == 0
    report, probabilities = score(model, dataset, "val", "my model")
    assert report.run == "my model"
    assert measure(probabilities, dataset.splits["val"].labels, dataset.classes, "val").loss == report.loss


def test_it_tells_where_it_comes_from(model: Model, model_path: Path, dataset: Dataset) -> None:
    report = evaluate(model_path, dataset)
    assert (report.run, report.dataset, report.openings, report.notes) == (
        str(model_path), dataset.fingerprint, None, (),
    )  # fmt: skip
    assert report.seconds > 0
    assert evaluate(model, dataset).run == str(model_path)
    assert evaluate(model_path / "model", dataset).run == str(model_path / "model")
    assert evaluate(Model(model.module, model.description), dataset).run is None


def test_the_baselines_learn_from_the_training_pictures(model: Model, dataset: Dataset) -> None:
    train, val = dataset.splits["train"], dataset.splits["val"]
    first, second = evaluate(model, dataset).baselines
    assert first == commonest(train.labels, val.labels, dataset.classes)
    assert second.name == "linear model on pixels"
    assert f"trained on {len(train)} training pictures" in second.description
    assert evaluate(model, dataset).baselines == (first, second)


def test_data_may_be_named_in_several_ways_or_not_at_all(model_path: Path, dataset: Dataset) -> None:
    expected = evaluate(model_path, dataset).accuracy
    for data in (dataset.path, str(dataset.path), ImageData(dataset), None):
        assert evaluate(model_path, data).accuracy == expected


def test_the_test_split_is_sealed_and_each_opening_is_told(model_path: Path, dataset: Dataset, tmp_path: Path) -> None:
    copy = open_dataset(shutil.copytree(dataset.path, tmp_path / "copy"))
    first, second = evaluate(model_path, copy, "test"), evaluate(model_path, copy.path, "test")
    assert (first.openings, second.openings) == (0, 1)
    assert first.count == len(copy.splits["test"])
    assert [line["by"] for line in copy.openings()] == [f"evaluate {model_path}"] * 2
    assert evaluate(model_path, copy).openings is None
    assert len(copy.openings()) == 2


def test_a_score_that_fails_leaves_the_seal(model: Model, dataset: Dataset, tmp_path: Path) -> None:
    copy = open_dataset(shutil.copytree(dataset.path, tmp_path / "copy"))
    with pytest.raises(ModelError):
        evaluate(described(model, classes=("x", "y", "z")), copy, "test")
    assert copy.openings() == []


def test_classes_in_another_order_are_mapped(model: Model, dataset: Dataset) -> None:
    order = [2, 0, 1]
    classes = tuple(dataset.classes[k] for k in order)
    found = evaluate(described(model, classes=classes), dataset)
    val = dataset.splits["val"]
    moved = np.empty((len(val), 3), np.float32)
    moved[:, order] = model.probabilities(val.rows(np.arange(len(val))))
    assert found.classes == dataset.classes
    assert found.confusion == measure(moved, val.labels, dataset.classes, "val").confusion


def test_other_classes_and_sizes_are_told(model: Model, dataset: Dataset, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Only the model has wolf\. Only the dataset has <b>c<\."):
        evaluate(described(model, classes=("wolf", *dataset.classes[1:])), dataset)
    other = ImageData.from_folder(folder, size=12, color="gray", out=tmp_path / "small").dataset
    with pytest.raises(ModelError, match=r"12x12 in grey, the model takes 24x20 in colour.* --size 24x20 --color rgb"):
        evaluate(model, other)


def some(folder: Path, out: Path, renamed: dict[str, str | None]) -> Dataset:
    """A dataset of the same pictures, with classes left out (None) or called otherwise."""
    names = sorted(one.name for one in folder.iterdir() if one.is_dir())
    for name in names:
        new = renamed.get(name, name)
        if new is not None:
            shutil.copytree(folder / name, out / "pictures" / new)
    return ImageData.from_folder(out / "pictures", size=(24, 20), resize="crop", valid=0.5, out=out / "set").dataset


def test_a_dataset_that_lacks_a_class_is_scored_and_the_class_is_named(
    model: Model, folder: Path, tmp_path: Path
) -> None:
    gone, *rest = model.classes
    data = some(folder, tmp_path, {gone: None})
    assert set(data.classes) == set(rest)
    report, probabilities = score(model, data, "val")
    val = data.splits["val"]
    assert report.classes == model.classes and report.count == len(val)
    truth = [model.classes.index(data.classes[k]) for k in val.labels]
    assert list(scored_labels(report, data, "val")) == truth
    answers = model.probabilities(val.rows(np.arange(len(val))))
    np.testing.assert_array_equal(probabilities, answers)
    assert report.accuracy == np.mean(answers.argmax(1) == truth)
    (lost,) = (one for one in report.per_class if one.name == gone)
    assert (lost.support, lost.recall) == (0, None)
    assert any(f"No pictures in this split of: {gone}" in one for one in report.warnings)
    assert any(f"Only the model has {gone}." in one for one in report.notes)
    for text in (str(report), report.to_markdown(), report._repr_html_()):
        assert "The dataset lacks them; the score is that" in text


def test_pictures_of_a_class_that_the_model_does_not_know_are_refused(
    model: Model, folder: Path, tmp_path: Path
) -> None:
    name = model.classes[1]
    data = some(folder, tmp_path, {name: f" {name.upper()}"})
    count = int((data.splits["val"].labels == data.classes.index(name.upper())).sum())
    with pytest.raises(
        ModelError, match=rf"cannot answer for {count} of the {len(data.splits['val'])} pictures in the split val"
    ):
        evaluate(model, data)
    with pytest.raises(ModelError, match=rf"Perhaps {name.upper()} is the model's {name}: write it the same in both"):
        evaluate(model, data)


def test_a_class_that_neither_the_model_knows_nor_the_split_shows_does_no_harm(model: Model, dataset: Dataset) -> None:
    shown = copy(dataset)
    shown.classes = (*dataset.classes, "zebra")
    report = evaluate(model, shown)
    assert report.classes == model.classes
    assert any("Only the dataset has zebra. The model does not know them" in note for note in report.notes)
    assert report.accuracy == evaluate(model, dataset).accuracy


def test_a_split_that_is_not_there_is_told(model: Model, folder: Path, tmp_path: Path) -> None:
    data = ImageData.from_folder(folder, size=(24, 20), valid=0, test=0.25, out=tmp_path / "set").dataset
    with pytest.raises(DatasetError, match=r"has no val split, it has train \(36 pictures\), test .* --valid 0.25"):
        evaluate(model, data)
    with pytest.raises(DatasetError, match="has no odd split"):
        evaluate(model, data, "odd")


def test_another_dataset_and_another_preparation_are_noted(model: Model, folder: Path, tmp_path: Path) -> None:
    data = ImageData.from_folder(folder, size=(24, 20), encoding="jpeg", out=tmp_path / "set").dataset
    notes = evaluate(model, data).notes
    assert "another dataset" in notes[0] and "the score is too good" in notes[0]
    assert "squash, JPEG of quality 90" in notes[1] and "(crop)" in notes[1]


def test_a_dataset_is_found_beside_the_run(model: Model, model_path: Path, dataset: Dataset, tmp_path: Path) -> None:
    shutil.copytree(model_path, tmp_path / "drive" / "run")
    shutil.copytree(dataset.path, tmp_path / "drive" / "pets")
    recipe = TrainingRecipe(data="gone/away/pets", network="LeNet")
    for path in (tmp_path / "drive" / "run" / "model", tmp_path / "drive" / "run"):
        moved = Model(model.module, replace(model.description, recipe=recipe), path)
        assert find_data(moved).resolve() == (tmp_path / "drive" / "pets").resolve()
    with pytest.raises(DatasetError, match=r"gone/away/pets .* is not there; name it with --data DIR"):
        find_data(Model(model.module, replace(model.description, recipe=recipe)))
    with pytest.raises(DatasetError, match="does not name its dataset"):
        find_data(described(model, recipe=None))


def test_the_card_tells_data_split_recipe_scores_and_limits(model: Model, dataset: Dataset) -> None:
    report = evaluate(model, dataset)
    text = card(model.description, dataset, [report], "2026-11-21")
    for words in (
        "# LeNet for 3 classes", "Made on 2026-11-21 with Glasshouse", dataset.fingerprint, "&lt;b&gt;c&lt;",
        "| 고양이 | 8 | 4 | 4 |", "at random by seed 42", "in the same subset", "starting from fresh weights",
        "20 epochs in batches of 64 with AdamW", "95 % interval", "always ", "logistic regression",
        "Few pictures to learn from (under 100)", "No score on a test split", "torch ",
    ):  # fmt: skip
        assert words in text, words
    assert "<b>" not in text
    assert card(model.description, dataset, [report], "2026-11-21") == text


def test_the_card_tells_classes_that_are_often_missed(model: Model, dataset: Dataset) -> None:
    report = evaluate(model, dataset)
    missed = [score for score in report.per_class if score.recall is not None and score.recall < 0.8]
    assert missed
    assert "Classes that it often misses on val pictures" in card(model.description, dataset, [report])


def test_a_card_needs_neither_scores_nor_a_recipe(model: Model, dataset: Dataset) -> None:
    text = card(replace(model.description, recipe=None), dataset)
    assert "It was not scored" in text
    assert "How it was trained is not known" in text
    assert "Made with Glasshouse" in text


def test_the_card_tells_augmentation_and_strategy(model: Model, dataset: Dataset) -> None:
    recipe = TrainingRecipe(
        data="pets", network="MobileNetV2", weights="weights/mobilenet_v2.safetensors", strategy="features",
        augmentation={"rotation": 10, "zoom": (0.8, 1.2)},
    )  # fmt: skip
    text = card(replace(model.description, recipe=recipe), dataset)
    assert "weights from mobilenet\\_v2.safetensors; only the head fitted, by logistic regression" in text
    stepped = card(replace(model.description, recipe=recipe.replace(head="steps")), dataset)
    assert "weights from mobilenet\\_v2.safetensors; only the head trained" in stepped
    assert "changed at random (Rotation 10.0, Zoom 0.8–1.2)" in text
