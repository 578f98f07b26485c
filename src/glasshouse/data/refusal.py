"""Why a source cannot be used at all, and what to do."""

from collections import Counter
from pathlib import Path

from glasshouse.data.items import Source
from glasshouse.errors import SourceError

__all__ = ["check_classes", "unknown_file"]

_FLAT = "not in a class folder"
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
    if len(classes) == 1:
        raise SourceError(
            f"{name} has one class ({classes[0]}, {len(source.items)} files); a classifier needs two or more. "
            f"{'Is the source the folder above it, or below?' if Path(name).is_dir() else _ADVICE}{_reasons(source)}"
        )
    if not source.rejected:
        empty = "holds no files" + (f" ({source.warnings[0].message})" if source.warnings else "")
        raise SourceError(f"{name} {empty}. Give a folder with a folder of pictures for each class.")
    if all(_FLAT in one.reason for one in source.rejected):
        tables = [one.path for one in source.rejected if one.path.lower().endswith((".csv", ".tsv"))]
        hint = f" There is a table, {tables[0]}: give it as the source." if tables else ""
        raise SourceError(f"{name} holds {len(source.rejected)} files and no class folders. {_ADVICE}{hint}")
    raise SourceError(f"{name} has no picture that can be used. {_ADVICE}{_reasons(source)}")


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
