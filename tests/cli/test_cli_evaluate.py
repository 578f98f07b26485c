"""``glasshouse evaluate``: the report on stdout, the seal on stderr."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from glasshouse.cli.evaluate import evaluate
from glasshouse.data.dataset import open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import DatasetError, ModelError
from glasshouse.evaluation.report import Report
from glasshouse.export.bundle import save_model
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(evaluate)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the dataset ``data`` and the model ``m`` for it."""
    root = tmp_path_factory.mktemp("made")
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    labels = ["cat" if k % 2 else "dog" for k in range(60)]
    data = ImageData.from_arrays(images, labels, valid=0.2, test=0.2, color="gray", out=root / "data").dataset
    recipe = TrainingRecipe(data=str(root / "data"), fingerprint=data.fingerprint, network="Dense128")
    save_model(root / "m", network={"name": "Dense128"}, module=build("Dense128", 2, 1, 8, 8).module,
               preprocessing=data.preprocessing, classes=data.classes, recipe=recipe)  # fmt: skip
    return root


def test_json_is_one_document_with_the_fixed_words(made: Path) -> None:
    done = CliRunner().invoke(app, [str(made / "m"), "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    fixed = ("accuracy", "interval", "loss", "count", "split", "baselines", "seconds", "run")
    assert set(found) >= set(fixed)
    assert (found["count"], found["split"], found["run"]) == (12, "val", str(made / "m"))
    assert found["interval"][0] <= found["accuracy"] <= found["interval"][1]
    assert len(found["baselines"]) == 2
    assert Report.from_dict(found).to_dict() == found


def test_text_tells_scores_baselines_classes_and_confusion(made: Path) -> None:
    done = CliRunner().invoke(app, [str(made / "m"), "--data", str(made / "data")])
    assert done.exit_code == 0
    for words in ("Accuracy", "95 % interval", "Baseline", "Class", "Confusion", "Few pictures"):
        assert words in done.stdout, words


def test_opening_the_test_split_is_told_and_written_down(made: Path, tmp_path: Path) -> None:
    data = shutil.copytree(made / "data", tmp_path / "data")
    arguments = [str(made / "m"), "--data", str(data), "--split", "test", "--json"]
    for words, before in (("for the first time", 0), ("opened once before", 1), ("opened 2 times before", 2)):
        done = CliRunner().invoke(app, arguments)
        assert "Opening the sealed test split" in done.stderr and words in done.stderr
        assert json.loads(done.stdout)["openings"] == before
    assert len(open_dataset(data).openings()) == 3


def test_what_is_not_there_is_an_error(made: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(made / "lost")])
    assert isinstance(done.exception, ModelError)
    done = CliRunner().invoke(app, [str(made / "m"), "--data", str(tmp_path)])
    assert isinstance(done.exception, DatasetError)
    done = CliRunner().invoke(app, [str(made / "m"), "--split", "train"])
    assert done.exit_code == 2
    (tmp_path / "data").mkdir()
    images = np.zeros((20, 8, 8), np.uint8) + np.arange(20, dtype=np.uint8)[:, None, None] * 12
    no_test = ImageData.from_arrays(images, list("ab") * 10, color="gray", twins=False, out=tmp_path / "set").dataset
    done = CliRunner().invoke(app, [str(made / "m"), "--data", str(no_test.path), "--split", "test"])
    assert "has no test split" in str(done.exception)
    assert "Opening" not in done.stderr
