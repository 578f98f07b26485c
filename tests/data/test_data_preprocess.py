"""What a network sees: the same bits from every kind of input, there and back through JSON and encodings."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.decoding.encoding import decode_encoded, encode
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import PictureError
from glasshouse.recipe import DatasetRecipe
from pictures import picture, png_bytes, save


@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_every_kind_of_input_gives_the_same_bits(encoding: str, color: str, tmp_path: Path) -> None:
    pixels = picture(2, 60, 44)
    path = save(tmp_path / "one.png", pixels)
    prepare = Preprocessing(33, 21, "crop", color, encoding, 80)
    expected = prepare(pixels)
    assert expected.shape == prepare.shape == (21, 33, prepare.channels)
    for source in (path, str(path), path.read_bytes(), Image.fromarray(pixels), Image.open(path)):
        np.testing.assert_array_equal(prepare(source), expected)


@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_stored_is_what_the_call_gives(encoding: str, channels: int) -> None:
    color = "gray" if channels == 1 else "rgb"
    prepare = Preprocessing(20, 24, "squash", color, encoding, 90)
    small = Preprocessing(20, 24, "squash", color).stored(picture(1, 50, 50, channels))
    stored = decode_encoded(prepare.encode(small), encoding, prepare.shape)
    np.testing.assert_array_equal(stored, prepare(picture(1, 50, 50, channels)))
    assert stored.shape == (24, 20, channels)
    if encoding != "jpeg":
        np.testing.assert_array_equal(stored, small)


def test_jpeg_is_near_and_quality_counts() -> None:
    pixels = picture(7, 64, 64)
    high, low = encode(pixels, "jpeg", 95), encode(pixels, "jpeg", 20)
    assert len(low) < len(high) < pixels.nbytes
    assert np.abs(decode_encoded(high, "jpeg", pixels.shape).astype(int) - pixels).mean() < 3


def test_there_and_back_through_json() -> None:
    prepare = Preprocessing(20, 24, "pad", "gray", "jpeg", 75, (0.5,), (0.25,))
    assert Preprocessing.from_dict(json.loads(json.dumps(prepare.to_dict()))) == prepare


def test_from_a_recipe() -> None:
    recipe = DatasetRecipe(source="x", width=30, height=20, color="gray", resize="half-crop", encoding="png")
    prepare = Preprocessing.from_recipe(recipe)
    assert (prepare.shape, prepare.mean, prepare.std) == ((20, 30, 1), (0.0,), (1.0,))
    assert Preprocessing.from_recipe(recipe, [0.1], [0.2]).mean == (0.1,)


@pytest.mark.parametrize(("data", "encoding"), [(b"", "raw"), (b"xx", "png"), (b"\xff\xd8", "jpeg"), (b"abc", "raw")])
def test_damaged_rows_are_told(data: bytes, encoding: str) -> None:
    with pytest.raises(PictureError, match="damaged"):
        decode_encoded(data, encoding, (4, 4, 3))


def test_a_row_of_another_shape_is_told() -> None:
    with pytest.raises(PictureError, match="shape"):
        decode_encoded(png_bytes(picture(0)), "png", (4, 4, 3))


def test_unknown_encoding() -> None:
    with pytest.raises(ValueError, match="raw, png, jpeg"):
        encode(picture(0), "gif", 90)
