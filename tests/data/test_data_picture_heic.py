"""HEIC, as iPhones take photos: read as every other picture is, turned once, bounded, with its time."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.checking.times import taken
from glasshouse.data.decoding.heif import is_heif
from glasshouse.data.decoding.picture import decode, decode_as_stored
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import PictureError
from glasshouse.recipe import DatasetRecipe

HEIC = Path(__file__).parent / "heic"
RED, BLUE, DARK_RED, DARK_BLUE = (255, 0, 0), (0, 0, 255), (127, 0, 0), (0, 0, 127)


def heic(name: str) -> bytes:
    return (HEIC / f"{name}.heic").read_bytes()


def corners(picture: np.ndarray) -> list[tuple[int, ...]]:
    """Return the colours at the top left, top right, bottom left and bottom right, rounded."""
    return [tuple(np.rint(picture[y, x] / 127.5).astype(int).tolist()) for y in (0, -1) for x in (0, -1)]


UPRIGHT = [(1, 0, 0), (0, 0, 1), (2, 0, 0), (0, 0, 2)]  # dark red, dark blue; red, blue


@pytest.mark.parametrize("name", ["plain", "several", "ten-bit"])
def test_the_primary_picture_is_read(name: str) -> None:
    decoded = decode(heic(name))
    assert decoded.shape == (16, 32, 3)
    assert decoded.dtype == np.uint8
    assert corners(decoded) == UPRIGHT


def test_it_is_turned_once() -> None:
    turned = decode(heic("turned"))  # the container turns it, and its EXIF part says so too
    assert turned.shape == (32, 16, 3)
    assert corners(turned) == [UPRIGHT[2], UPRIGHT[0], UPRIGHT[3], UPRIGHT[1]]
    np.testing.assert_array_equal(decode_as_stored(heic("turned")), turned)


def test_grey_and_alpha() -> None:
    assert (np.abs(decode(heic("gray")).astype(int) - 90) <= 1).all()
    assert decode(heic("gray"), "gray").shape == (16, 32, 1)
    assert (decode(heic("alpha")) == 255).all()


def test_pixels_are_counted_before_they_are_decoded() -> None:
    with pytest.raises(PictureError, match="32 x 16 = 512 pixels, the limit is 511"):
        decode(heic("plain"), pixel_limit=511)
    large = bytearray(heic("plain"))
    at = large.index(b"ispe") + 8
    large[at : at + 8] = (65_000).to_bytes(4, "big") * 2
    with pytest.raises(PictureError, match=r"4,225,000,000 pixels|damaged: it begins as HEIC"):
        decode(bytes(large))


@pytest.mark.parametrize("name", ["plain", "turned", "alpha", "gray", "several", "ten-bit"])
@pytest.mark.parametrize("part", [0.02, 0.2, 0.6, 0.98])
def test_half_of_it_is_damaged(name: str, part: float) -> None:
    whole = heic(name)
    with pytest.raises(PictureError, match=r"damaged: it begins as HEIC|not a picture"):
        decode(whole[: int(len(whole) * part)])


def test_brands() -> None:
    def box(*brands: bytes) -> bytes:
        return (8 + 4 * len(brands) + 4).to_bytes(4, "big") + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])

    assert is_heif(box(b"heic", b"mif1"))
    assert is_heif(box(b"mif1", b"heic"))
    assert is_heif(box(b"mif1"))
    assert not is_heif(box(b"avif", b"mif1"))
    assert not is_heif(box(b"mif1", b"avif", b"miaf"))
    assert not is_heif(box(b"isom", b"avc1"))


def test_its_time_is_that_of_its_exif_part() -> None:
    assert taken("a.heic", heic("turned"), 5.0) == datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    assert taken("a.heic", heic("plain"), 5.0) == 5.0
    assert taken("a.heic", heic("turned")[:100], 5.0) == 5.0


def test_datasets_and_predictions_take_it(tmp_path: Path) -> None:
    for label, names in {"one": ("plain", "turned", "several"), "two": ("gray", "alpha", "ten-bit")}.items():
        (tmp_path / "photos" / label).mkdir(parents=True)
        for name in names:
            (tmp_path / "photos" / label / f"{name}.HEIC").write_bytes(heic(name))
    recipe = DatasetRecipe(source=str(tmp_path / "photos"), width=16, height=16, twins=False, valid=0)
    dataset = create_dataset(recipe, tmp_path / "out")
    assert dataset.rejected == ()
    rows = dict(zip(dataset.splits["train"].paths, dataset.splits["train"].rows(np.arange(6))))
    for path, row in rows.items():
        np.testing.assert_array_equal(Preprocessing(16, 16)(tmp_path / "photos" / path), row)


def test_it_is_loaded_only_when_needed() -> None:
    code = "import sys, glasshouse.data.decoding.picture as p; print('pi_heif' in sys.modules); p.decode(sys.argv[1])"
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}; print('pi_heif' in sys.modules)", str(HEIC / "plain.heic")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.findall(r"\w+", shown.stdout) == ["False", "True"]
    assert shown.stderr == ""
