"""Well-known files among pictures get their name and the way out."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.decoding.picture import decode
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import PictureError, SourceError
from glasshouse.recipe import DatasetRecipe
from mutated_pictures import whole_pictures


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 20)
    return data.getvalue()


def array_file() -> bytes:
    data = io.BytesIO()
    np.save(data, np.zeros((3, 4)))
    return data.getvalue()


def tiff(*entries: tuple[int, int, int, int], order: str = "<") -> bytes:
    """Return a TIFF's first directory of (tag, type, count, value) over a picture of 4 x 4 grey pixels."""
    plain = [(256, 4, 1, 4), (257, 4, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 400)]
    every = sorted([*plain, (278, 4, 1, 4), (279, 4, 1, 16), *entries])
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(every))
    body = b"".join(_entry(order, *one) for one in every) + bytes(4)
    return (head + body).ljust(400, b"\0") + bytes(16)


def _entry(order: str, tag: int, kind: int, count: int, value: int) -> bytes:
    held = struct.pack(f"{order}HH", value, 0) if kind == 3 and count == 1 else struct.pack(f"{order}I", value)
    return struct.pack(f"{order}HHI", tag, kind, count) + held


def safetensors() -> bytes:
    head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(head).to_bytes(8, "little") + head + bytes(4)


FOREIGN: dict[str, tuple[bytes, str]] = {
    "jpeg xl": (b"\xff\x0a\xfa\x1f" + bytes(90), "JPEG XL.*export it as JPEG or PNG"),
    "jpeg xl box": (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl " + bytes(90), "JPEG XL"),
    "jpeg-ls": (b"\xff\xd8\xff\xf7\0\x0b\x08" + bytes(90), "JPEG-LS"),
    "dicom": (bytes(128) + b"DICM\x02\0\0\0UL" + bytes(90), "DICOM.*export its slices as PNG"),
    "nifti": (struct.pack("<i", 348) + bytes(340) + b"n+1\0" + bytes(90), "NIfTI"),
    "svg": (b'<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', r"drawing \(SVG\)"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "PDF document; export its pages as PNG"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
    "wmf": (b"\xd7\xcd\xc6\x9a" + bytes(60), "WMF"),
    "emf": (b"\x01\0\0\0\x6c\0\0\0" + bytes(32) + b" EMF" + bytes(60), "WMF, EMF"),
    "cr3": (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(90), "RAW file of a camera; develop it"),
    "cr2": (b"II*\0\x10\0\0\0CR\x02\0" + bytes(90), "RAW file of a camera"),
    "dng": (tiff((50706, 1, 4, 0x0401)), "RAW file of a camera"),
    "nef": (tiff((254, 4, 1, 1), (271, 2, 4, 0x6B69), (330, 4, 1, 300)), "RAW file of a camera"),
    "nef of the other order": (tiff((254, 4, 1, 1), (271, 2, 4, 1), (330, 4, 1, 300), order=">"), "RAW file"),
    "raf": (b"FUJIFILMCCD-RAW 0201" + bytes(90), "RAW file of a camera"),
    "orf": (b"IIRO\x08\0\0\0" + bytes(90), "RAW file of a camera"),
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "git lfs pull"),
    "photoshop": (b"8BPS\0\x02" + bytes(60), "Photoshop document"),
    "mp4": (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + bytes(90), "video.*ffmpeg"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\x02\0qt  " + bytes(90), "video"),
    "avi": (b"RIFF\x24\0\0\0AVI LIST" + bytes(90), r"video \(AVI\)"),
    "mkv": (b"\x1a\x45\xdf\xa3\x9f" + bytes(90), r"video \(MKV, WebM\)"),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(90), "sound"),
    "mp3": (b"ID3\x04" + bytes(90), "sound"),
    "h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), r"HDF5 \(.h5, Keras\)"),
    "keras": (zipped("metadata.json", "config.json", "model.weights.h5"), r"a model \(Keras\)"),
    "pt": (zipped("archive/data.pkl", "archive/version"), r"a model \(PyTorch\)"),
    "pkl": (pickle.dumps({"a": 1}), "a model .PyTorch, or another pickle"),
    "safetensors": (safetensors(), r"a model \(safetensors\)"),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x032.1" + bytes(90), r"a model \(ONNX\)"),
    "npy": (array_file(), "NumPy array.*from_arrays"),
    "npz": (zipped("images.npy", "labels.npy"), r"data \(.npz\)"),
    "docx": (zipped("[Content_Types].xml", "word/document.xml"), "document of Office"),
    "zip": (zipped("cat/1.jpg"), "archive; unpack it"),
    "gz": (b"\x1f\x8b\x08\0" + bytes(30), "archive; unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "archive"),
    "html": (b"<!DOCTYPE html>\n<html><svg></svg></html>", "web page, as a download that failed"),
    "json": (b'{"error": "not found"}', r"^not a picture$"),
    "korean text": ("고양이 사진이 아닙니다. ".encode() * 60, r"^not a picture$"),
    "zeros": (bytes(3000), "nothing but zeros"),
    "exe": (b"MZ\x90\0" + bytes(90), "a program"),
    "thumbs": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "Thumbs.db"),
    "rubbish": (b"\x9c\x13\xee\x81" * 40, r"^not a picture$"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_its_name_is_told(name: str) -> None:
    data, reason = FOREIGN[name]
    with pytest.raises(PictureError, match=reason):
        decode(data)


def test_an_ordinary_tiff_is_no_raw_file() -> None:
    assert decode(tiff()).shape == (4, 4, 3)
    assert decode(tiff((271, 2, 4, 0x6B69))).shape == (4, 4, 3)  # a scanner writes its maker, too
    assert decode(tiff((254, 4, 1, 0), (330, 4, 1, 300))).shape == (4, 4, 3)  # a pyramid: the first is the largest


def test_what_iptc_holds_is_never_opened() -> None:
    """Pillow opens the picture in an IPTC record with all its formats, also EPS, which runs another program."""
    Image.init()
    assert "IPTC" in Image.OPEN
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n%%EndComments\n"
    record = b"".join(b"\x1c" + bytes([a, b]) + struct.pack(">H", len(d)) + d for a, b, d in (
        (3, 60, b"\x01\0"), (3, 65, b"\x01"), (3, 20, b"\0\1"), (3, 30, b"\0\1"), (3, 120, b"\1"), (8, 10, eps),
    ))  # fmt: skip
    with pytest.raises(PictureError, match=r"^not a picture"):
        decode(record)


def test_a_photoshop_document_that_can_be_read_is_read() -> None:
    assert decode(whole_pictures()["psd"]).shape == (4, 4, 3)


def test_a_folder_of_nothing_but_foreign_files_is_told_why(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / "in" / label).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "in" / label / f"{number}.dcm").write_bytes(FOREIGN["dicom"][0])
    with pytest.raises(SourceError, match=r"none could be read.*\nLeft out: DICOM, .* export its slices as PNG \(6\)"):
        create_dataset(DatasetRecipe(source=str(tmp_path / "in")), tmp_path / "out")
