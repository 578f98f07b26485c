"""Well-known files that are no weights Glasshouse reads: their name, and the way out."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from glasshouse.messages import Message, Option

__all__ = ["BUNDLE", "WEIGHTS", "foreign", "foreign_folder", "foreign_tensors"]

BUNDLE = {"model.json", "weights.safetensors"}  # a model of Glasshouse, as a folder or in a zip
WEIGHTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
LOOKED_AT = 1 << 20  # bytes of a pickle in which the names of libraries are looked for


@dataclass(frozen=True)
class _Kind:
    what: str
    way: str


_REBUILD = Message(
    "build the same layers with glasshouse.layers, put the arrays in with net.set_weights, and give the file that "
    "net.save writes; or choose a network of the catalogue with pretrained weights"
)
_TORCH = Message(
    "give the weights that it was made from: a .safetensors file, or what torch.save(net.state_dict()) writes"
)
KERAS = _Kind(Message("a Keras model (HDF5)"), _REBUILD)
KERAS_ZIP = _Kind(Message("a Keras model (.keras)"), _REBUILD)
SAVED_MODEL = _Kind(Message("a TensorFlow SavedModel"), _REBUILD)
TFJS = _Kind(Message("a model of TensorFlow.js, as Teachable Machine exports it"), _REBUILD)
TFLITE = _Kind(Message("a TensorFlow Lite model, which is made for use and not for training"), _REBUILD)
ONNX = _Kind(Message("an ONNX model, which is made for use and not for training"), _TORCH)
FASTAI = _Kind(
    Message("a fastai export, a pickle of a whole Learner that could run code"),
    Message("in fastai, run torch.save(learn.model.state_dict(), 'weights.pt'), and train on its pictures here"),
)
ULTRALYTICS = _Kind(Message("a checkpoint of Ultralytics, a pickle of a whole model that could run code"), _TORCH)
SCRIPT = _Kind(Message("a TorchScript program, which is made for use and not for training"), _TORCH)
POINTER = _Kind(
    Message("a pointer of git-lfs, the place of a file that was not fetched"),
    Message("fetch the file itself with: git lfs pull"),
)
PAGE = _Kind(
    Message("a web page, not the file behind it"),
    Message("download the file itself (at Hugging Face: resolve in place of blob)"),
)
NUMPY = _Kind(
    Message("a file of NumPy arrays"), Message("save the arrays by their names with safetensors.numpy.save_file")
)
GGUF = _Kind(Message("a GGUF file of a language model"), Message("choose the weights of an image classifier"))
TAR = _Kind(Message("a packed archive"), Message("unpack it, and give the file of weights in it"))
ENDINGS = {
    ".h5": KERAS, ".hdf5": KERAS, ".keras": KERAS_ZIP, ".onnx": ONNX, ".tflite": TFLITE, ".pb": SAVED_MODEL,
    ".npz": NUMPY, ".npy": NUMPY, ".gguf": GGUF,
}  # fmt: skip
STARTS = {
    b"\x89HDF": KERAS, b"version https://git-lfs": POINTER, b"\x93NUMPY": NUMPY, b"GGUF": GGUF, b"\x1f\x8b": TAR,
    b"7z\xbc\xaf": TAR, b"Rar!": TAR, b"BZh": TAR, b"\xfd7zXZ": TAR,
}  # fmt: skip
PICKLED = {b"fastai": FASTAI, b"ultralytics": ULTRALYTICS}
TRANSFORMERS = (
    "vit.embeddings.", "deit.embeddings.", "beit.embeddings.", "swin.embeddings.", "convnext.embeddings.",
    "resnet.embedder.", "mobilenet_v1.", "mobilenet_v2.", "efficientnet.embeddings.", "dinov2.embeddings.",
    "vision_model.", "bert.", "transformer.h.", "model.layers.",
)  # fmt: skip


def foreign(path: Path) -> str | None:
    """Return what a well-known file that is no weights is and the way out, or None for what may be weights."""
    with path.open("rb") as file:
        start = file.read(512)
        kind = _by_start(path, start)
        if kind is None and start[:1] == b"\x80":
            kind = _pickled(start + file.read(LOOKED_AT))
    if kind is None and start.startswith(b"PK\x03\x04"):
        return _zipped(path)
    return None if kind is None else _explained(path, kind)


def foreign_folder(path: Path, names: Sequence[str]) -> str | None:
    """Return the same for a folder that holds files of these ``names``."""
    if "saved_model.pb" in names or "keras_metadata.pb" in names:
        return _explained(path, SAVED_MODEL)
    if "model.json" in names and any(name.endswith(".bin") for name in names):
        return _explained(path, TFJS)
    shards = [name for name in names if name.endswith(".index.json")]
    if shards:
        return Message(
            "{path} holds weights in several files ({shards}), as large models have them; join them into one "
            "file with the library that wrote them, and give that.",
            path=path,
            shards=shards[0],
        )
    return None


def foreign_tensors(names: Sequence[str]) -> str | None:
    """Return which library's the tensors are, by their names, if it is one that Glasshouse has no networks of."""
    if any(name.startswith(TRANSFORMERS) for name in names):
        return Message(
            "It is a model of Hugging Face's transformers, whose networks are built otherwise; take the weights that "
            "timm publishes of the same network ({weights} with its timm name).",
            weights=Option("weights", "pretrained"),
        )
    return None


def _by_start(path: Path, start: bytes) -> _Kind | None:
    for magic, kind in STARTS.items():
        if start.startswith(magic):
            return kind
    if start[4:8] == b"TFL3":
        return TFLITE
    if start[257:262] == b"ustar":
        return TAR
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return PAGE
    if not start or start[8:9] == b"{" or start.startswith((b"PK\x03\x04", b"\x80")):
        return None  # a file is what it holds, whatever its name says
    if path.suffix.lower() in ENDINGS:
        return ENDINGS[path.suffix.lower()]
    # a message of protobuf: field 1 (the version, a small number), then field 2 (who made it) or 7 (the graph)
    if start[:1] == b"\x08" and start[1:2] < b"\x20" and start[2:3] in (b"\x12", b"\x1a", b"\x3a", b":"):
        return ONNX
    return None


def _zipped(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickles = [name for name in names if name.endswith("data.pkl")]
            if set(names) >= BUNDLE:
                return None
            if pickles:
                kind = SCRIPT if any(name.endswith("constants.pkl") for name in names) else None
                with archive.open(pickles[0]) as file:
                    kind = kind or _pickled(file.read(LOOKED_AT))
                return None if kind is None else _explained(path, kind)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        return None
    return _of_archive(path, names)


def _of_archive(path: Path, names: list[str]) -> str | None:
    if "model.weights.h5" in names:
        return _explained(path, KERAS_ZIP)
    if names and all(name.endswith(".npy") for name in names):
        return _explained(path, NUMPY)
    inside = [name for name in names if PurePosixPath(name).suffix.lower() in WEIGHTS or name.endswith(".h5")]
    found = (
        Message("unpack it and give the file in it: {inside}", inside=", ".join(inside[:3]))
        if inside
        else Message("it holds no file of weights")
    )
    return Message("{path} is a zip archive of {names} files; {found}.", path=path, names=len(names), found=found)


def _pickled(data: bytes) -> _Kind | None:
    return next((kind for word, kind in PICKLED.items() if word in data), None)


def _explained(path: Path, kind: _Kind) -> str:
    return Message(
        "{path} is {what}, which Glasshouse does not read as weights; {way}.", path=path, what=kind.what, way=kind.way
    )
