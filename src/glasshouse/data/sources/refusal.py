"""Why a source cannot be used at all, and what to do."""

import re
from collections import Counter
from pathlib import Path

from glasshouse.data.check import REASON_OF_LINE
from glasshouse.data.items import Source
from glasshouse.data.sources.parts import is_neutral
from glasshouse.errors import SourceError
from glasshouse.messages import Message, Option, joined

__all__ = ["check_classes", "unknown_file"]

_FLAT, _IN_PART, _ABSENT = Message("not in a class folder"), "not in a class folder of ", "there is no such file under "
_BOXES = re.compile(r"(^|/)(labels|annotations|labelTxt|boxes)/.*\.(txt|xml|json)$", re.IGNORECASE)
_ADVICE = Message(
    "Put the pictures of each class into a folder of the class's name, or name the class by a pattern on the file's "
    "name ({pattern}), or give a table (CSV) with the columns path and label.",
    pattern=Option("pattern", r"'^(.+)_\d+'"),
)


def check_classes(name: str, source: Source) -> None:
    """Refuse a source with fewer than two classes.

    Raises:
        SourceError: it has fewer; the text tells what was found instead, and the next step.
    """
    classes = sorted({item.label for item in source.items})
    if len(classes) >= 2:
        return
    if source.named and not source.items:
        raise SourceError(_nothing_named(name, source))
    if len(classes) == 1:
        raise SourceError(
            "{name} has one class ({classes}, {items} files); a classifier needs two or more. {name2}{source}",
            name=name,
            classes=classes[0],
            items=len(source.items),
            name2=_one_class(name, classes[0], source),
            source=_reasons(source),
        )
    raise SourceError(_no_class(name, source))


def _no_class(name: str, source: Source) -> str:
    """Return what is reported of a source without any class."""
    if not source.rejected:
        it = Message(" ({finding})", finding=source.warnings[0].message) if source.warnings else ""
        empty = Message("holds no files{it}", it=it)
        return Message(
            "{name} {empty}. Give a folder with a folder of pictures for each class.", name=name, empty=empty
        )
    if parts := _parts_without_classes(source):
        return Message(
            "{name} has folders of a split ({parts}), but no class folders in them. If they are classes, rename "
            "them (an underscore at the end is enough). {ADVICE}{hint}",
            name=name,
            parts=", ".join(parts),
            ADVICE=_ADVICE,
            hint=_hint(name, source),
        )
    if all(_FLAT in one.reason for one in source.rejected):
        return Message(
            "{name} holds {rejected} files and no class folders. {ADVICE}{hint}",
            name=name,
            rejected=len(source.rejected),
            ADVICE=_ADVICE,
            hint=_hint(name, source),
        )
    return Message(
        "{name} has no picture that can be used. {ADVICE}{source}", name=name, ADVICE=_ADVICE, source=_reasons(source)
    )


def _hint(name: str, source: Source) -> str:
    hint = _table_hint(name, source)
    return Message(" {hint}", hint=hint) if hint else ""


def _nothing_named(name: str, source: Source) -> str:
    """Return what is reported of a table or list that names no file that is here."""
    missing = [one for one in source.rejected if _ABSENT in one.reason]
    if not missing:
        return Message("{name} names no picture that can be used.{source}", name=name, source=_reasons(source))
    base = missing[0].reason.rpartition(_ABSENT)[2]
    return Message(
        "{name} names no picture that can be used: none of {missing} files is there under {base}, such as "
        "{path}. Give the folder that the paths begin in ({folder}), or put the list beside them.",
        name=name,
        missing=len(missing),
        base=base,
        path=missing[0].path,
        folder=Option("labels-csv"),
    )


def _one_class(name: str, label: str, source: Source) -> str:
    boxes = [one.path for one in source.rejected if _BOXES.search(one.path)]
    if boxes and is_neutral(label):
        return Message(
            "It looks like a dataset for finding objects (boxes such as {boxes} beside the pictures): a "
            "classifier needs one label for each picture, so give a table (CSV) with the columns path and label.",
            boxes=boxes[0],
        )
    if source.named:
        return Message("Is the label in another column, or in what was left out?")
    hint = _table_hint(name, source)
    return hint or (Message("Is the source the folder above it, or below?") if Path(name).is_dir() else _ADVICE)


def _parts_without_classes(source: Source) -> list[str]:
    found = {one.reason.partition(_IN_PART)[2] for one in source.rejected if _IN_PART in one.reason}
    return sorted(found)


def _table_hint(name: str, source: Source) -> str:
    tables = [one.path for one in source.rejected if one.path.lower().endswith((".csv", ".tsv"))]
    if not tables:
        return ""
    if Path(name).is_file():
        return Message(
            "There is a table in the archive, {tables}: unpack it all and give the table as the source.",
            tables=tables[0],
        )
    return Message("There is a table, {tables}: give it as the source.", tables=tables[0])


def _alone(reason: str) -> object:
    """Return a reason without the line of a list that it is in."""
    if isinstance(reason, Message) and reason.template == REASON_OF_LINE:
        return reason.values["reason"]
    return reason.split(": ", 1)[-1]


def _reasons(source: Source) -> str:
    if not source.rejected:
        return ""
    counted = Counter(_alone(one.reason) for one in source.rejected).most_common(3)
    first = source.rejected[0].path
    found = joined("; ", (Message("{reason} ({count})", reason=reason, count=count) for reason, count in counted))
    return Message("\nLeft out: {found}; the first is {first}", found=found, first=first)


def unknown_file(path: Path) -> SourceError:
    """Return the error for a file that is neither archive, table, list, idx nor npz."""
    return SourceError(
        "{path} is a file of a kind that is no source ({suffix}). Give a folder of class folders, a zip or tar, "
        "a table (.csv), a list (.txt), idx files or an .npz.",
        path=path,
        suffix=path.suffix or Message("no ending"),
    )
