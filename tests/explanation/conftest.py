"""One dataset of small pictures and a LeNet that was trained on it for two epochs, for all tests of the room."""

from pathlib import Path

import pytest

from corner_pictures import draw_pictures
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe, OptimizerRecipe, TrainingRecipe
from glasshouse.training.loop import train


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("followed") / "corners")


@pytest.fixture(scope="session")
def run(pictures: Path) -> Path:
    """The folder of a run: LeNet, Adam."""
    data = pictures.parent / "data"
    create_dataset(DatasetRecipe(source=str(pictures), width=28, height=28, color="gray", valid=0.2), data)
    recipe = TrainingRecipe(
        data=str(data), network="LeNet", epochs=2, batch_size=16, optimizer=OptimizerRecipe(name="adam", lr=1e-3),
        objective={"label_smoothing": 0.1, "class_weights": "balanced"},
    )  # fmt: skip
    list(train(recipe, pictures.parent / "lenet"))
    return pictures.parent / "lenet"
