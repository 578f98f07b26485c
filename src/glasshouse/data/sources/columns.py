"""Which columns of a table have the path, the label, the group and the split: by their heads, else by their cells."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from glasshouse.data.check import Finding
from glasshouse.data.names import composed
from glasshouse.data.sources.lookup import ENDINGS
from glasshouse.data.sources.parts import part_of_name
from glasshouse.errors import SourceError
from glasshouse.messages import Message, Option, joined
from glasshouse.recipe import LabelRecipe

__all__ = ["Columns", "find_columns", "path_column", "path_head", "split_of_cell", "split_words"]

Rows = Sequence[Sequence[str]]

_WORDS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "file_path", "fname", "image", "image_path",
             "image_name", "image_id", "img", "img_path", "picture", "name", "id",
             "경로", "파일_경로", "이미지_경로", "파일", "파일명", "파일_이름", "이미지", "이미지명", "이미지_파일",
             "이미지_이름", "사진", "사진명", "사진_파일", "그림", "그림_파일"),
    "label": ("label", "labels", "class", "class_name", "category", "target", "tag", "tags", "species", "breed", "y",
              "truth", "ground_truth",
              "라벨", "레이블", "정답", "클래스", "클래스명", "분류", "분류명", "범주", "카테고리", "종류",
              "품종", "종", "태그"),
    "group": ("group", "group_id", "patient", "patient_id", "series", "series_id", "video", "video_id",
              "그룹", "그룹_번호", "환자", "환자_번호", "묶음", "시리즈", "동영상", "영상"),
    "split": ("split", "set", "subset", "partition", "is_valid", "is_test", "is_train", "is_training_image",
              "세트", "데이터_구분", "데이터_분할", "분할", "구분", "용도"),
}  # fmt: skip
_YES = {"true": True, "1": True, "yes": True, "y": True, "예": True,
        "false": False, "0": False, "no": False, "n": False, "아니요": False, "아니오": False}  # fmt: skip
_FLAGS = {"is_valid": ("val", "train"), "is_test": ("test", "train"), "is_train": ("train", "test"),
          "is_training_image": ("train", "test")}  # fmt: skip
_COLUMNS = joined(", ", [Option("path-column"), Option("label-column")])
_TRIED = 20  # rows whose cells are looked at


@dataclass(frozen=True)
class Columns:
    """The numbers of the columns; ``names`` are the heads, () where the table has none."""

    path: int
    label: int
    group: int | None
    split: int | None
    names: tuple[str, ...]
    findings: Sequence[Finding] = field(default=())

    @property
    def flag(self) -> str | None:
        """The head of the column of the split where it answers yes or no, such as ``is_valid``."""
        head = _plain(self.names[self.split]) if self.split is not None else ""
        return head if head in _FLAGS else None


def find_columns(table: Path, rows: Rows, recipe: LabelRecipe, is_there: Callable[[str], bool], place: Path) -> Columns:
    """Return the columns of a table whose first row may be its heads.

    Columns are those that ``recipe`` names; else the first with a usual head (of several for the path, the one whose
    cells name files that are there); else the one whose cells name files that are there, and the only other one.

    Raises:
        SourceError: the columns of path and label cannot be determined; ``place`` is where files are looked for.
    """
    names = tuple(name.strip() for name in rows[0])
    wished = {role: _wished(table, names, role, getattr(recipe, f"{role}_column")) for role in _WORDS}
    found = {role: _by_heads(names, role) if number is None else [number] for role, number in wished.items()}
    if not any(found.values()) and len(names) >= 2 and _looks_like_file(names[0], is_there):
        return Columns(0, 1, None, None, (), list(_headless(names)))
    return _chosen(table, rows[1:], names, found, wished, is_there, place)


def _headless(row: Sequence[str]) -> Iterator[Finding]:
    if len(row) > 2:
        yield Finding(
            "no-heads",
            Message(
                "the table has no heads of columns: its first column is taken as the path, the second as the label, "
                "and {row} more are not read",
                row=len(row) - 2,
            ),
        )


def _chosen(
    table: Path, rows: Rows, names: tuple[str, ...], found: Mapping[str, list[int]], wished: Mapping[str, int | None],
    is_there: Callable[[str], bool], place: Path,
) -> Columns:  # fmt: skip
    findings: list[Finding] = []
    path = _path(found["path"], rows, names, is_there, findings)
    split = _split(found["split"], rows, names, wished["split"] is not None)
    labels = [number for number in found["label"] if number != path]
    if not labels and wished["label"] is None:
        free = [n for n in range(len(names)) if n not in (path, split, *found["path"], *found["group"])]
        headed = [n for n in free if n in found["split"]]
        sure = path is not None and any(is_there(_at(row, path)) for row in rows[:_TRIED] if _at(row, path))
        labels = [n for n in headed or free if _filled(rows, n)] if sure and len(headed or free) == 1 else []
        findings += [_taken("label", names[number]) for number in labels[:1]]
    if path is None or not labels:
        raise _unknown(table, rows, names, path, labels, place)
    if len(labels) > 1 and wished["label"] is None:
        findings.append(_many_columns(names, labels))
    group = found["group"][0] if found["group"] else None
    if group is not None and wished["group"] is None:
        text = Message(
            "the column {names} is taken as the group: its pictures stay in the same subset", names=names[group]
        )
        findings.append(Finding("group-column", text))
    findings += _unused_split(found["split"], split, labels[0], names)
    return Columns(path, labels[0], group, split, names, tuple(findings))


def path_column(table: Path, rows: Rows, is_there: Callable[[str], bool]) -> int | None:
    """Return the column of paths of a table without labels; None if it has no heads, and the first one has them.

    Raises:
        SourceError: it cannot be determined.
    """
    names = tuple(name.strip() for name in rows[0])
    headed = _by_heads(names, "path")
    if not headed and _looks_like_file(names[0] if names else "", is_there):
        return None
    found = _path(headed, rows[1:], names, is_there, [])
    if found is None:
        raise SourceError(
            "{table}: no column for the path is seen among {names}. Begin it with the line path.",
            table=table,
            names=", ".join(names),
        )
    return found


def path_head(names: Sequence[str]) -> int | None:
    """Return the first column whose head is usual for paths, None if there is none."""
    return next(iter(_by_heads(names, "path")), None)


def split_of_cell(word: str, flag: str | None) -> str | None:
    """Return ``train``, ``val`` or ``test`` for a cell of the split's column; None for another word."""
    if flag is None:
        return part_of_name(word)
    answer = _YES.get(word.casefold())
    return None if answer is None else _FLAGS[flag][0 if answer else 1]


