"""Decoding: every format and mode to the right colours, every bad picture to its reason."""

import struct
import threading
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glasshouse.data.decoding.picture import decode
from glasshouse.data.sources.lookup import ENDINGS
from glasshouse.errors import PictureError
from pictures import jpeg_bytes, picture, png_bytes, truncated_jpeg

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def saved(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def plain(mode: str, colour: object) -> Image.Image:
    return Image.new(mode, (8, 6), colour)  # type: ignore[arg-type]


def palette(transparent: bool) -> Image.Image:
    image = Image.new("P", (8, 6), 1)
    image.putpalette([0, 0, 255, 255, 0, 0])
    if transparent:
        image.info["transparency"] = 1
    return image


def palette_alpha() -> Image.Image:
    image = palette(False)
    image.info["transparency"] = bytes([255, 0])
    return image


BATTERY: dict[str, tuple[bytes, tuple[int, int, int], int]] = {  # name: bytes, colour, how far off it may be
    "jpeg": (saved(plain("RGB", RED), "JPEG"), RED, 2),
    "jpeg-progressive": (saved(plain("RGB", RED), "JPEG", progressive=True), RED, 2),
    "jpeg-gray": (saved(plain("L", 90), "JPEG"), (90, 90, 90), 1),
    "jpeg-cmyk": (saved(plain("CMYK", (0, 255, 255, 0)), "JPEG"), RED, 3),
    "jpeg-rgb": (saved(plain("RGB", RED), "JPEG", keep_rgb=True), RED, 2),
    "png": (saved(plain("RGB", RED), "PNG"), RED, 0),
    "png-1": (saved(plain("1", 1), "PNG"), WHITE, 0),
    "png-l": (saved(plain("L", 90), "PNG"), (90, 90, 90), 0),
    "png-la": (saved(plain("LA", (0, 0)), "PNG"), WHITE, 0),
    "png-la-half": (saved(plain("LA", (0, 128)), "PNG"), (127, 127, 127), 1),
    "png-rgba": (saved(plain("RGBA", (255, 0, 0, 255)), "PNG"), RED, 0),
    "png-rgba-clear": (saved(plain("RGBA", (255, 0, 0, 0)), "PNG"), WHITE, 0),
    "png-rgb-trns": (saved(plain("RGB", RED), "PNG", transparency=RED), WHITE, 0),
    "png-l-trns": (saved(plain("L", 7), "PNG", transparency=7), WHITE, 0),
    "png-p": (saved(palette(False), "PNG"), RED, 0),
    "png-p-clear": (saved(palette(True), "PNG"), WHITE, 0),
    "png-p-alpha": (saved(palette_alpha(), "PNG"), WHITE, 0),
    "png-16": (saved(Image.fromarray(np.full((6, 8), 32896, np.uint16)), "PNG"), (128, 128, 128), 0),
    "gif": (saved(palette(False), "GIF"), RED, 0),
    "gif-animated": (
        saved(plain("RGB", RED), "GIF", save_all=True, append_images=[plain("RGB", BLACK)]), RED, 0,
    ),
    "webp": (saved(plain("RGB", RED), "WEBP", lossless=True), RED, 0),
    "webp-alpha": (saved(plain("RGBA", (255, 0, 0, 0)), "WEBP", lossless=True), WHITE, 0),
    "webp-animated": (
        saved(plain("RGB", RED), "WEBP", lossless=True, save_all=True, append_images=[plain("RGB", BLACK)]), RED, 0,
    ),
    "avif": (saved(plain("RGB", RED), "AVIF", quality=100), RED, 4),
    "bmp": (saved(plain("RGB", RED), "BMP"), RED, 0),
    "ppm": (saved(plain("RGB", RED), "PPM"), RED, 0),
    "pgm": (saved(plain("L", 90), "PPM"), (90, 90, 90), 0),
    "pgm-16": (b"P5\n8 6\n65535\n" + struct.pack(">48H", *[65535] * 48), WHITE, 0),
    "ico": (saved(plain("RGBA", (255, 0, 0, 255)), "ICO", sizes=[(8, 6)]), RED, 0),
    "tga": (saved(plain("RGB", RED), "TGA"), RED, 0),
    "jpeg2000": (saved(plain("RGB", RED), "JPEG2000"), RED, 0),
    "tiff": (saved(plain("RGB", RED), "TIFF"), RED, 0),
    "tiff-lzw": (saved(plain("RGB", RED), "TIFF", compression="tiff_lzw"), RED, 0),
    "tiff-cmyk": (saved(plain("CMYK", (0, 255, 255, 0)), "TIFF"), RED, 0),
    "tiff-ycbcr": (saved(plain("YCbCr", (76, 85, 255)), "TIFF"), RED, 3),
    "tiff-lab": (saved(plain("LAB", (255, 128, 128)), "TIFF"), WHITE, 2),
    "tiff-16": (saved(Image.fromarray(np.full((6, 8), 65535, np.uint16)), "TIFF"), WHITE, 0),
    "tiff-12-of-16": (saved(Image.fromarray(np.full((6, 8), 4095, np.uint16)), "TIFF"), WHITE, 0),
    "tiff-float": (saved(Image.fromarray(np.full((6, 8), 0.5, np.float32)), "TIFF"), (128, 128, 128), 0),
    "tiff-animated": (saved(plain("RGB", RED), "TIFF", save_all=True, append_images=[plain("RGB", BLACK)]), RED, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", BATTERY)
def test_every_format_and_mode_gives_its_colour(name: str) -> None:
    data, colour, off = BATTERY[name]
    decoded = decode(data, "rgb")
    assert decoded.shape == (6, 8, 3)
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    assert np.abs(decoded.astype(int) - colour).max() <= off


@pytest.mark.parametrize("name", BATTERY)
def test_grey_is_pillows_l_of_the_colours(name: str) -> None:
    data = BATTERY[name][0]
    expected = np.asarray(Image.fromarray(decode(data, "rgb")).convert("L"))[..., None]
    np.testing.assert_array_equal(decode(data, "gray"), expected)


MODES = "1 L LA La P PA RGB RGBA RGBX RGBa CMYK YCbCr HSV LAB I F I;16 I;16B I;16L"


@pytest.mark.parametrize("mode", MODES.split())
def test_every_mode_of_a_pillow_image(mode: str) -> None:
    assert decode(Image.new(mode, (8, 6)), "rgb").shape == (6, 8, 3)
    assert decode(Image.new(mode, (8, 6)), "gray").shape == (6, 8, 1)


def test_jpeg_has_the_pixels_that_pillow_gives() -> None:
    for seed, width, height in ((1, 61, 47), (2, 16, 16), (3, 200, 9)):
        data = jpeg_bytes(picture(seed, width, height))
        np.testing.assert_array_equal(decode(data), np.asarray(Image.open(BytesIO(data))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "CMYK"])
def test_exif_orientation_is_applied(orientation: int, name: str) -> None:
    upright = Image.fromarray(picture(5, 24, 16))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that makes the stored picture
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = stored.convert("CMYK") if name == "CMYK" else stored
    options = {"quality": 100, "subsampling": 0} if name in ("JPEG", "CMYK") else {}
    options |= {"lossless": True} if name == "WEBP" else {}
    data = saved(stored, "JPEG" if name == "CMYK" else name, exif=exif, **options)
    decoded = decode(data)
    assert decoded.shape == (16, 24, 3)
    assert np.abs(decoded.astype(int) - np.asarray(upright)).max() <= 6


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\xff\xff\xff\xff", b"rubbish" * 9])
def test_damaged_exif_turns_nothing(exif: bytes) -> None:
    body = b"Exif\0\0" + exif
    plain_jpeg = jpeg_bytes(picture(1))
    data = plain_jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain_jpeg[2:]
    np.testing.assert_array_equal(decode(data), decode(plain_jpeg))


def reversed_half(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:half] + data[half:][::-1]


BAD: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"", "zero bytes"),
    "text": (b"This is a README, not a picture.\n" * 20, "not a picture"),
    "html": (b"<html><body>404 Not Found</body></html>", "not a picture"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not a picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    "zeros": (bytes(5000), "not a picture"),
    "half a jpeg": (truncated_jpeg(), "truncated"),
    "jpeg without its end": (jpeg_bytes(picture(0))[:-2], "truncated"),
    "half a jpeg with an end": (truncated_jpeg() + b"\xff\xd9", "damaged"),
    "half a jpeg reversed": (reversed_half(jpeg_bytes(picture(0, 200, 200))), "damaged"),
    "jpeg head": (jpeg_bytes(picture(0))[:30], "damaged|truncated"),
    "jpeg magic": (b"\xff\xd8\xff", "damaged: it begins as JPEG"),
    "half a png": (png_bytes(picture(0))[:300], "truncated"),
    "png with a wrong byte": (png_bytes(picture(0))[:200] + b"\0\0\0\0" + png_bytes(picture(0))[204:], "damaged"),
    "half a webp": (saved(plain("RGB", RED), "WEBP")[:40], "damaged"),
    "half a gif": (saved(Image.fromarray(picture(0)), "GIF")[:900], "truncated|damaged"),
    "half a tiff": (
        saved(Image.fromarray(picture(0)), "TIFF", compression="tiff_lzw")[:-400],
        "damaged",
    ),
    "half a cmyk jpeg": (saved(Image.fromarray(picture(0, 90, 90)).convert("CMYK"), "JPEG")[:1500], "truncated"),
    "a bomb": (saved(Image.new("1", (20_000, 20_000)), "PNG"), "400,000,000 pixels, the limit is 100,000,000"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_tell_why(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(PictureError, match=reason):
        decode(data)


FORMATS = {"JPEG": {}, "PNG": {}, "GIF": {}, "WEBP": {}, "AVIF": {}, "BMP": {}, "PPM": {}, "TGA": {}, "TIFF": {},
           "JPEG2000": {}, "progressive": {"progressive": True}, "lzw": {"compression": "tiff_lzw"}}  # fmt: skip


def test_every_format_has_an_ending_that_tables_and_lists_may_leave_out() -> None:
    Image.init()
    known = {kind for ending, kind in Image.registered_extensions().items() if ending in ENDINGS}
    assert {name for name in FORMATS if name.isupper()} - known == set()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_no_format_gives_half_a_picture(name: str, part: float) -> None:
    kind = {"progressive": "JPEG", "lzw": "TIFF"}.get(name, name)
    whole = saved(Image.fromarray(picture(3, 120, 90)), kind, **FORMATS[name])
    assert decode(whole).shape == (90, 120, 3)
    with pytest.raises(PictureError, match=r"truncated|damaged"):
        decode(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("thing", [None, 3, [[1]], object()])
def test_other_things_are_no_pictures(thing: object) -> None:
    with pytest.raises(PictureError, match="expected a path, bytes, a Pillow image or an array"):
        decode(thing)  # type: ignore[arg-type]


def test_bytes_of_any_kind() -> None:
    data = jpeg_bytes(picture(0))
    np.testing.assert_array_equal(decode(bytearray(data)), decode(data))  # type: ignore[arg-type]
    np.testing.assert_array_equal(decode(memoryview(data)), decode(data))  # type: ignore[arg-type]


def test_leftover_bytes_of_a_whole_jpeg_do_no_harm() -> None:
    data = jpeg_bytes(picture(0))
    np.testing.assert_array_equal(decode(data[:-2] + b"\x12\x34\x56" + data[-2:]), decode(data))
    np.testing.assert_array_equal(decode(data + b"trailer" * 50), decode(data))


@pytest.mark.parametrize("data", [jpeg_bytes(picture(0)), png_bytes(picture(0))], ids=["jpeg", "png"])
def test_pixel_limit_tells_both_numbers(data: bytes) -> None:
    assert decode(data, "rgb", 1200).shape == (30, 40, 3)
    with pytest.raises(PictureError, match="40 x 30 = 1,200 pixels, the limit is 1,199"):
        decode(data, "rgb", 1199)
    with pytest.raises(PictureError, match="the limit is 1,199"):
        decode(picture(0), "rgb", 1199)
    with pytest.raises(PictureError, match="the limit is 1,199"):
        decode(Image.fromarray(picture(0)), "rgb", 1199)


def test_a_limit_above_pillows_own_is_told() -> None:
    large = saved(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(PictureError, match="other than in JPEG, at most 178,956,970 can be read"):
        decode(large, "gray", 10**9)


def test_header_of_a_bomb_is_enough() -> None:
    data = bytearray(jpeg_bytes(picture(0)))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65000, 65000)
    with pytest.raises(PictureError, match="4,225,000,000 pixels"):
        decode(bytes(data))


def test_paths(tmp_path: Path) -> None:
    path = tmp_path / "그림 1.jpg"
    path.write_bytes(jpeg_bytes(picture(0)))
    np.testing.assert_array_equal(decode(path), decode(str(path)))
    with pytest.raises(PictureError, match="no such file"):
        decode(tmp_path / "nope.jpg")
    with pytest.raises(PictureError, match="folder"):
        decode(tmp_path)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 3), 7, np.uint8), 7),
        (np.full((2, 3, 1), 7, np.uint8), 7),
        (np.full((2, 3, 3), 7, np.uint8), 7),
        (np.full((2, 3), True), 255),
        (np.full((2, 3), 65535, np.uint16), 255),
        (np.full((2, 3), 4095, np.uint16), 255),
        (np.full((2, 3), 257 * 16, np.uint16), 16),
        (np.full((2, 3), 200, np.int64), 200),
        (np.full((2, 3), 200, np.uint16), 200),
        (np.full((2, 3), 0.5, np.float32), 128),
        (np.full((2, 3), 200.0, np.float64), 200),
        (np.full((2, 3), 0.25, np.float16), 64),
        (np.array([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]), None),
        (np.array([[np.nan, 0.0, 1.0], [np.inf, 0.0, 1.0]]), None),
        (np.array([[-5, 0, 5]], np.int32), None),
    ],
    ids=str,
)
def test_arrays(array: np.ndarray, expected: int | None) -> None:
    decoded = decode(array)
    assert decoded.shape == (*array.shape[:2], 3)
    if expected is not None:
        assert (decoded == expected).all()
    else:
        assert decoded.min() == 0
        assert decoded.max() == 255


def test_arrays_with_alpha_lie_on_white() -> None:
    assert (decode(np.zeros((2, 3, 4), np.uint8)) == 255).all()
    assert (decode(np.zeros((2, 3, 2), np.uint8)) == 255).all()
    half = np.concatenate([np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 1), 128, np.uint8)], axis=2)
    assert (np.abs(decode(half).astype(int) - 127) <= 1).all()


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros((0, 4)), np.zeros((2, 3, 5)), np.zeros((1, 2, 3, 4)), np.array("x"),
     np.zeros((2, 3), complex), np.full((2, 3), np.nan)],
    ids=["1d", "empty", "5 channels", "4d", "text", "complex", "nan"],
)  # fmt: skip
def test_bad_arrays_tell_why(array: np.ndarray) -> None:
    with pytest.raises(PictureError):
        decode(array)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["rgb", "gray"]))
