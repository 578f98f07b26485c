"""Well-known files that lie among pictures and are none, or none that can be read: what they are, and the way out."""

import re
from collections.abc import Sequence

from glasshouse.data.decoding.effort import tiff_entries
from glasshouse.messages import Message

__all__ = ["foreign_file", "raw_camera_file"]

_EXPORT = Message("export it as JPEG or PNG")
_DEVELOP = Message("a RAW file of a camera; develop it, or export it as JPEG")
_FRAMES = Message("take single frames out of it, for example with ffmpeg, and save them as JPEG")
_VIDEO = Message("not a picture but a video (MP4, MOV); {FRAMES}", FRAMES=_FRAMES)
_DRAWING = Message("not a picture of pixels but a drawing")
_SLICES = Message("medical data; export its slices as PNG")
_SHOWN = Message("export its pages as PNG")
_MODEL = Message("not a picture but a model")
_DATA = Message("not a picture but data")
_ARRAYS = Message(
    "give an .npz with images and labels as the source, or hand its arrays over in Python (ImageData.from_arrays)"
)
_ARCHIVE = Message("not a picture but an archive; unpack it, or give it as the source itself")
_SOUND = Message("not a picture but sound")
_CACHE = Message("not a picture but a file of a program or system; leave it out")
_ZEROS = Message("not a picture: nothing but zeros, as a copy that failed leaves behind; copy it again")
_POINTER = Message("not a picture but a git-lfs pointer: the file itself was not fetched; run git lfs pull")

