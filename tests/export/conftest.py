"""A small dataset of pictures of many kinds, and a model for it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.export.bundle import save_model
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe


def draw(seed: int, height: int = 30, width: int = 40) -> NDArray[np.uint8]:
    """Return soft random colours, (H, W, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of class folders: JPEG and PNG, upright and turned by EXIF, colour, grey and alpha."""
    root = tmp_path_factory.mktemp("pictures")
    for k, name in enumerate(("<b>c<", "고양이", "dog")):  # a slash is no part of a folder's name
        (root / name).mkdir()
        for n in range(16):
            image = Image.fromarray(draw(100 * k + n, 30 + n, 60 - n))
            exif = Image.Exif()
            exif[0x0112] = 1 + n % 8
            path = root / name / f"{n:02}.{'jpg' if n % 2 else 'png'}"
            image.convert("RGBA" if n % 4 == 2 else "RGB" if n % 4 else "L").save(path, exif=exif, quality=85)
    return root


@pytest.fixture(scope="session")
def dataset(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The pictures of ``folder`` at 24x20 in colour, with all three splits."""
    out = tmp_path_factory.mktemp("data") / "set"
    return ImageData.from_folder(folder, size=(24, 20), valid=0.25, test=0.25, resize="crop", out=out).dataset


@pytest.fixture(scope="session")
def model_path(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with a model of LeNet, whose weights are fresh."""
    run = tmp_path_factory.mktemp("runs") / "run"
    recipe = TrainingRecipe(data=str(dataset.path), fingerprint=dataset.fingerprint, network="LeNet")
    module = build("LeNet", 3, 3, 24, 20, seed=3).module
    (run / "model").parent.mkdir()
    (run / "run.json").write_text("{}")
    save_model(
        run / "model", network={"name": "LeNet"}, module=module, preprocessing=dataset.preprocessing,
        classes=dataset.classes, recipe=recipe, card="# Card\n",
    )  # fmt: skip
    return run
