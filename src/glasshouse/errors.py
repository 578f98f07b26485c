"""Every error that Glasshouse raises on purpose.

GlasshouseError
├── InputError             what was given cannot be used
│   ├── RecipeError        fields of a recipe are wrong (all of them are reported at once)
│   ├── SourceError        a source of pictures cannot be used at all
│   ├── PictureError       one picture cannot be used
│   ├── DatasetError       a dataset's folder is missing, damaged or does not fit
│   ├── NetworkError       no such network, or it does not fit the pictures
│   ├── WeightsError       a file of weights is missing, refused or does not fit
│   ├── ModelError         a model's folder or file is missing or damaged
│   ├── LevelError         a level cannot express what a run did
│   ├── UnknownNameError   a module has no such name; what to write instead (also an AttributeError)
│   └── UnknownImportError the same, of ``from module import name`` (also an ImportError)
├── RunError               a training could not go on
│   ├── NotFiniteError     the loss or the gradient is NaN or infinite
│   ├── MemoryLimitError   the device has too little memory for a batch
│   └── ResumeError        a run cannot be continued
├── DamageError            what is kept on disk is not what was written; the command line ends with exit code 1
│   ├── DamagedDatasetError     (also a DatasetError)
│   ├── DamagedModelError       (also a ModelError)
│   └── DamagedRunError         (also a ResumeError)
└── StoreError             the Studio cannot do what was asked with its records
    ├── MissingError       there is no such thing, or it may not be seen
    ├── ConflictError      the state of a thing does not allow it
    │   └── NoRoomError    the disk has too little room for it
    ├── BusyError          too much is asked for at once; a moment later it can be done
    └── RefusedError       the person may not do it
"""

import copyreg
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from opcode import opmap
from typing import Any

from glasshouse.messages import Message, joined

__all__ = [
    "BusyError",
    "ConflictError",
    "DamageError",
    "DamagedDatasetError",
    "DamagedModelError",
    "DamagedRunError",
    "DatasetError",
    "GlasshouseError",
    "InputError",
    "LevelError",
    "MemoryLimitError",
    "MissingError",
    "ModelError",
    "NetworkError",
    "NoRoomError",
    "NotFiniteError",
    "PictureError",
    "Problem",
    "RecipeError",
    "RefusedError",
    "ResumeError",
    "RunError",
    "SourceError",
    "StoreError",
    "UnknownImportError",
    "UnknownNameError",
    "WeightsError",
    "instead_of",
    "no_such_name",
]


class GlasshouseError(Exception):
    """The base of all errors that Glasshouse raises on purpose; its text is meant for a person.

    ``SourceError("{path} cannot be read: {reason}", path=path, reason=error)`` keeps template and values in
    ``message``, and ``str(error)`` is that message: English text.
    """

    def __init__(self, template: str = "", /, **values: object) -> None:
        super().__init__(Message(template, **values))

    @property
    def message(self) -> Message:
        """The text, with its template and values."""
        return Message(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle to make it again without ``__init__``: another process may have raised it."""
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class InputError(GlasshouseError, ValueError):
    """What was given cannot be used; the text names it, what was expected, what came and the next step."""


class UnknownNameError(InputError, AttributeError):
    """There is no such name; the text says what to write instead. ``hasattr`` and ``getattr(..., default)`` work."""


class UnknownImportError(InputError, ImportError):
    """``from module import name``, and there is no such name; the text says what to write instead."""


def no_such_name(module: str, name: str, instead: Mapping[str, str]) -> Exception:
    """What a module's ``__getattr__`` raises: with what to write instead, if the name is known from elsewhere.

    ``from module import name`` replaces the words of any AttributeError by its own; so it gets an ImportError.
    """
    if name not in instead:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    caller = sys._getframe(2)  # above the module's __getattr__
    found = UnknownNameError(
        "{module} has no {name}{instead}", module=module, name=name, instead=instead_of(instead[name])
    )
    if caller.f_code.co_code[caller.f_lasti] == _IMPORT_FROM:
        return UnknownImportError(found.message.template, **found.message.values)
    return found


def instead_of(words: str) -> str:
    """How a sentence about a name that is not there goes on: with what to write, or why there is nothing to write."""
    return f": {words}" if "out of scope" in words else Message("; write {words}", words=words)


_IMPORT_FROM = opmap["IMPORT_FROM"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one field of a recipe, such as ``augmentation.rotation``."""

    field: str
    message: str


class RecipeError(InputError):
    """Fields of a recipe are wrong; ``problems`` lists every one of them."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        one = len(self.problems) == 1
        head = Message("{name} has 1 problem:" if one else "{name} has {count} problems:",
                       name=Message(name), count=len(self.problems))  # fmt: skip
        lines = (Message("  {field}: {problem}", field=one.field, problem=one.message) for one in self.problems)
        super().__init__(joined("\n", [head, *lines]))


class SourceError(InputError):
    """A source of pictures cannot be used at all."""


class PictureError(InputError):
    """One picture cannot be used; the text is the reason that ``rejected.csv`` gives."""


class DatasetError(InputError):
    """A dataset's folder is missing, damaged, or does not fit what is asked of it."""


class NetworkError(InputError):
    """There is no network of that name, or it does not fit the pictures."""


class WeightsError(InputError):
    """A file of weights is missing, refused because loading it could run code, or does not fit."""


class ModelError(InputError):
    """A model's folder or file is missing, damaged or of a later version."""


class LevelError(InputError):
    """A level cannot express what a run did; the text says why, and what can be done."""

    def __init__(self, level: str, message: str) -> None:
        super().__init__(message)
        self.level = level


class RunError(GlasshouseError):
    """A training could not start or go on; what was kept is reported."""


class NotFiniteError(RunError):
    """The loss or the gradient of ``step`` is NaN or infinite; the weights were not moved."""

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


class MemoryLimitError(RunError):
    """The device has too little memory; ``batch_size`` is one that would fit (None if none was found)."""

    def __init__(self, message: str, batch_size: int | None) -> None:
        super().__init__(message)
        self.batch_size = batch_size


class ResumeError(RunError):
    """A run cannot be continued."""


class DamageError(GlasshouseError):
    """What is kept on disk is not what was written: a file of it is damaged, cut off or missing."""


class DamagedDatasetError(DamageError, DatasetError):
    """A file of a dataset is damaged."""


class DamagedModelError(DamageError, ModelError):
    """A file of a model is damaged."""


class DamagedRunError(DamageError, ResumeError):
    """A file of a run is damaged, such as its checkpoint."""


class StoreError(GlasshouseError):
    """The Studio cannot do what was asked with its records."""


class MissingError(StoreError):
    """There is no such dataset, model, job or file, or the person may not see it."""


class ConflictError(StoreError):
    """The state of a thing does not allow what was asked, such as deleting a dataset in use."""


class NoRoomError(ConflictError):
    """The disk has too little room for what is to be done; both sizes are reported."""


class BusyError(StoreError):
    """Too much is asked for at once: by one person (``mine``) or by all; ``seconds`` later is soon enough to retry."""

    def __init__(self, message: str, *, mine: bool = False, seconds: int = 5) -> None:
        super().__init__(message)
        self.mine = mine
        self.seconds = seconds


class RefusedError(StoreError):
    """The person may not do what was asked, or a path lies outside of the folders that may be named."""
