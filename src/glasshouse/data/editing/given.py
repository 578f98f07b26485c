"""Edits as they are given, by a table or from Python, become edits of a dataset."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glasshouse.data.check import Finding
from glasshouse.data.dataset import Dataset
from glasshouse.data.editing.changes import Change, Signed, edits_of
from glasshouse.data.editing.table import TableFile, changes_in_table, exclusion
from glasshouse.data.names import cleaned
from glasshouse.data.sources.columns import split_of_cell, split_words
from glasshouse.errors import InputError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.recipe.checking import find_problems
from glasshouse.recipe.edits import Edit

__all__ = ["Given", "edits_given"]

Given = str | Path | TableFile | Sequence[Edit | Mapping[str, Any]]
_KEYS = {"path", "sha256", "label", "exclude", "split", "why"}


def edits_given(dataset: Dataset, given: Given, by: str = "", why: str = "") -> tuple[list[Edit], list[Finding]]:
    """Return the edits of ``dataset`` that a table or a list means, and what is reported of them.

    Those of pictures come before those of classes.

    Raises:
        InputError: one fits nothing, two contradict each other, or they change nothing.
    """
    signed = Signed(by, datetime.now(UTC).isoformat(timespec="seconds"), why)
    findings: list[Finding] = []
    changes: Sequence[Any] = ()
    if isinstance(given, str | Path | TableFile):
        changes, findings = changes_in_table(Path(given) if isinstance(given, str) else given)
        found = edits_of(dataset, changes, signed)
    else:
        changes, found = given, list(_listed(dataset, given, signed))
    if not found:
        raise InputError(
            "The edits change nothing: each of the {count} pictures they name is like that already.",
            count=len(changes),
        )
    return found, findings


def _listed(dataset: Dataset, given: Sequence[Edit | Mapping[str, Any]], signed: Signed) -> Iterator[Edit]:
    whole = [_edit(one, number) for number, one in enumerate(given, 1) if _is_whole(one)]
    changes = [_change(one, number) for number, one in enumerate(given, 1) if not _is_whole(one)]
    yield from edits_of(dataset, changes, signed)
    _check_there(dataset, whole)
    for edit in sorted(whole, key=lambda one: one.class_name is not None):
        yield edit.model_copy(update={"by": edit.by or signed.by, "at": edit.at or signed.at,
                                      "why": edit.why or signed.why})  # fmt: skip


def _is_whole(one: Edit | Mapping[str, Any]) -> bool:
    return isinstance(one, Edit) or "pictures" in one or "class_name" in one


def _edit(one: Edit | Mapping[str, Any], number: int) -> Edit:
    if isinstance(one, Edit):
        return one
    if problems := find_problems(Edit, dict(one)):
        raise RecipeError(Message("edit {number}", number=number), problems)
    return Edit(**one)


def _change(one: Any, number: int) -> Change:
    place = Message("edit {number}", number=number)
    try:
        if unknown := sorted(set(one) - _KEYS):
            raise InputError("no such field{it}", it=f" {unknown[0]}")
        told = {name: "" if one.get(name) is None else str(one[name]) for name in _KEYS}
        split = split_of_cell(told["split"], None) if told["split"] else None
        if told["split"] and split is None:
            raise InputError("its split is {word}; expected {flag}", word=told["split"][:80],
                             flag=", ".join(split_words(None)))  # fmt: skip
        label = cleaned(told["label"]) or None
        return Change(place, told["path"], told["sha256"], label, exclusion(told["exclude"]), split, told["why"])  # type: ignore[arg-type]
    except InputError as error:
        raise RecipeError("the edits", [Problem(place, error.message)]) from None


def _check_there(dataset: Dataset, edits: Iterable[Edit]) -> None:
    known = {content for split in dataset.splits.values() for content in split.sha256}
    problems = [
        Problem(path or content, Message("no picture of the dataset has the content {sha256}", sha256=content))
        for edit in edits for content, path in edit.pictures.items() if content not in known
    ]  # fmt: skip
    problems += [
        Problem("class_name", Message("There is no class {name} here.", name=repr(edit.class_name)))
        for edit in edits if edit.class_name is not None and edit.class_name not in dataset.classes
    ]  # fmt: skip
    if problems:
        raise RecipeError("the edits", problems[:20])
