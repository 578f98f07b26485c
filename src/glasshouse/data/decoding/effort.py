"""What a picture costs to decode, seen in its bytes before anything is decoded: small files can cost minutes.

The number of pixels is checked elsewhere (``picture.decode``). Here: scans of a JPEG (each goes over the whole picture
again), pieces that a decoder handles one by one in Python (chunks, segments, strips and tiles), and formats that it
decodes pixel by pixel. What else unpacks (text and profiles of a PNG, one frame of an animation) has Pillow's limits.
"""

import re
import struct
from collections.abc import Callable, Mapping

from glasshouse.errors import PictureError
from glasshouse.messages import Message

__all__ = ["check_effort", "tiff_entries"]

_PIECES = 200_000  # about a second at five microseconds each
_SCANS = 30  # a progressive JPEG has about ten
_SCANNED = 500_000_000  # pixels times scans: two seconds, if there are more scans than that
_SLOW_BYTES = 16 * 2**20  # of what is decoded in Python, about half a second a megabyte
_TEXT_BYTES = 4 * 2**20  # of a GIF before its first frame
_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # not stuffing (00), not a restart (d0 to d7)
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_STRIPS, _TILES = 273, 324


def check_effort(data: bytes) -> None:
    """Refuse a picture that would take out of all proportion long to decode.

    Raises:
        PictureError: it would; the text tells what there is too much of.
    """
    for magic, check in _CHECKS.items():
        if data.startswith(magic):
            check(data)


def _jpeg(data: bytes) -> None:
    """Source: ITU-T T.81, annex B; a scan of a sequential JPEG with all components is the only one."""
    scans = pieces = pixels = components = 0
    sequential, at = True, 2
    while (found := _MARKER.search(data, at)) is not None:
        marker, at = found[1][0], found.end()
        if marker == 0xD9:
            break
        if marker in (0x01, 0xD8):
            continue
        if marker in _FRAMES and at + 8 <= len(data):
            height, width, components = struct.unpack_from(">HHB", data, at + 3)
            pixels, sequential = max(pixels, height * width), marker in (0xC0, 0xC1)
        pieces += 1
        if marker == 0xDA:
            scans += 1
            if sequential and data[at + 2 : at + 3] == bytes([components]):
                break
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        _check_pieces(pieces, "JPEG", "segments")
        _check_scans(scans, pixels)


def _check_scans(scans: int, pixels: int) -> None:
    if scans > _SCANS and scans * pixels > _SCANNED:
        most = max(_SCANS, _SCANNED // pixels)
        raise PictureError(
            "a JPEG of more than {most} scans for {pixels} pixels, each of which goes over the whole picture; "
            "save it again as an ordinary JPEG",
            most=most,
            pixels=f"{pixels:,}",
        )


def _check_pieces(pieces: int, name: str, what: str) -> None:
    if pieces > _PIECES:
        raise PictureError(
            "a {name} in {pieces} or more {what}, the limit is {PIECES}; save it again",
            name=name,
            pieces=f"{pieces:,}",
            what=what,
            PIECES=f"{_PIECES:,}",
        )


def _png(data: bytes) -> None:
    at, pieces = 8, 0
    while at + 8 <= len(data):
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        pieces += 1
        _check_pieces(pieces, "PNG", "chunks")


def _gif(data: bytes) -> None:
    """Source: GIF89a, sections 18 to 26: blocks of extensions are before the first frame."""
    if len(data) < 13:
        return
    begin = at = 13 + (3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    while data[at : at + 1] == b"\x21":
        at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
            if at - begin > _TEXT_BYTES:
                raise PictureError(
                    "a GIF with more than {TEXT_BYTES} bytes before its picture; save it again",
                    TEXT_BYTES=f"{_TEXT_BYTES:,}",
                )
        at += 1


def _tiff(data: bytes) -> None:
    counts = {tag: count for tag, _, count, _ in tiff_entries(data)}
    _check_pieces(max(counts.get(_STRIPS, 0), counts.get(_TILES, 0)), "TIFF", Message("strips or tiles"))


def tiff_entries(data: bytes) -> list[tuple[int, int, int, int]]:
    """Return (tag, type, count, value or offset) of each entry of a TIFF's first directory, as far as there are any.

    Source: TIFF 6.0, section 2; BigTIFF (43 for 42, with eight bytes for four).
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        return []
    large = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    start, head, each = (8, f"{order}Q", f"{order}HHQQ") if large else (4, f"{order}H", f"{order}HHII")
    (first,) = struct.unpack_from(f"{order}{'Q' if large else 'I'}", data, start)
    if first + struct.calcsize(head) > len(data):
        return []
    (count,) = struct.unpack_from(head, data, first)
    first, size = first + struct.calcsize(head), struct.calcsize(each)
    whole = min(count, 65_535, (len(data) - first) // size)
    return [struct.unpack_from(each, data, first + size * index) for index in range(whole)]


def _slow(name: str) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        if len(data) > _SLOW_BYTES:
            raise PictureError(
                "{data} bytes of {name}, which is decoded slowly: the limit is {SLOW_BYTES}; save it as PNG",
                data=f"{len(data):,}",
                name=name,
                SLOW_BYTES=f"{_SLOW_BYTES:,}",
            )

    return check


def _bmp(data: bytes) -> None:
    if data[30:34] in (b"\1\0\0\0", b"\2\0\0\0"):  # run lengths
        _slow(Message("a packed BMP"))(data)


def _fits(data: bytes) -> None:
    if b"ZCMPTYPE=" in data[:65_536]:
        raise PictureError("a compressed FITS picture, which is not read; unpack it (funpack) first")


def _blp(data: bytes) -> None:
    _check_scans(data.count(b"\xff\xda"), int.from_bytes(data[12:16], "little") * int.from_bytes(data[16:20], "little"))


_CHECKS: Mapping[bytes, Callable[[bytes], None]] = {
    b"\xff\xd8\xff": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"GIF8": _gif,
    b"II": _tiff,
    b"MM": _tiff,
    b"BM": _bmp,
    b"SIMPLE": _fits,
    b"qoif": _slow("QOI"),
    b"P1": _slow(Message("a plain text PBM")),
    b"P2": _slow(Message("a plain text PGM")),
    b"P3": _slow(Message("a plain text PPM")),
    b"BLP1": _blp,
}
