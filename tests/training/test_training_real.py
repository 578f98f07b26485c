"""The strategy features on real photographs: a few of them are enough for a good classifier."""

from pathlib import Path

import pytest

from glasshouse.data.prepare import create_dataset
from glasshouse.events import RunFinished
from glasshouse.export.scoring import evaluate
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.loop import train

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.mark.real
def test_sixty_cats_and_dogs_teach_a_head_on_frozen_features(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the pictures and weights of ../shared are missing")
    for split, count in (("train", 30), ("val", 20)):
        for name in ("cat", "dog"):
            folder = tmp_path / "source" / split / name
            folder.mkdir(parents=True)
            for path in sorted((SHARED / "data" / "dogs-vs-cats" / split / name).iterdir())[:count]:
                (folder / path.name).symlink_to(path)
    create_dataset(DatasetRecipe(source=str(tmp_path / "source")), tmp_path / "data")
    weights = str(SHARED / "weights" / "mobilenet_v2.safetensors")
    recipe = TrainingRecipe(data=str(tmp_path / "data"), network="MobileNetV2", weights=weights, strategy="features")
    *_, finished = train(recipe, tmp_path / "run")
    assert isinstance(finished, RunFinished)
    assert finished.valid_accuracy is not None and finished.valid_accuracy >= 0.9
    report = evaluate(tmp_path / "run", tmp_path / "data")
    assert report.accuracy == finished.valid_accuracy
    assert report.loss == finished.valid_loss