def split_words(flag: str | None) -> Sequence[str]:
    """Return the words that a cell of the split's column may have, as a message lists them."""
    if flag is not None:
        return ("true", "1", "yes", "false", "0", "no")
    return ("train", "training", "val", "valid", "validation", "test", "testing")


def _plain(head: str) -> str:
    return re.sub(r"[\s\-.]+", "_", composed(head).strip().lower())


def _by_heads(names: Sequence[str], role: str) -> list[int]:
    heads = [_plain(name) for name in names]
    squeezed = [head.replace("_", "") for head in heads]
    found = [heads.index(word) for word in _WORDS[role] if word in heads]
    return found + [
        k
        for word in _WORDS[role]
        if not word.isascii() and (k := _index(squeezed, word)) is not None and k not in found
    ]


def _index(heads: Sequence[str], word: str) -> int | None:
    plain = word.replace("_", "")
    return heads.index(plain) if plain in heads else None


def _wished(table: Path, names: Sequence[str], role: str, wished: str | None) -> int | None:
    if wished is None:
        return None
    spelled = [composed(name) for name in names]
    if composed(wished) not in spelled:
        raise SourceError(
            "{table} has no column {wished} ({role}_column); it has {names}",
            table=table,
            wished=wished,
            role=role,
            names=", ".join(names),
        )
    return spelled.index(composed(wished))


def _path(
    headed: Sequence[int], rows: Rows, names: Sequence[str], is_there: Callable[[str], bool], findings: list[Finding]
) -> int | None:
    if len(headed) == 1:
        return headed[0]
    some = rows[:_TRIED]
    choices = headed or range(len(names))
    counts = {n: sum(is_there(_at(row, n)) for row in some if _at(row, n)) for n in choices}
    best = max(counts, key=lambda n: counts[n], default=None)
    if best is None or not counts[best]:
        return headed[0] if headed else None
    if not headed:
        if sum(count == counts[best] for count in counts.values()) > 1:
            return None
        findings.append(_taken("path", names[best]))
    elif best != headed[0]:
        findings.append(_taken("path", names[best]))
    return best


def _split(headed: Sequence[int], rows: Rows, names: Sequence[str], wished: bool) -> int | None:
    """Return the column of the split: the one that is named, or one whose cells say so."""
    for number in headed:
        flag = head if (head := _plain(names[number])) in _FLAGS else None
        words = {_at(row, number) for row in rows} - {""}
        if wished or not words or any(split_of_cell(word, flag) for word in words):
            return number
    return None


def _at(row: Sequence[str], number: int) -> str:
    return row[number].strip() if number < len(row) else ""


def _filled(rows: Rows, number: int) -> bool:
    return any(_at(row, number) for row in rows)


def _looks_like_file(cell: str, is_there: Callable[[str], bool]) -> bool:
    return bool(cell) and (PurePosixPath(cell.replace("\\", "/")).suffix.lower() in ENDINGS or is_there(cell))


def _taken(role: str, name: str) -> Finding:
    what = Message("path of the pictures") if role == "path" else "label"
    return Finding(
        f"{role}-column",
        Message("the column {name} is taken as the {what}; name another one if that is wrong", name=name, what=what),
    )


def _many_columns(names: Sequence[str], labels: Sequence[int]) -> Finding:
    others = ", ".join(names[number] for number in labels[1:])
    return Finding(
        "label-column",
        Message("the column {names} is taken as the label, and not {others}", names=names[labels[0]], others=others),
    )


def _unused_split(headed: Sequence[int], split: int | None, label: int, names: Sequence[str]) -> Iterator[Finding]:
    for number in headed:
        if split is None and number != label:
            yield Finding(
                "split-column",
                Message("the column {names} names no train, val or test, so it is not the split", names=names[number]),
            )


def _unknown(
    table: Path, rows: Rows, names: Sequence[str], path: int | None, labels: Sequence[int], place: Path
) -> SourceError:
    missing = " and ".join(role for role, there in (("path", path is not None), ("label", bool(labels))) if not there)
    seen = Message(
        "{table}: no column for the {missing} is seen among {names}. ",
        table=table,
        missing=missing,
        names=", ".join(names),
    )
    if path is not None:
        return SourceError("{seen}Name the column of the label ({label}).", seen=seen, label=Option("label-column"))
    first = next((cell for row in rows[:_TRIED] for cell in row if PurePosixPath(cell).suffix.lower() in ENDINGS), None)
    if first is not None:
        return SourceError(
            "{seen}Cells such as {first} look like pictures, but there is no such file under {place}: give the "
            "folder that the paths begin in, or name the columns ({columns}).",
            seen=seen,
            columns=_COLUMNS,
            first=first,
            place=place,
        )
    return SourceError(
        "{seen}Name them ({columns}), or begin the table with the line path,label.", seen=seen, columns=_COLUMNS
    )
