"""Pictures that are arrays already: handed over in Python, from idx files, or from an npz file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Given, Item, Listed
from glasshouse.data.names import missing_look, natural
from glasshouse.data.sources.given import layout_findings
from glasshouse.data.sources.labels import is_missing, label_text, well_named
from glasshouse.data.sources.stacks import Stack, stack_of, targets_of
from glasshouse.errors import SourceError
from glasshouse.messages import Message

__all__ = ["ArrayPart", "ArraySource", "given_parts"]


@dataclass(frozen=True)
class ArrayPart:
    """Pictures (N, H, W) or (N, H, W, C), or a sequence of arrays, with a label for each, and their split if any."""

    split: str | None
    images: Stack
    labels: Sequence[object] | np.ndarray
    findings: Sequence[Finding] = field(default=())


class ArraySource:
    """Pictures by number: the path of item i is ``SPLIT/0000i``, or ``given/0000i``; labels are strings or numbers.

    A picture without a label (None, NaN) is left out.
    """

    def __init__(
        self, parts: Sequence[ArrayPart], names: Sequence[str] | None, files: Sequence[Listed] = (),
        findings: Sequence[Finding] = (),
    ) -> None:  # fmt: skip
        self.items: Sequence[Item] = []
        self.rejected: list[Rejected] = []
        self.named: Sequence[str] = ()
        self._places: dict[str, tuple[ArrayPart, int]] = {}
        items: list[Item] = []
        for part in parts:
            self._add(part, names, items)
        self.items, stated, told = well_named(items, names)
        self.warnings: list[Finding] = [*findings, *(one for part in parts for one in part.findings), *told]
        self.warnings += [one for part in parts for one in layout_findings(part.images)]
        self.warnings += _missing_names({item.label for item in self.items})
        self.classes = stated if stated is not None else _ordered({item.label for item in self.items})
        self._files = list(files) or [_stamp(part) for part in parts]

    def read(self, item: Item) -> np.ndarray:
        """Return the array of one picture."""
        part, index = self._places[item.path]
        return np.asarray(part.images[index])

    def listing(self) -> list[Listed]:
        """Return the files the arrays came from, or a digest of arrays that came from Python."""
        return self._files

    def _add(self, part: ArrayPart, names: Sequence[str] | None, items: list[Item]) -> None:
        digits = max(5, len(str(len(part.labels) - 1)))
        for index, label in enumerate(_listed(part.labels)):
            path = f"{part.split or 'given'}/{index:0{digits}}"
            name, reason = _named(label, names)
            if name is None:
                self.rejected.append(Rejected(path, reason))
                continue
            self._places[path] = (part, index)
            items.append(Item(path, name, part.split))


def _ordered(labels: set[str]) -> list[str] | None:
    """Return numbers as they count; texts sorted, None if the recipe tells how (``class_order``)."""
    counted = sorted(labels, key=natural)
    return counted if counted == sorted(labels) or all(label.isdecimal() for label in labels) else None


def _listed(labels: Sequence[object] | np.ndarray) -> Sequence[object]:
    found: Sequence[object] = labels.tolist() if isinstance(labels, np.ndarray) else labels
    return found


def _named(label: object, names: Sequence[str] | None) -> tuple[str | None, str]:
    """Return the name of a label's class, or None and why it has none."""
    text = None if is_missing(label) else label_text(label)
    if text is None:
        return None, Message("it has no label")
    number = int(label) if isinstance(label, bool | np.bool_) else _number(text)
    if names is None:
        negative = number is not None and number < 0
        return (
            (None, Message("its label is {text}; expected a number from 0, or a name", text=text))
            if negative
            else (text, "")
        )
    if text in names:
        return text, ""
    if number is not None and 0 <= number < len(names):
        return names[number], ""
    return None, Message("its label is {text}; there are {names} class names", text=text, names=len(names))


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _missing_names(labels: set[str]) -> list[Finding]:
    odd = sorted(label for label in labels if missing_look(label) or label == "None")
    return [
        Finding(
            "missing-name",
            Message(
                "the class {name} is called as programs write a missing label; give None for a picture without one",
                name=name,
            ),
        )
        for name in odd[:1]
    ]


def _stamp(part: ArrayPart) -> Listed:
    digest = hashlib.blake2b(digest_size=7)
    size = 0
    for image in part.images:
        array = np.ascontiguousarray(image)
        digest.update(f"{array.shape}{array.dtype.str}".encode())
        digest.update(array.tobytes())
        size += array.nbytes
    digest.update(repr(_plain(part.labels)).encode())
    return Listed(part.split or "given", size, int.from_bytes(digest.digest(), "big"))


def _plain(labels: Sequence[object] | np.ndarray) -> list[object]:
    return [one.item() if isinstance(one, np.generic) else one for one in _listed(labels)]


def given_parts(given: Given) -> list[ArrayPart]:
    """Return the arrays that Python handed over, checked.

    Raises:
        SourceError: pictures or labels are missing, or their numbers or shapes do not fit.
    """
    if given.images is None or given.targets is None:
        raise SourceError("arrays need both: images (N, H, W) or (N, H, W, C), and a label for each")
    images, findings = stack_of(given.images)
    targets, told = targets_of(given.targets)
    if len(images) != len(targets):
        shape = images.shape if isinstance(images, np.ndarray) else ()
        last = len(shape) > 2 and shape[-1] == len(targets)
        hint = (
            Message("; the last axis of {shape} has that many: np.moveaxis(images, -1, 0) puts it first", shape=shape)
            if last
            else ""
        )
        raise SourceError(
            "{images} pictures and {targets} labels; expected a label a picture{hint}",
            images=len(images),
            targets=len(targets),
            hint=hint,
        )
    if isinstance(images, np.ndarray) and images.ndim not in (3, 4):
        raise SourceError("pictures of the shape {shape}; expected (N, H, W) or (N, H, W, C)", shape=images.shape)
    return [ArrayPart(None, images, targets, [*findings, *told])]
