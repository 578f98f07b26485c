"""Models on disk: what is saved comes back, and what is damaged or strange is refused with its reason."""

from pathlib import Path

import numpy as np
import pytest
import torch

from glasshouse.data.preprocess import Preprocessing
from glasshouse.export.bundle import load_model, save, save_model
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

CLASSES = ("고양이", "dog", "<b>bird</b>")
PREPROCESSING = Preprocessing(28, 28, "crop", "gray", "raw", 90, (0.4,), (0.2,))
ROWS = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)


def make(path: Path, network: str = "LeNet", card: str = "# A model\n") -> Path:
    module = build(network, len(CLASSES), 1, 28, 28, seed=7).module
    recipe = TrainingRecipe(data="digits", network=network)
    return save_model(
        path, network={"name": network}, module=module, preprocessing=PREPROCESSING, classes=CLASSES,
        recipe=recipe, card=card,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["pets", "pets.model", "pets.zip", "a/b/pets.MODEL"])
@pytest.mark.parametrize("network", ["LeNet", "Dense128"])
def test_a_model_that_is_saved_comes_back(tmp_path: Path, name: str, network: str) -> None:
    model = load_model(make(tmp_path / name, network))
    assert model.classes == CLASSES
    assert model.preprocessing == PREPROCESSING
    assert model.network == network
    assert model.card == "# A model\n"
    assert model.recipe == TrainingRecipe(data="digits", network=network)
    fresh = build(network, 3, 1, 28, 28, seed=7).module.state_dict()
    assert all(torch.equal(tensor, fresh[key]) for key, tensor in model.module.state_dict().items())
    assert model.probabilities(ROWS).shape == (5, 3)
    assert [entry.name for entry in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_saving_what_was_loaded_gives_the_same_bytes(tmp_path: Path) -> None:
    make(tmp_path / "one.zip")
    save(load_model(tmp_path / "one.zip"), tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    save(load_model(tmp_path / "two.zip"), tmp_path / "three")
    save(load_model(tmp_path / "three"), tmp_path / "four.model")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "four.model").read_bytes()
