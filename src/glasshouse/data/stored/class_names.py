"""Display names of classes, such as tench for ``n01440764``: beside a dataset, apart from what its fingerprint is of.

They change nothing that is computed: labels, files and scores keep the class names of the dataset.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from glasshouse.data.names import composed
from glasshouse.errors import DatasetError, InputError
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, read_object, with_checksum
from glasshouse.messages import Message

__all__ = ["CLASS_NAMES", "checked_names", "class_names_fault", "parse_names", "read_names", "write_names"]

CLASS_NAMES = "class-names.json"
LONGEST = 200  # characters of a name
LARGEST = 8 * 2**20  # bytes of a labels file
Cells = Callable[[str], list[str]]


def read_names(folder: Path, classes: Sequence[str]) -> dict[str, str]:
    """Return the display names beside the dataset in ``folder``, for those of ``classes`` that have one.

    A file that is damaged gives none: a dataset can be used without them, and ``verify`` says what is wrong.
    """
    try:
        found = _read(folder / CLASS_NAMES)
    except (OSError, ValueError):
        return {}
    return {name: found[name] for name in classes if name in found}


def class_names_fault(folder: Path) -> str | None:
    """Return what is wrong with the file of display names, None if it is whole.

    Raises:
        FileNotFoundError: there is none.
    """
    try:
        _read(folder / CLASS_NAMES)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        return str(error)
    return None


def write_names(folder: Path, names: Mapping[str, str]) -> None:
    """Keep display names beside the dataset in ``folder``, atomically; without any, the file goes.

    Raises:
        DatasetError: they cannot be written.
    """
    place = folder / CLASS_NAMES
    beside = place.with_suffix(".part")
    try:
        if not names:
            place.unlink(missing_ok=True)
            return
        text = json.dumps(with_checksum({"names": dict(names)}), indent=2, ensure_ascii=False)
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(place)
    except OSError as error:
        raise DatasetError(
            "The class names cannot be written to {folder}: {strerror}.", folder=folder, strerror=error.strerror
        ) from None


def checked_names(names: Mapping[str, str], classes: Sequence[str]) -> dict[str, str]:
    """Return display names in the order of ``classes``; an empty one, or the class's own, means none.

    Raises:
        InputError: a class is unknown, or a name is too long or holds control characters.
    """
    if unknown := sorted(set(names) - set(classes)):
        raise InputError("There is no class {name} here.", name=repr(unknown[0][:80]))
    plain = {name: composed(" ".join(names[name].split())) for name in classes if name in names}
    for name, shown in plain.items():
        if len(shown) > LONGEST or not shown.isprintable():
            raise InputError(
                "The name of the class {name} has more than {LONGEST} characters, or some that cannot be shown.",
                name=repr(name[:80]),
                LONGEST=LONGEST,
            )
    return {name: shown for name, shown in plain.items() if shown not in ("", name)}


def parse_names(data: bytes, classes: Sequence[str]) -> dict[str, str]:
    """Return the display names that a labels file has for ``classes``; what it has for others is passed over.

    Each line has a class and its name, with a tab, comma, semicolon or space between (as in ImageNet's
    ``LOC_synset_mapping.txt``); or only a name, as many as there are classes and in their order (DIGITS'
    ``labels.txt``). JSON is an object ``{class: name}``, or a list of names.

    Raises:
        InputError: it is no text, or no line of it names a class.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The labels file is no text in UTF-8.") from None
    found = _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_lines(text, classes)
    named = _in_order(found, classes) if isinstance(found, list) else found
    known = {name: named[name] for name in classes if name in named}
    if not known:
        raise InputError(
            "The labels file names none of the classes; each line is to have a class and its name, such as {example}, "
            "or there are to be {count} names, one per line.",
            example=f"{classes[0]}, tench",
            count=len(classes),
        )
    return checked_names(known, classes)


def _read(place: Path) -> dict[str, str]:
    found = read_object(place)
    names = found.get("names")
    if (fault := checksum_fault(found)) is not None or CHECKSUM not in found:
        raise ValueError(fault or Message("it has lost its key {TEXTS}", TEXTS=CHECKSUM))
    if not isinstance(names, dict) or not all(isinstance(one, str) for one in names.values()):
        raise ValueError(Message("the names are no texts"))
    return names


def _of_json(text: str) -> dict[str, str] | list[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("The labels file begins like JSON and is none.") from None
    if isinstance(found, list):
        return [str(name) for name in found]
    pairs = [one if isinstance(one, list) and len(one) == 2 else (key, one) for key, one in found.items()]
    return {str(name): str(shown) for name, shown in pairs}  # ImageNet: {"0": ["n01440764", "tench"]}


def _of_lines(text: str, classes: Sequence[str]) -> dict[str, str] | list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    known = set(classes)
    ways: list[Cells] = [lambda line: line.split("\t", 1), *map(_separated, ",;"), lambda line: line.split(None, 1)]
    tables = [[cells for line in lines if len(cells := way(line)) > 1] for way in ways]
    best = max(tables, key=lambda rows: sum(cells[0].strip() in known for cells in rows))
    if any(cells[0].strip() in known for cells in best):
        return {cells[0].strip(): cells[1].strip() for cells in best}
    return lines


def _separated(sign: str) -> Cells:
    return lambda line: next(csv.reader([line], delimiter=sign), [])


def _in_order(names: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    return dict(zip(classes, names, strict=True)) if len(names) == len(classes) else {}
