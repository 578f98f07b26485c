"""Doubtful labels: planted ones are found, the sealed test is not looked at, twins stay on one side."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import glasshouse as gh
from glasshouse.cli.dataset import app
from glasshouse.data.dataset import Dataset
from glasshouse.errors import DatasetError
from glasshouse.events import result_of
from glasshouse.explanation.suspects import judged_labels
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.pretrained import at_hand
from glasshouse.recipe import DatasetRecipe
from pictures import picture, save


def planted(seed: int = 0, count: int = 240, classes: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, labels of which one in ten is that of the next class, and which."""
    draw = np.random.default_rng(seed)
    truth = np.arange(count) % classes
    x = (draw.normal(size=(count, 24)) + 3 * draw.normal(size=(classes, 24))[truth]).astype(np.float32)
    wrong = draw.choice(count, count // 10, replace=False)
    y = truth.copy()
    y[wrong] = (y[wrong] + 1) % classes
    return x, y, wrong


def test_planted_labels_are_found_and_counted() -> None:
    x, y, wrong = planted()
    paths = [f"{i}.png" for i in range(len(y))]
    judged = result_of(judged_labels(x, y, np.arange(len(y)), paths, 4), lambda _: None)
    worst = np.argsort(judged.p[np.arange(len(y)), y])[: len(wrong)]
    assert np.isin(worst, wrong).mean() >= 0.95
    assert judged.expected.interval[0] <= len(wrong) <= judged.expected.interval[1]
    assert np.isin(wrong, np.flatnonzero(judged.doubted)).all()
    assert judged.p.argmax(1)[wrong].tolist() == ((y[wrong] - 1) % 4).tolist()


def test_of_many_pictures_a_part_is_learnt_and_all_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glasshouse.explanation.suspects.MOST", 100)
    x, y, wrong = planted(2, 600)
    judged = result_of(judged_labels(x, y, np.arange(len(y)), [f"{i}.png" for i in range(len(y))], 4), lambda _: None)
    worst = np.argsort(judged.p[np.arange(len(y)), y])[: len(wrong)]
    assert np.isin(worst, wrong).mean() >= 0.9 and np.allclose(judged.p.sum(1), 1)


def test_a_wrong_label_with_twins_does_not_vouch_for_itself() -> None:
    x, y, wrong = planted(1)
    copies = np.concatenate([np.arange(len(y)), np.repeat(wrong, 6)])  # six copies of each wrong picture
    paths = [f"{i}.png" for i in range(len(copies))]
    judged = result_of(judged_labels(x[copies], y[copies], copies, paths, 4), lambda _: None)
    assert (judged.p.argmax(1) != y[copies])[-6 * len(wrong) :].mean() > 0.8


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Pictures of three colours, two of the wrong one, and a class with a single picture."""
    folder = tmp_path_factory.mktemp("suspects")
    for tint, name in enumerate(("blue", "green", "red")):
        for number in range(14):
            odd = number == 3 and name != "green"
            pixels = picture(1000 * tint + number, 32, 32, tint=(tint + 1) % 3 if odd else tint)
            save(folder / "pictures" / name / f"{number}.png", pixels)
    recipe = DatasetRecipe(source=str(folder / "pictures"), width=32, height=32, valid=0.25, test=0.2)
    made = gh.create_dataset(recipe, folder / "made")
    green = next(path for path in made.splits["train"].paths if path.startswith("green"))
    return gh.edit_dataset(made, [{"path": green, "label": "rare"}], folder / "edited")


@pytest.mark.skipif(not at_hand(CATALOGUE["EfficientNetLite0"]), reason="its weights are in a package")
def test_the_command_lists_them_and_leaves_the_sealed_test_alone(dataset: Dataset) -> None:
    result = CliRunner().invoke(app, ["suspects", str(dataset.path), "--json"], catch_exceptions=False)
    said = json.loads(result.stdout)
    sealed = set(dataset.splits["test"].paths)
    odd = {path for path in ("blue/3.png", "red/3.png") if path not in sealed}
    listed = [one["path"] for one in said["suspects"]]
    assert odd and odd <= set(listed) and not sealed & set(listed)
    assert {one["path"]: one["suggested"] for one in said["suspects"]}.items() >= {
        path: {"blue/3.png": "green", "red/3.png": "blue"}[path] for path in odd
    }.items()
    assert [one["score"] for one in said["suspects"]] == sorted(one["score"] for one in said["suspects"])
    assert {"label", "sha256", "split"} <= set(said["suspects"][0])
    low, high = said["expected_wrong"]["interval"]
    assert low <= said["expected_wrong"]["count"] <= high and said["not_judged"] == ["rare"]
    assert dataset.openings() == [] and said["judged"] == len(dataset.splits["train"]) + len(dataset.splits["val"]) - 1
    lines = CliRunner().invoke(app, ["suspects", str(dataset.path)]).stdout.splitlines()
    assert lines[0].startswith("Of ") and lines[1] == "Not judged, with too few pictures: rare"


@pytest.mark.skipif(not at_hand(CATALOGUE["EfficientNetLite0"]), reason="its weights are in a package")
def test_two_classes_with_two_pictures_are_needed(dataset: Dataset, tmp_path: Path) -> None:
    reds = [{"class_name": name, "exclude": True} for name in ("blue", "green")]
    with pytest.raises(DatasetError, match="fewer than two classes"):
        gh.suspects(gh.edit_dataset(dataset, reds, tmp_path / "two"))