def test_random_bytes_never_raise_anything_else(data: bytes, color: str) -> None:
    for head in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"II*\0", b"BM"):
        try:
            decode(head + data, color, 10_000)
        except PictureError as error:
            assert str(error)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([n for n in BATTERY if n != "pgm-16"]), st.integers(0, 10**6), st.integers(0, 255))
def test_one_wrong_byte_is_a_picture_or_a_reason(name: str, place: int, value: int) -> None:
    data = bytearray(BATTERY[name][0])
    data[place % len(data)] = value
    try:
        assert decode(bytes(data), "rgb", 10_000).shape[2] == 3
    except PictureError as error:
        assert str(error)


def test_pillow_warnings_stay_inside_and_filters_return() -> None:
    before = list(warnings.filters)
    large = saved(Image.new("1", (9500, 9500)), "PNG")  # above Pillow's limit for a warning
    with pytest.raises(PictureError, match="limit"):
        decode(large, "gray", 1000)
    failures: list[BaseException] = []

    def work() -> None:
        for _ in range(20):
            try:
                decode(BATTERY["png-p-alpha"][0])
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert list(warnings.filters) == before
    assert Image.MAX_IMAGE_PIXELS == 89478485


@pytest.mark.real
def test_photos_have_the_pixels_that_pillow_gives() -> None:
    folder = SHARED / "data" / "dogs-vs-cats" / "train"
    if not folder.is_dir():
        pytest.skip("the shared pictures are missing")
    for path in sorted(folder.rglob("*.jpg"))[::100]:
        with Image.open(path) as image:
            np.testing.assert_array_equal(decode(path), np.asarray(image.convert("RGB")))
