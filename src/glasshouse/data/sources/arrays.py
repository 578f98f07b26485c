"""Pictures that are arrays already: handed over in Python, from idx files, or from an npz file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.given import layout_findings
from glasshouse.data.items import Given, Item, Listed
from glasshouse.errors import SourceError

__all__ = ["ArrayPart", "ArraySource", "given_parts"]


@dataclass(frozen=True)
class ArrayPart:
    """Pictures (N, H, W) or (N, H, W, C), or a sequence of arrays, with a label for each, and their split if any."""

    split: str | None
    images: Sequence[np.ndarray] | np.ndarray
    labels: Sequence[str | int] | np.ndarray


class ArraySource:
    """Pictures by number: the path of item i is ``SPLIT/0000i``, or ``given/0000i``; labels are strings or numbers."""

    def __init__(self, parts: Sequence[ArrayPart], names: Sequence[str] | None, files: Sequence[Listed] = ()) -> None:
        self.items: list[Item] = []
        self.rejected: list[Rejected] = []
        self.warnings: list[Finding] = []
        self._places: dict[str, tuple[ArrayPart, int]] = {}
        for part in parts:
            self._add(part, names)
            self.warnings += layout_findings(part.images)
        labels = {item.label for item in self.items}
        numbers = all(label.isdecimal() for label in labels)
        self.classes = list(names) if names is not None else sorted(labels, key=int) if numbers else sorted(labels)
        self._files = list(files) or [_stamp(part) for part in parts]

    def read(self, item: Item) -> np.ndarray:
        """Return the array of one picture."""
        part, index = self._places[item.path]
        return np.asarray(part.images[index])

    def listing(self) -> list[Listed]:
        """Return the files the arrays came from, or a digest of arrays that came from Python."""
        return self._files

    def _add(self, part: ArrayPart, names: Sequence[str] | None) -> None:
        digits = max(5, len(str(len(part.labels) - 1)))
        for index, label in enumerate(np.asarray(part.labels).tolist()):
            path = f"{part.split or 'given'}/{index:0{digits}}"
            name = _name(label, names)
            if name is None:
                self.rejected.append(Rejected(path, f"its label is {label}; there are {len(names or ())} class names"))
                continue
            self._places[path] = (part, index)
            self.items.append(Item(path, name, part.split))


def _name(label: object, names: Sequence[str] | None) -> str | None:
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if isinstance(label, int) and not isinstance(label, bool):
        if label < 0 or (names is not None and label >= len(names)):
            return None
        return names[label] if names is not None else str(label)
    text = str(label)
    return None if not text or (names is not None and text not in names) else text


def _stamp(part: ArrayPart) -> Listed:
    digest = hashlib.blake2b(digest_size=7)
    size = 0
    for image in part.images:
        array = np.ascontiguousarray(image)
        digest.update(f"{array.shape}{array.dtype.str}".encode())
        digest.update(array.tobytes())
        size += array.nbytes
    digest.update(repr(np.asarray(part.labels).tolist()).encode())
    return Listed(part.split or "given", size, int.from_bytes(digest.digest(), "big"))


def given_parts(given: Given) -> list[ArrayPart]:
    """Return the arrays that Python handed over, checked.

    Raises:
        SourceError: pictures or labels are missing, or their numbers or shapes do not fit.
    """
    if given.images is None or given.targets is None:
        raise SourceError("arrays need both: images (N, H, W) or (N, H, W, C), and a label for each")
    if len(given.images) != len(given.targets):
        raise SourceError(f"{len(given.images)} pictures and {len(given.targets)} labels; expected a label a picture")
    if isinstance(given.images, np.ndarray) and given.images.ndim not in (3, 4):
        raise SourceError(f"pictures of the shape {given.images.shape}; expected (N, H, W) or (N, H, W, C)")
    shape = np.asarray(given.targets).shape
    if len(shape) != 1:
        raise SourceError(f"labels of the shape {shape}; expected (N,): one name or number for each picture")
    return [ArrayPart(None, given.images, given.targets)]
