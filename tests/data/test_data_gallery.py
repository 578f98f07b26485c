"""Pictures outside a notebook: files that need nothing but Glasshouse."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.image_data import ImageData
from glasshouse.errors import InputError, RecipeError


@pytest.fixture
def data(tmp_path: Path) -> ImageData:
    images = np.random.default_rng(1).integers(0, 256, (24, 12, 16, 3), dtype=np.uint8)
    return ImageData.from_arrays(images, ["고양이", "a <dog>"] * 12, out=tmp_path / "data", twins=False)


def test_pictures_are_shown_and_written_with_their_labels(data: ImageData, tmp_path: Path) -> None:
    shown = data.show(5)
    drawing = ET.fromstring(shown.save(tmp_path / "x.svg").read_text(encoding="utf-8"))
    texts = [one.text for one in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(set(texts)) == ["a <dog>", "고양이"] and len(texts) == 5
    assert "http" not in (tmp_path / "x.svg").read_text(encoding="utf-8").replace("http://www.w3.org", "")
    with Image.open(shown.save(tmp_path / "x.png")) as image:
        assert image.size == (3 * 144, 2 * 174) and len(image.getcolors(1 << 20)) > 100
    with pytest.raises(InputError, match=r"written as .svg or .png, got x.jpg"):
        shown.save(tmp_path / "x.jpg")


def test_changes_are_those_that_a_training_shows(data: ImageData) -> None:
    plain, flipped = data.show(4), data.show_augmented({"vertical_flip": True}, 4)
    assert plain.labels == flipped.labels and plain.paths == flipped.paths
    for one, other in zip(plain.pictures, flipped.pictures):
        assert np.array_equal(one, other) or np.array_equal(one, other[::-1])
    one = data.show_augmented(n=6, row=3)
    assert len({picture.tobytes() for picture in one.pictures}) == 6 and len(set(one.paths)) == 1
    with pytest.raises(RecipeError, match=r"augmentation.rotatoin: no such field; did you mean rotation"):
        data.show_augmented({"rotatoin": 5})
