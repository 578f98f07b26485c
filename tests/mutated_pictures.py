"""Small pictures of every format that is read, and what damage makes of them: the same ones for the same seed.

``python benchmarks/mutated_pictures.py`` reads many more of them than the tests, and prints counts.
"""

import random
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["WAYS", "broken", "whole_pictures"]

WIDTH, HEIGHT = 24, 18
HEIC = Path(__file__).resolve().parent / "data" / "heic"


@cache
def whole_pictures() -> dict[str, bytes]:
    """Return small pictures by name, each of another format, mode or packing; all can be read."""
    rgb = Image.fromarray(_field(0))
    modes = {mode: rgb.convert(mode) for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr")}
    deep = Image.fromarray((_field(1)[..., 0].astype(np.uint16)) * 257)
    floats = Image.fromarray(_field(2)[..., 0].astype(np.float32) / 255)
    found = {
        **{f"jpeg {name}": _saved(rgb, "JPEG", **options) for name, options in _JPEG.items()},
        "jpeg l": _saved(modes["L"], "JPEG"),
        "jpeg cmyk": _saved(modes["CMYK"], "JPEG"),
        "jpeg exif": _saved(rgb, "JPEG", exif=_exif()),
        **{f"png {mode}": _saved(modes[mode], "PNG") for mode in ("1", "L", "LA", "P", "RGBA")},
        "png rgb": _saved(rgb, "PNG"),
        "png 16": _saved(deep, "PNG"),
        "png interlaced": _interlaced(),
        "png apng": _saved(rgb, "PNG", save_all=True, append_images=[modes["L"].convert("RGB")]),
        "gif": _saved(modes["P"], "GIF"),
        "gif animated": _saved(modes["P"], "GIF", save_all=True, append_images=[modes["L"]]),
        "webp": _saved(rgb, "WEBP"),
        "webp lossless": _saved(modes["RGBA"], "WEBP", lossless=True),
        "webp animated": _saved(rgb, "WEBP", save_all=True, append_images=[modes["RGBA"].convert("RGB").rotate(180)]),
        "avif": _saved(rgb, "AVIF", speed=10),
        **{f"tiff {name}": _saved(rgb, "TIFF", compression=name) for name in _TIFF},
        **{f"tiff {name}": _saved(modes["1"], "TIFF", compression=name) for name in ("group3", "group4")},
        "tiff cmyk": _saved(modes["CMYK"], "TIFF"),
        "tiff 16": _saved(deep, "TIFF"),
        "tiff float": _saved(floats, "TIFF"),
        "tiff pages": _saved(rgb, "TIFF", save_all=True, append_images=[rgb.rotate(180)]),
        "tiff big": _saved(rgb, "TIFF", big_tiff=True),
        "mpo": _saved(rgb, "MPO", save_all=True, append_images=[rgb]),
        **{f"{name.lower()}": _saved(rgb, name) for name in _PLAIN},
        "pbm": _saved(modes["1"], "PPM"),
        "pgm 16": b"P5\n24 18\n65535\n" + struct.pack(">432H", *range(432)),
        "ppm text": b"P3\n4 3\n255\n" + b" ".join(str(n).encode() for n in range(36)),
        "ico": _saved(modes["RGBA"], "ICO", sizes=[(16, 16)]),
        "icns": _saved(modes["RGBA"].resize((16, 16)), "ICNS"),
        "xbm": _saved(modes["1"], "XBM"),
        "msp": _saved(modes["1"], "MSP"),
        "pfm": _saved(floats, "PPM"),
        "dds dxt1": _saved(rgb, "DDS", pixel_format="DXT1"),
        "psd": _psd(),
        "fits": _fits(),
    }
    return {**found, **{f"heic {file.stem}": file.read_bytes() for file in sorted(HEIC.glob("*.heic"))}}


_JPEG: dict[str, dict[str, object]] = {
    "plain": {},
    "progressive": {"progressive": True},
    "rgb": {"keep_rgb": True},
    "444": {"subsampling": 0},
    "restart": {"restart_marker_rows": 1},
}
_TIFF = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma")
_PLAIN = ("BMP", "DIB", "PPM", "TGA", "JPEG2000", "PCX", "SGI", "IM", "QOI", "DDS")


def _field(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def _saved(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some formats are old
        image.save(buffer, name, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[36867] = "2023:05:06 07:08:09"
    return exif


def _interlaced() -> bytes:
    """Return a grey PNG of 8 x 8 in Adam7's seven passes."""
    passes = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)]  # rows, columns of each
    rows = b"".join(b"\0" + bytes(range(columns)) for height, columns in passes for _ in range(height))
    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _psd() -> bytes:
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 4, 4, 8, 3)
    return head + struct.pack(">III", 0, 0, 0) + struct.pack(">H", 0) + bytes(range(48))


def _fits() -> bytes:
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2",
             "NAXIS1  =                   12", "NAXIS2  =                   10", "END"]  # fmt: skip
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode() + bytes(range(120)) + bytes(2760)


def broken(data: bytes, seed: str) -> Iterator[tuple[str, bytes]]:
    """Yield (way, bytes) for each way of ``WAYS``: what it makes of a picture, by the random numbers of ``seed``."""
    for way, change in WAYS.items():
        yield way, change(data, random.Random(f"{seed} {way}"))


def _anywhere(data: bytes, dice: random.Random) -> bytes:
    return _scattered(data, dice, 20, len(data))


def _in_head(data: bytes, dice: random.Random) -> bytes:
    return _scattered(data, dice, 20, min(len(data), 160))


def _once(data: bytes, dice: random.Random) -> bytes:
    return _scattered(data, dice, 1, min(len(data), 200))


def _scattered(data: bytes, dice: random.Random, count: int, end: int) -> bytes:
    changed = bytearray(data)
    for _ in range(count):
        changed[dice.randrange(end)] = dice.choice((0, 0xFF, 0x7F, dice.randrange(256)))
    return bytes(changed)


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def _sizes(data: bytes, dice: random.Random) -> bytes:
    """Put large numbers where the width, the height or a length may stand."""
    changed = bytearray(data)
    for size in (WIDTH, HEIGHT, 32, 16):
        for kind in (">H", "<H", ">I", "<I"):
            old, new = struct.pack(kind, size), struct.pack(kind, dice.choice((0, 1, 9_000, 65_535)))
            at = changed.find(old)
            if at >= 0 and dice.random() < 0.5:
                changed[at : at + len(new)] = new
    return bytes(changed)


def _shuffled(data: bytes, dice: random.Random) -> bytes:
    a, b = sorted((dice.randrange(len(data)), dice.randrange(len(data))))
    return data[:a] + data[b:] + data[a:b]


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "20 places": _anywhere,
    "20 places of the head": _in_head,
    "1 place of the head": _once,
    "cut off": _cut,
    "wrong sizes": _sizes,
    "parts exchanged": _shuffled,
}
