"""Real photos and a real network: a file's answer is that of its row in the dataset, to the last bit."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.image_data import ImageData
from glasshouse.export.bundle import load_model, save_model
from glasshouse.networks.build import build
from glasshouse.networks.weights import load_weights

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
PHOTOS, WEIGHTS = SHARED / "data" / "dogs-vs-cats" / "val", SHARED / "weights" / "mobilenet_v2.safetensors"


@pytest.mark.real
@pytest.mark.skipif(not (PHOTOS.is_dir() and WEIGHTS.is_file()), reason="../shared has no photos or weights")
def test_photos_have_the_same_bits_as_files_alone_and_as_rows(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for photo in sorted((PHOTOS / name).iterdir())[:6]:
            shutil.copy(photo, tmp_path / "photos" / name)
    data = ImageData.from_folder(tmp_path / "photos", valid=0.5, twins=False, out=tmp_path / "data").dataset
    built = build("MobileNetV2", 2, 3, 224, 224)
    load_weights(built, str(WEIGHTS))
    path = save_model(tmp_path / "m.zip", network={"name": "MobileNetV2"}, module=built.module,
                      preprocessing=data.preprocessing, classes=data.classes)  # fmt: skip
    model, val = load_model(path, device="cpu"), data.splits["val"]
    expected = model.probabilities(val.rows(np.arange(len(val))))
    files = [tmp_path / "photos" / name for name in val.paths]
    for found, row in zip(model.predict(files), expected, strict=True):
        assert dict(found.top) == dict(zip(data.classes, row.tolist()))
    alone = model.predict(files[3].read_bytes())
    assert dict(alone.top) == dict(zip(data.classes, expected[3].tolist()))
