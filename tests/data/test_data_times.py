"""When a picture was taken."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.checking.times import dated as dated_by
from glasshouse.data.checking.times import exif_time, name_time, taken
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe
from pictures import jpeg_bytes, picture


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


def dated(text: str) -> bytes:
    exif = Image.Exif()
    exif[306] = text
    buffer = BytesIO()
    Image.fromarray(picture(1)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("IMG_20240131_101502.jpg", (2024, 1, 31, 10, 15, 2)),
        ("2019-07-05 scan.png", (2019, 7, 5)),
        ("a/2020/PXL_20210102.jpg", (2021, 1, 2)),
        ("20240131101502.jpg", (2024, 1, 31, 10, 15, 2)),
    ],
)
def test_dates_in_names(name: str, parts: tuple[int, ...]) -> None:
    assert name_time(name) == at(*parts)


@pytest.mark.parametrize("name", ["cat.12.jpg", "00003_00017.ppm", "20241399.jpg", "20240230.jpg", "120240131.jpg"])
def test_names_without_a_date(name: str) -> None:
    assert name_time(name) is None


def test_exif_comes_first_then_the_name_then_the_file() -> None:
    assert exif_time(dated("2023:05:06 07:08:09")) == at(2023, 5, 6, 7, 8, 9)
    assert taken("20200101.jpg", dated("2023:05:06 07:08:09"), 5.0) == at(2023, 5, 6, 7, 8, 9)
    assert taken("20200101.jpg", dated("no date at all"), 5.0) == at(2020, 1, 1)
    assert taken("x.jpg", jpeg_bytes(picture(1)), 5.0) == 5.0
    assert taken("x", np.zeros((2, 2)), None) is None
    assert exif_time(b"not a picture") is None


def test_what_the_order_of_time_rests_on_is_told(tmp_path: Path) -> None:
    assert dated_by("20200101.jpg", dated("2023:05:06 07:08:09"), 5.0)[1] == "exif"
    assert dated_by("20200101.jpg", jpeg_bytes(picture(1)), 5.0)[1] == "name"
    assert dated_by("x.jpg", jpeg_bytes(picture(1)), 5.0) == (5.0, "file")
    assert dated_by("x", np.zeros((2, 2)), None) == (None, "")
    for label in "ab":
        (tmp_path / "in" / label).mkdir(parents=True)
        for day in range(1, 9):
            (tmp_path / "in" / label / f"{day}.jpg").write_bytes(dated(f"2023:05:0{day} 07:08:09"))
    recipe = DatasetRecipe(source=str(tmp_path / "in"), width=8, height=8, split="time", twins=False)
    assert "times" not in {one.kind for one in create_dataset(recipe, tmp_path / "one").warnings}
    (tmp_path / "in" / "a" / "copied.jpg").write_bytes(jpeg_bytes(picture(5)))
    (told,) = [one.message for one in create_dataset(recipe, tmp_path / "two").warnings if one.kind == "times"]
    assert "the EXIF part (16), the time of the file (1)" in told
    assert "a/copied.jpg" in told
