"""Labels from the text lists of DIGITS: lines of ``path label``, and a file whose line i names the label i."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from glasshouse.data.check import Finding
from glasshouse.data.items import Labelled
from glasshouse.data.names import natural
from glasshouse.data.sources.named import Named, NamedPictures, decoded_text, encoding_finding, read_text
from glasshouse.data.sources.parts import SPLIT_WORDS, part_of_name
from glasshouse.errors import SourceError
from glasshouse.messages import Message

__all__ = ["LISTS", "label_by_lists", "lists_among", "paths_of_list", "read_names"]

LISTS = (".txt", ".lst", ".list")
_ORDER = ("train", "val", "test")
_LINE = re.compile(r"^(?P<path>.*\S)\s+(?P<label>\S+)$")


def lists_among(names: Iterable[str]) -> dict[str, str]:
    """Return the files that are lists of a part of the split (``train.txt``, ``val_list.txt``), with the part.

    Of several for one part only those that are called by its plain word count, if there are such.
    """
    texts = [name for name in names if name.lower().endswith(LISTS)]
    found = {name: split for name in texts if (split := part_of_name(PurePosixPath(name).stem))}
    plain = {split for name, split in found.items() if PurePosixPath(name).stem.casefold() in SPLIT_WORDS}
    kept = {
        name: split for name, split in found.items()
        if split not in plain or PurePosixPath(name).stem.casefold() in SPLIT_WORDS
    }  # fmt: skip
    return dict(sorted(kept.items(), key=lambda pair: (_ORDER.index(pair[1]), pair[0])))


def label_by_lists(
    lists: list[tuple[Path, str | None]], collected: NamedPictures, labels_file: Path | None
) -> Labelled:
    """Collect the pictures of one or more lists, each with the split that it stands for.

    The label is the last word of a line, so paths may have spaces. With a labels file it is a number from 0 (or a name
    of the file); without one it is the class's name. Lines that give no picture are listed with their number.

    Raises:
        SourceError: a list or the labels file is empty, or not one line fits.
    """
    names = read_names(labels_file) if labels_file is not None else None
    findings: list[Finding] = []
    for path, split in lists:
        text, encoding = decoded_text(path.read_bytes())
        findings += encoding_finding(text, encoding)
        lines = text.splitlines()
        if not any(line.strip() for line in lines):
            raise SourceError("{path} is empty; expected lines such as: pictures/cat.1.jpg 0", path=path)
        for number, line in enumerate(lines, start=1):
            if line.strip():
                place = (
                    Message("line {lineno}", lineno=number)
                    if len(lists) == 1
                    else Message("{name} line {number}", name=path.name, number=number)
                )
                _add(collected, Named(place, line.strip(), "", split), names)
    return collected.labelled(names or _numbers(collected), findings)


def paths_of_list(path: Path, collected: NamedPictures) -> Labelled:
    """Collect the pictures of a list without labels: one path per line, absolute or from the base of ``collected``.

    Raises:
        SourceError: the list is empty.
    """
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip():
            collected.add(Named(Message("line {lineno}", lineno=number), line.strip(), ""))
    if collected.empty:
        raise SourceError("{path} is empty; expected a picture's path in each line", path=path)
    return collected.labelled()


def read_names(path: Path) -> list[str]:
    """Return the class names of a labels file, one per line; empty lines at its end do not count.

    Raises:
        SourceError: it is missing, empty, has an empty line within, or a name twice.
    """
    try:
        lines = [line.strip() for line in read_text(path).rstrip().splitlines()]
    except OSError as error:
        raise SourceError(
            "the labels file {path} cannot be read: {strerror}", path=path, strerror=error.strerror
        ) from None
    twice = [name for name, count in Counter(lines).items() if count > 1]
    if not lines or "" in lines or twice:
        what = (
            Message("is empty")
            if not lines
            else Message("has an empty line")
            if "" in lines
            else Message("names {twice} twice", twice=twice[0])
        )
        raise SourceError(
            "the labels file {path} {what}; expected one class name per line, the first for label 0",
            path=path,
            what=what,
        )
    return lines


def _numbers(collected: NamedPictures) -> list[str] | None:
    """Return the labels in the order of their numbers, if all are numbers."""
    labels = {item.label for item in collected.items}
    return sorted(labels, key=natural) if labels and all(label.isdecimal() for label in labels) else None


def _add(collected: NamedPictures, line: Named, names: list[str] | None) -> None:
    found = _LINE.match(line.path)
    if found is None:
        collected.reject(line, Message("it has no label; expected: path label"))
        return
    label = _label(found["label"], names)
    if label is None:
        expected = (
            Message("a number from 0 to {names}", names=len(names) - 1)
            if names
            else Message("a number from 0, or a name")
        )
        collected.reject(
            replace(line, path=found["path"]),
            Message("its label is {found}; expected {expected}", found=found["label"], expected=expected),
        )
        return
    collected.add(replace(line, path=found["path"], label=label))


def _label(word: str, names: list[str] | None) -> str | None:
    if re.fullmatch(r"[+-]?\d{1,9}", word) and (names is None or word not in names):
        index = int(word)
        if index < 0 or (names is not None and index >= len(names)):
            return None
        return names[index] if names is not None else str(index)
    if names is not None and word not in names:
        return None
    return word
