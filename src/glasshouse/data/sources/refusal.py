"""Why a source cannot be used at all, and what to do."""

import re
from collections import Counter
from pathlib import Path

from glasshouse.data.items import Source
from glasshouse.data.sources.parts import is_neutral
from glasshouse.errors import SourceError

__all__ = ["check_classes", "unknown_file"]

_FLAT, _IN_PART, _ABSENT = "not in a class folder", "not in a class folder of ", "there is no such file under "
_BOXES = re.compile(r"(^|/)(labels|annotations|labelTxt|boxes)/.*\.(txt|xml|json)$", re.IGNORECASE)
_ADVICE = (
    "Put the pictures of each class into a folder of the class's name, or name the class by a pattern on the file's "
    "name (--pattern '^(.+)_\\d+'), or give a table (CSV) with the columns path and label."
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
            f"{name} has one class ({classes[0]}, {len(source.items)} files); a classifier needs two or more. "
            f"{_one_class(name, classes[0], source)}{_reasons(source)}"
        )
    if not source.rejected:
        empty = "holds no files" + (f" ({source.warnings[0].message})" if source.warnings else "")
        raise SourceError(f"{name} {empty}. Give a folder with a folder of pictures for each class.")
    if parts := _parts_without_classes(source):
        hint = _table_hint(name, source)
        raise SourceError(
            f"{name} has folders of a split ({', '.join(parts)}), but no class folders in them. If they are classes, "
            f"rename them (an underscore at the end is enough). {_ADVICE}{hint}"
        )
    if all(_FLAT in one.reason for one in source.rejected):
        hint = _table_hint(name, source)
        raise SourceError(f"{name} holds {len(source.rejected)} files and no class folders. {_ADVICE}{hint}")
    raise SourceError(f"{name} has no picture that can be used. {_ADVICE}{_reasons(source)}")


def _nothing_named(name: str, source: Source) -> str:
    """Return what is told of a table or list that names no file that is here."""
    missing = [one for one in source.rejected if _ABSENT in one.reason]
    if not missing:
        return f"{name} names no picture that can be used.{_reasons(source)}"
    base = missing[0].reason.rpartition(_ABSENT)[2]
    return (
        f"{name} names no picture that can be used: none of {len(missing)} files is there under {base}, such as "
        f"{missing[0].path}. Give the folder that the paths begin in (--labels-csv), or put the list beside them."
    )


def _one_class(name: str, label: str, source: Source) -> str:
    boxes = [one.path for one in source.rejected if _BOXES.search(one.path)]
    if boxes and is_neutral(label):
        return (
            f"It looks like a dataset for finding objects (boxes such as {boxes[0]} beside the pictures): a classifier "
            "needs one label for each picture, so give a table (CSV) with the columns path and label."
        )
    if source.named:
        return "Is the label in another column, or in what was left out?"
    hint = _table_hint(name, source)
    return hint.strip() or ("Is the source the folder above it, or below?" if Path(name).is_dir() else _ADVICE)


def _parts_without_classes(source: Source) -> list[str]:
    found = {one.reason.partition(_IN_PART)[2] for one in source.rejected if _IN_PART in one.reason}
    return sorted(found)


def _table_hint(name: str, source: Source) -> str:
    tables = [one.path for one in source.rejected if one.path.lower().endswith((".csv", ".tsv"))]
    if not tables:
        return ""
    if Path(name).is_file():
        return f" There is a table in the archive, {tables[0]}: unpack it all and give the table as the source."
    return f" There is a table, {tables[0]}: give it as the source."


def _reasons(source: Source) -> str:
    if not source.rejected:
        return ""
    counted = Counter(one.reason.split(": ", 1)[-1] for one in source.rejected).most_common(3)
    first = source.rejected[0].path
    found = "; ".join(f"{reason} ({count})" for reason, count in counted)
    return f"\nLeft out: {found}; the first is {first}"


def unknown_file(path: Path) -> SourceError:
    """Return the error for a file that is neither archive, table, list, idx nor npz."""
    return SourceError(
        f"{path} is a file of a kind that is no source ({path.suffix or 'no ending'}). Give a folder of class folders, "
        "a zip or tar, a table (.csv), a list (.txt), idx files or an .npz."
    )
