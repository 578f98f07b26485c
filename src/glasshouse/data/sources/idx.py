"""The idx files of MNIST, Fashion-MNIST and their kin, plain or gzip.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section on the file format: two zero bytes, the type,
the number of dimensions, each dimension as a big-endian 32-bit number, then the values.
"""

import gzip
import re
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from glasshouse.data.archives.entries import Limits, check_bomb
from glasshouse.data.sources.arrays import ArrayPart
from glasshouse.data.sources.parts import part_within
from glasshouse.errors import SourceError
from glasshouse.messages import Message

__all__ = ["idx_parts", "is_idx_name", "read_idx"]

_IMAGES = re.compile(r"^(?P<prefix>[^/]*?)[-_.]?images[-_.]idx[34]-ubyte(?P<gz>\.gz)?$", re.IGNORECASE)
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_LIMIT = 1 << 35
_PACKED = Limits(total=_LIMIT, ratio_from=1 << 26)  # as for one file of an archive


def is_idx_name(name: str) -> bool:
    """Return whether a file's name is that of idx pictures, such as ``train-images-idx3-ubyte.gz``."""
    return _IMAGES.match(name) is not None


def idx_parts(files: Iterable[Path]) -> list[ArrayPart]:
    """Return pictures and labels of every pair of idx files: ``t10k`` and ``test`` are the test split, ``val`` val.

    A pair that is there both plain and packed is read once.

    Raises:
        SourceError: labels are missing, a file is damaged, or the counts differ.
    """
    parts: dict[str, ArrayPart] = {}
    for path in sorted(files, key=lambda path: path.name):
        found = _IMAGES.match(path.name)
        if found is None or found["prefix"] in parts:
            continue
        images, labels = read_idx(path), read_idx(_labels_beside(path))
        if images.ndim not in (3, 4) or labels.ndim != 1 or len(images) != len(labels):
            shapes = Message("{shape} and its labels {shape2}", shape=images.shape, shape2=labels.shape)
            raise SourceError("{path} has the shape {shapes}; expected (N, H, W) and (N,)", path=path, shapes=shapes)
        parts[found["prefix"]] = ArrayPart(_split(found["prefix"]), images, labels)
    return list(parts.values())


def _split(prefix: str) -> str:
    if "t10k" in re.split(r"[^a-z0-9]+", prefix.lower()):
        return "test"
    return part_within(prefix) or "train"


def _labels_beside(images: Path) -> Path:
    name = re.sub("idx[34]", "idx1", re.sub("images", "labels", images.name))
    plain = name.removesuffix(".gz")
    for choice in (name, plain, f"{plain}.gz"):
        if (images.parent / choice).is_file():
            return images.parent / choice
    raise SourceError(
        "the labels of {name} are missing: expected {name2} beside it, in {parent}",
        name=images.name,
        name2=name,
        parent=images.parent,
    )


def read_idx(path: Path) -> np.ndarray:
    """Return the array of an idx file, plain or gzip.

    Raises:
        SourceError: it is no idx file, too short, claims more than 32 GiB, or is small and claims very much.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            kind, shape = _head(path, file.read(4), file.read)
            size = int(np.prod(shape, dtype=object)) * kind.itemsize
            if size > _LIMIT:
                raise SourceError(
                    "{path} claims to hold {size} bytes, the limit is {LIMIT}",
                    path=path,
                    size=f"{size:,}",
                    LIMIT=f"{_LIMIT:,}",
                )
            if packed:
                check_bomb(path, 1, size, _PACKED)
            elif size > path.stat().st_size:
                raise SourceError(
                    "{path} ends after {data} of {size} bytes; fetch it once more",
                    path=path,
                    data=f"{path.stat().st_size:,}",
                    size=f"{size:,}",
                )
            data = file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError("{path} cannot be read ({error}); fetch it once more", path=path, error=error) from None
    if len(data) < size:
        raise SourceError(
            "{path} ends after {data} of {size} bytes; fetch it once more",
            path=path,
            data=f"{len(data):,}",
            size=f"{size:,}",
        )
    return np.frombuffer(data, kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)


def _head(path: Path, magic: bytes, read: Callable[[int], bytes]) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not 1 <= magic[3] <= 4:
        raise SourceError(
            "{path} is no idx file: it begins with {magic}, expected such as 00000803", path=path, magic=magic.hex()
        )
    sizes = read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise SourceError("{path} ends within its head; fetch it once more", path=path)
    return np.dtype(_TYPES[magic[2]]), struct.unpack(f">{magic[3]}I", sizes)