_MAGIC: Sequence[tuple[int, bytes, str]] = (  # where, what is there, what to say
    (0, b"\xff\x0a", Message("JPEG XL, which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"\0\0\0\x0cJXL ", Message("JPEG XL, which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"\xff\xd8\xff\xf7", Message("JPEG-LS, which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"BPG\xfb", Message("BPG, which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"v/1\x01", Message("OpenEXR, which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"#?RADIANCE", Message("Radiance HDR, which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"gimp xcf", Message("a GIMP document (XCF), which is not read; {EXPORT}", EXPORT=_EXPORT)),
    (0, b"8BPS", Message("a Photoshop document (PSD) that cannot be read; {EXPORT}", EXPORT=_EXPORT)),
    (128, b"DICM", Message("DICOM, {SLICES}", SLICES=_SLICES)),
    (344, b"n+1\0", Message("NIfTI, {SLICES}", SLICES=_SLICES)),
    (0, b"%PDF", Message("not a picture but a PDF document; {SHOWN}", SHOWN=_SHOWN)),
    (0, b"%!PS", Message("{DRAWING} (PostScript, EPS, AI); {EXPORT}", DRAWING=_DRAWING, EXPORT=_EXPORT)),
    (0, b"\xc5\xd0\xd3\xc6", Message("{DRAWING} (PostScript, EPS, AI); {EXPORT}", DRAWING=_DRAWING, EXPORT=_EXPORT)),
    (0, b"\xd7\xcd\xc6\x9a", Message("{DRAWING} (WMF, EMF); {EXPORT}", DRAWING=_DRAWING, EXPORT=_EXPORT)),
    (40, b" EMF", Message("{DRAWING} (WMF, EMF); {EXPORT}", DRAWING=_DRAWING, EXPORT=_EXPORT)),
    (0, b"FUJIFILMCCD-RAW", _DEVELOP),
    (0, b"IIRO", _DEVELOP),
    (0, b"IIRS", _DEVELOP),
    (0, b"MMOR", _DEVELOP),
    (0, b"IIU\0", _DEVELOP),
    (0, b"FOVb", _DEVELOP),
    (0, b"\0MRM", _DEVELOP),
    (4, b"ftypcrx ", _DEVELOP),
    (0, b"version https://git-lfs", _POINTER),
    (4, b"ftypM4A", _SOUND),
    (4, b"ftypavif", Message("damaged: it begins as AVIF, and cannot be read")),
    (4, b"ftypavis", Message("damaged: it begins as AVIF, and cannot be read")),
    (4, b"moov", _VIDEO),
    (8, b"AVI ", Message("not a picture but a video (AVI); {FRAMES}", FRAMES=_FRAMES)),
    (0, b"\x1a\x45\xdf\xa3", Message("not a picture but a video (MKV, WebM); {FRAMES}", FRAMES=_FRAMES)),
    (0, b"\0\0\x01\xba", Message("not a picture but a video (MPEG); {FRAMES}", FRAMES=_FRAMES)),
    (0, b"\0\0\x01\xb3", Message("not a picture but a video (MPEG); {FRAMES}", FRAMES=_FRAMES)),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Message("not a picture but a video (WMV); {FRAMES}", FRAMES=_FRAMES)),
    (0, b"FLV\x01", Message("not a picture but a video (FLV); {FRAMES}", FRAMES=_FRAMES)),
    (8, b"WAVE", _SOUND),
    (0, b"ID3", _SOUND),
    (0, b"fLaC", _SOUND),
    (0, b"OggS", _SOUND),
    (
        0,
        b"\x89HDF\r\n\x1a\n",
        Message("{DATA} or a model in HDF5 (.h5, Keras); take pictures out of it and save them as PNG", DATA=_DATA),
    ),
    (0, b"\x93NUMPY", Message("{DATA} (a NumPy array); {ARRAYS}", DATA=_DATA, ARRAYS=_ARRAYS)),
    (0, b"MATLAB 5.0", Message("{DATA} (MATLAB); {ARRAYS}", DATA=_DATA, ARRAYS=_ARRAYS)),
    (0, b"PAR1", Message("{DATA} (Parquet); take pictures out of it and save them as PNG", DATA=_DATA)),
    (0, b"ARROW1", Message("{DATA} (Arrow); take pictures out of it and save them as PNG", DATA=_DATA)),
    (0, b"SQLite format 3", Message("{DATA} (SQLite)", DATA=_DATA)),
    (0, b"PK\5\6", Message("an empty zip archive")),
    (0, b"\x1f\x8b", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (0, b"Rar!", _ARCHIVE),
    (0, b"\xfd7zXZ", _ARCHIVE),
    (0, b"BZh", _ARCHIVE),
    (257, b"ustar", _ARCHIVE),
    (0, b"\0\5\x16\7", Message("{CACHE} (macOS)", CACHE=_CACHE)),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Message("not a picture but a document of Office, or Thumbs.db; leave it out"),
    ),
    (0, b"MZ", Message("{CACHE} (a program)", CACHE=_CACHE)),
    (0, b"\x7fELF", Message("{CACHE} (a program)", CACHE=_CACHE)),
)
_IN_ZIP = {
    b"[Content_Types].xml": Message("not a picture but a document of Office; save its pictures as JPEG or PNG"),
    b"data.pkl": Message("{MODEL} (PyTorch)", MODEL=_MODEL),
    b"metadata.json": Message("{MODEL} (Keras)", MODEL=_MODEL),
    b"config.json": Message("{MODEL} (Keras)", MODEL=_MODEL),
    b".npy": Message("{DATA} (.npz); {ARRAYS}", DATA=_DATA, ARRAYS=_ARRAYS),
}
_VIDEO_BRAND = re.compile(rb".{4}ftyp(isom|iso\d|mp4\d|avc1|qt  |M4V|3g[p2]|dash|MSNV|f4v|mmp4|XAVC)", re.DOTALL)
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HTML = re.compile(rb"\s*<(!doctype html|html|head|body)[\s>]", re.IGNORECASE)
_SAFETENSORS = re.compile(rb".{3}\0{5}\s*\{\"", re.DOTALL)
_ONNX = re.compile(rb"\x08[\x01-\x20](\x12|\x3a)", re.DOTALL)
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x8a\x95(}\]c]", re.DOTALL)
_MAKE, _SUBFILE, _SUB_IFDS, _DNG = 271, 254, 330, 50706


def foreign_file(data: bytes) -> str | None:
    """Return what a file that no decoder knows is, with the next step, as a reason; None if that is not seen."""
    head = data[:4096]
    for at, magic, reason in _MAGIC:
        if head.startswith(magic, at):
            return reason
    if _VIDEO_BRAND.match(head):
        return _VIDEO
    if head.startswith(b"PK\3\4"):
        return next((reason for name, reason in _IN_ZIP.items() if name in head), _ARCHIVE)
    if head.startswith(b"RIFF") or (_HTML.match(head) is None and _SVG.search(head) is None):
        return _model(head) or (None if data.strip(b"\0") else _ZEROS)
    if _HTML.match(head):
        return Message("not a picture but a web page, as a download that failed leaves behind; fetch it again")
    return Message("{DRAWING} (SVG); {EXPORT}", DRAWING=_DRAWING, EXPORT=_EXPORT)


def _model(head: bytes) -> str | None:
    if _SAFETENSORS.match(head):
        return Message("{MODEL} (safetensors)", MODEL=_MODEL)
    if _ONNX.match(head) and (b"onnx" in head.lower() or b"pytorch" in head or b"ir_version" in head):
        return Message("{MODEL} (ONNX)", MODEL=_MODEL)
    return Message("{MODEL} (PyTorch, or another pickle)", MODEL=_MODEL) if _PICKLE.match(head) else None


def raw_camera_file(data: bytes) -> str | None:
    """Return the reason where a TIFF is a RAW file (DNG, NEF, ARW, CR2): its first picture is only a small preview."""
    if data[8:10] == b"CR" and data[:2] == b"II":
        return _DEVELOP
    entries = {tag: value for tag, _, _, value in tiff_entries(data)}
    preview = entries.get(_SUBFILE, 0) in (1, 1 << 16) and _SUB_IFDS in entries and _MAKE in entries
    return _DEVELOP if preview or _DNG in entries else None
