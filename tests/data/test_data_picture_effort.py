"""What would take out of all proportion long is refused before it is decoded, with what there is too much of."""

import gzip
import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.decoding import effort
from glasshouse.data.decoding import picture as picture_module
from glasshouse.data.decoding.effort import check_effort, tiff_entries
from glasshouse.data.decoding.picture import decode
from glasshouse.errors import PictureError
from mutated_pictures import whole_pictures
from pictures import jpeg_bytes, picture


def progressive(width: int, height: int, more: int) -> bytes:
    """Return a progressive JPEG whose last scan stands in it ``more`` times again."""
    buffer = io.BytesIO()
    Image.new("L", (width, height), 90).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    starts = [found.start() for found in re.finditer(rb"\xff\xda", data)]
    tables = data.rfind(b"\xff\xc4", 0, starts[-1])
    return data[:-2] + data[max(tables, starts[-2] + 2) : -2] * more + b"\xff\xd9"


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(chunks: int) -> bytes:
    whole = whole_pictures()["png rgb"]
    return whole[:33] + chunk(b"teSt") * chunks + whole[33:]


def gif_of(blocks: int) -> bytes:
    whole = whole_pictures()["gif"]
    at = 13 + 3 * 2 ** ((whole[10] & 7) + 1)
    return whole[:at] + b"\x21\xfe" + (b"\xff" + b"a" * 255) * blocks + b"\0" + whole[at:]


def tiles(side: int, tile: int, order: str = "<", big: bool = False) -> bytes:
    """Return a grey TIFF of ``side`` x ``side`` pixels in square tiles that all are the same bytes."""
    count, width = (-(-side // tile)) ** 2, 8 if big else 4
    first = (16 + 8 + 20 * 10 + 8) if big else (8 + 2 + 12 * 10 + 4)
    entries = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (277, 1), (322, tile), (323, tile)]
    rows = [(tag, 1, value) for tag, value in entries]
    rows += [(324, count, first), (325, count, first + width * count)]
    kind, letter = (16, "Q") if big else (4, "I")
    mark = {"<": b"II", ">": b"MM"}[order]
    if big:
        head = mark + struct.pack(f"{order}HHHQQ", 43, 8, 0, 16, len(rows))
    else:
        head = mark + struct.pack(f"{order}HIH", 42, 8, len(rows))
    body = b"".join(struct.pack(f"{order}HH{letter}{letter}", tag, kind, n, value) for tag, n, value in rows)
    place = first + 2 * width * count
    offsets = struct.pack(f"{order}{count}{letter}", *[place] * count)
    sizes = struct.pack(f"{order}{count}{letter}", *[tile * tile] * count)
    return head + body + bytes(width) + offsets + sizes + b"\x55" * tile * tile


def test_scans_of_a_jpeg_are_counted_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module, "decode_plain_jpeg", lambda *_: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=r"a JPEG of more than 31 scans for 16,000,000 pixels, each of which"):
        decode(progressive(4000, 4000, 300))
    with pytest.raises(PictureError, match="more than 30 scans"):
        decode(progressive(4100, 4100, 40))


def test_a_small_jpeg_may_have_many_scans_and_a_large_one_the_usual_ten() -> None:
    assert decode(progressive(40, 30, 400), "gray").shape == (30, 40, 1)
    check_effort(progressive(3000, 3000, 0))
    buffer = io.BytesIO()
    Image.fromarray(picture(0, 600, 400)).save(buffer, "JPEG", progressive=True)
    assert decode(buffer.getvalue()).shape == (400, 600, 3)


def test_a_thumbnail_within_a_jpeg_is_no_scan() -> None:
    inner = progressive(40, 30, 1200)
    data = jpeg_bytes(picture(0, 300, 200))
    check_effort(data[:2] + b"\xff\xe1" + struct.pack(">H", len(inner[:60_000]) + 2) + inner[:60_000] + data[2:])


@pytest.mark.parametrize("name", ["jpeg plain", "jpeg restart", "jpeg progressive", "jpeg cmyk", "mpo"])
def test_ordinary_jpegs_pass(name: str) -> None:
    check_effort(whole_pictures()[name])


def test_pieces_are_counted() -> None:
    segments = jpeg_bytes(picture(0))
    for data, what in [
        (segments[:2] + b"\xff\xef\0\2" * 200_001 + segments[2:], "a JPEG in 200,001 or more segments"),
        (png_of(200_001), "a PNG in 200,001 or more chunks"),
        (gif_of(17_000), "a GIF with more than 4,194,304 bytes before its picture"),
        (tiles(450, 1), "a TIFF in 202,500 or more strips or tiles"),
        (tiles(450, 1, ">"), "a TIFF in 202,500 or more strips or tiles"),
        (tiles(450, 1, "<", big=True), "a TIFF in 202,500 or more strips or tiles"),
    ]:
        with pytest.raises(PictureError, match=what):
            decode(data)


@pytest.mark.parametrize("data", [png_of(50), gif_of(50), tiles(64, 16), tiles(64, 16, ">"), tiles(64, 16, big=True)])
def test_a_usual_number_of_pieces_is_read(data: bytes) -> None:
    assert decode(data).shape[2] == 3


@pytest.mark.parametrize("data", [b"", b"II", b"II*\0", b"MM\0*\xff\xff\xff\xff" + bytes(20), b"II+\0" + b"\xff" * 40])
def test_half_a_directory_has_no_entries(data: bytes) -> None:
    assert tiff_entries(data) == []


def test_what_is_decoded_slowly_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = whole_pictures()
    for name in ("qoi", "ppm text"):
        decode(whole[name])
    monkeypatch.setattr(effort, "_SLOW_BYTES", 40)
    for name, told in (("qoi", "QOI"), ("ppm text", "a plain text PPM")):
        with pytest.raises(PictureError, match=f"bytes of {told}, which is decoded slowly: the limit is 40; save it"):
            decode(whole[name])


def test_compressed_fits_is_not_unpacked_without_a_limit() -> None:
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0",
             "ZCMPTYPE= 'GZIP_1  '", "END"]  # fmt: skip
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    with pytest.raises(PictureError, match="a compressed FITS picture"):
        decode(head + gzip.compress(bytes(10**6)))


def test_text_and_profiles_that_unpack_to_much_are_refused() -> None:
    whole = whole_pictures()["png rgb"]
    bomb = zlib.compress(bytes(80 * 2**20))
    for kind, begin in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        try:
            assert decode(whole[:33] + chunk(kind, begin + bomb) + whole[33:]).shape == (18, 24, 3)
        except PictureError as error:
            assert str(error)


def test_the_first_frame_alone_is_decoded() -> None:
    frame = Image.fromarray(picture(0))
    for name in ("GIF", "WEBP", "TIFF", "PNG"):
        buffer = io.BytesIO()
        frame.save(buffer, name, save_all=True, append_images=[Image.fromarray(picture(k)) for k in range(1, 30)])
        np.testing.assert_allclose(decode(buffer.getvalue()).astype(int), picture(0), atol=90)
