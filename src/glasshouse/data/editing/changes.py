"""Changes as a person writes them, of pictures by path or content, become edits: each is looked up in the dataset."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Literal

from glasshouse.data.dataset import Dataset
from glasshouse.data.names import composed
from glasshouse.data.stored.spreadsheet import uncell
from glasshouse.errors import InputError
from glasshouse.messages import Message, joined
from glasshouse.recipe.edits import Edit

__all__ = ["Change", "Signed", "edits_of"]

Part = Literal["train", "val", "test"]
_TOLD = 20  # problems that a message names


@dataclass(frozen=True)
class Change:
    """What is to happen to one picture; ``place`` names it in messages, such as the line of a table."""

    place: str
    path: str = ""
    sha256: str = ""
    label: str | None = None
    exclude: bool = False
    split: Part | None = None
    why: str = ""


@dataclass(frozen=True)
class Signed:
    """Who makes edits, when (ISO 8601), and why."""

    by: str = ""
    at: str = ""
    why: str = ""


def edits_of(dataset: Dataset, changes: Iterable[Change], signed: Signed) -> list[Edit]:
    """Return the edits that ``changes`` are; what a picture is already, and has already, is no edit.

    Pictures of the same content change together, and those with the same change are one edit.

    Raises:
        InputError: a change fits no picture, or two contradict each other; all are named.
    """
    found: dict[str, _Wanted] = {}
    problems: list[str] = []
    known = _Known(dataset)
    for change in changes:
        content, fault = known.find(change)
        if fault is not None:
            problems.append(Message("{line}: {reason}", line=change.place, reason=fault))
            continue
        named = replace(change, label=known.class_name(change.label), path=known.path(content, change.path))
        wanted = found.setdefault(content, _Wanted(Change(named.place, named.path, content)))
        problems += wanted.joined(wanted.without_same(named, *known.now(named.path)))
    if problems:
        raise InputError(
            "{count} of the edits cannot be made:\n{problems}",
            count=len(problems),
            problems=joined("\n", [*problems[:_TOLD], *_more(len(problems))]),
        )
    return list(_grouped(known, found, signed))


def _more(count: int) -> Iterator[str]:
    if count > _TOLD:
        yield Message(" and {problems} more", problems=count - _TOLD)


@dataclass
class _Wanted:
    """The changes of one content, joined; ``places`` says who asked for which field.

    ``kept`` are labels that pictures have and are to have: all of a table is no wish to make twins agree, but one is.
    """

    change: Change
    places: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def without_same(self, change: Change, label: str, side: str) -> Change:
        """Return a change without what its own picture is already."""
        if change.label == label:
            self.kept.add(label)
        return replace(change, label=None if change.label == label else change.label,
                       split=None if change.split == side else change.split)  # fmt: skip

    @property
    def label(self) -> str | None:
        """The label that all pictures of the content get."""
        return self.change.label or (next(iter(self.kept)) if len(self.kept) == 1 else None)

    def joined(self, other: Change) -> Iterator[str]:
        """Take over what ``other`` says of the same content; yield what contradicts."""
        for name in ("label", "exclude", "split", "why"):
            value, before = getattr(other, name), getattr(self.change, name)
            if not value:
                continue
            first = self.places.setdefault(name, other.place)
            if before and before != value and name != "why":
                yield Message(
                    "{line}: {path} is to be {value}, and by {first} it (or the same picture elsewhere) is to be "
                    "{before}",
                    line=other.place,
                    path=other.path,
                    value=value,
                    first=first,
                    before=before,
                )
            self.change = replace(self.change, **{name: before or value})


class _Known:
    """The pictures of a dataset, by path and by content."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.by_path: dict[str, str] = {}
        self.rows: dict[str, tuple[str, str]] = {}
        self.facts: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.paths: dict[str, list[str]] = defaultdict(list)
        for side, split in dataset.splits.items():
            for path, content, label in zip(split.paths, split.sha256, split.labels.tolist()):
                self.by_path[path] = content
                self.rows[path] = (dataset.classes[label], side)
                self.facts[content].add((dataset.classes[label], side))
                self.paths[content].append(path)
        shown: dict[str, list[str]] = defaultdict(list)
        for name, text in dataset.class_names.items():
            shown[text].append(name)
        self.shown = {text: names[0] for text, names in shown.items() if len(names) == 1}

    def find(self, change: Change) -> tuple[str, str | None]:
        """Return the content of the picture that a change is of, or why there is none."""
        by_path = next((self.by_path[way] for way in _spellings(change.path) if way in self.by_path), None)
        content = change.sha256.strip().lower()
        if content and content not in self.facts:
            return "", Message("no picture of the dataset has the content {sha256}", sha256=content[:80])
        if content and by_path not in (None, content):
            what = Message("the content {sha256} is not that of {path}", sha256=content, path=change.path[:200])
            return "", what
        if content:
            return content, None
        return by_path or "", None if by_path is not None else self._missing_path(change.path)

    def path(self, content: str, written: str) -> str:
        """Return the path to show for a content: the one that was written, if it is one of them."""
        known = self.paths.get(content, [""])
        return next((way for way in _spellings(written) if way in known), known[0])

    def now(self, path: str) -> tuple[str, str]:
        """Return the class and the split of the picture at a path."""
        return self.rows[path]

    def class_name(self, label: str | None) -> str | None:
        """Return the class that a label means: itself, or the one that has it as its display name."""
        if label is None or label in self.dataset.classes:
            return label
        return self.shown.get(label, label)

    def same(self, change: Change, content: str) -> bool:
        """Return whether the pictures are that already."""
        labels, sides = zip(*self.facts[content])
        return (
            not change.exclude
            and (change.label is None or set(labels) == {change.label})
            and (change.split is None or set(sides) == {change.split})
        )

    def _missing_path(self, path: str) -> str:
        if not path:
            return Message("it names no picture: it has neither a path nor a sha256")
        if (left := next((one for one in self.dataset.rejected if one.path == path), None)) is not None:
            return Message("{path} was left out of the dataset: {reason}", path=path, reason=left.reason)
        name = PurePosixPath(path.replace("\\", "/")).name
        close = [known for known in self.by_path if PurePosixPath(known).name == name][:2]
        if len(close) == 1:
            return Message("the dataset has no picture {path}; it has {close}", path=path[:200], close=close[0])
        return Message(
            "the dataset has no picture {path}; its paths look like {example}",
            path=path[:200],
            example=next(iter(self.by_path)),
        )


def _spellings(path: str) -> Iterator[str]:
    """Yield a path as it is, and as spreadsheets, Windows and Macs may have written it."""
    yield path
    plain = composed(uncell(path.strip()))
    yield plain
    yield plain.replace("\\", "/").removeprefix("./")


def _grouped(known: _Known, found: Mapping[str, _Wanted], signed: Signed) -> Iterator[Edit]:
    """Yield one edit for all pictures with the same change, in the order in which these first come."""
    groups: dict[tuple[Any, ...], dict[str, str]] = {}
    for content, wanted in found.items():
        one = replace(wanted.change, label=wanted.label)
        if not known.same(one, content):
            groups.setdefault((one.label, one.exclude, one.split, one.why), {})[content] = one.path
    for (label, exclude, split, why), pictures in groups.items():
        yield Edit(pictures=pictures, label=label, exclude=exclude, split=split, by=signed.by, at=signed.at,
                   why=why or signed.why)  # fmt: skip
