"""How class folders lie in a tree: at the top, below one folder, or within folders of train, val and test."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from glasshouse.data.archives.files import Tree
from glasshouse.data.check import Finding
from glasshouse.data.sources.parts import (
    SPLIT_WORDS,
    is_neutral,
    is_unlabelled,
    part_of_name,
    part_within,
    remainder,
)
from glasshouse.data.sources.shape import Shape
from glasshouse.messages import Message

__all__ = ["Layout", "find_layout", "find_parts"]


@dataclass(frozen=True)
class Layout:
    """Where class folders lie.

    ``roots`` are the folders that hold them ("" or with a slash at the end) with their split, the deepest first;
    ``parts`` the names of the folders of train, val and test below ``top``; ``aside`` are folders whose files are left
    out, with the reason.
    """

    top: str
    roots: Mapping[str, str | None]
    parts: Sequence[str] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()


def find_layout(tree: Tree) -> tuple[Layout, Shape]:
    """Return how the class folders of a tree lie, and its folders."""
    shape = Shape(tree)
    top = _single_top(shape)
    parts, findings = _parts(shape, top)
    if parts:
        roots: dict[str, str | None] = {_inner(shape, top, name, split): split for name, split in parts.items()}
        findings += [*_without_classes(shape, top, parts), *_unread(shape, top, parts)]
        aside: dict[str, str] = {}
    else:
        roots, aside, findings = _beside(shape, top)
        findings += _in_names(shape.children(top))
        roots = {**roots, top: None}
    for root in roots:
        aside |= _ignored(shape, root)
    findings += [*_nested(shape, roots, aside), *_ignored_findings(aside)]
    return Layout(top, roots, tuple(parts), aside, tuple(findings)), shape


def find_parts(tree: Tree) -> tuple[str, Mapping[str, str], list[Finding]]:
    """Return the folder that folders of train, val and test lie in, and the split of each; for labels by file name."""
    shape = Shape(tree)
    top = _single_top(shape)
    parts, findings = _parts(shape, top, of_classes=False)
    return top, parts, findings


def _single_top(shape: Shape) -> str:
    """Return the folder that everything lies in, through single folders; documents beside them do not count."""
    top = ""
    while True:
        children = shape.children(top)
        if len(children) != 1 or shape.has_pictures(top) or part_of_name(children[0]):
            return top
        if not shape.children(f"{top}{children[0]}/"):
            return top
        top = f"{top}{children[0]}/"


def _parts(shape: Shape, top: str, of_classes: bool = True) -> tuple[dict[str, str], list[Finding]]:
    """Return the folders that mean train, val and test with their split; none if there is no training folder."""
    children = shape.children(top)
    named = {name: split for name in children if (split := part_of_name(name))}
    others = [name for name in children if name not in named and not is_unlabelled(name)]
    holding = {name: split for name, split in named.items() if not of_classes or shape.children(f"{top}{name}/")}
    meanings = set(named.values())
    if "train" in holding.values() and (len(meanings) > 1 or not others):
        return named, list(_read_as(named))
    if not others and len(meanings) > 1:
        return named, []  # loose pictures in each, or nothing to train on: there is a clear refusal, and no class
    return _of_one_name(shape, top, children, of_classes)


def _of_one_name(
    shape: Shape, top: str, children: Sequence[str], of_classes: bool
) -> tuple[dict[str, str], list[Finding]]:
    """Return parts whose names share a word of their own: ``flowers-train`` and ``flowers-test``."""
    found = {name: split for name in children if (split := part_within(name))}
    alike = len({remainder(name) for name in found}) == 1
    if not found or len(found) < len(children) or not alike or len(set(found.values())) < 2:
        return {}, []
    inside = Counter(inner for name in found for inner in shape.children(f"{top}{name}/"))
    if "train" not in found.values() or (of_classes and max(inside.values(), default=0) < 2):
        return {}, []
    return found, list(_read_as(found))


def _read_as(parts: Mapping[str, str]) -> Iterator[Finding]:
    odd = {name: split for name, split in parts.items() if name.casefold() not in SPLIT_WORDS}
    if odd:
        read = ", ".join(f"{name} ({split})" for name, split in sorted(odd.items()))
        yield Finding(
            "parts",
            Message(
                "these folders are taken as parts of the split, and the folders in them as the classes: {read}",
                read=read,
            ),
        )


def _inner(shape: Shape, top: str, name: str, split: str) -> str:
    """Return the folder of the classes of a part: the part, or one within it of the same or of no meaning."""
    folder = f"{top}{name}/"
    while True:
        children = shape.children(folder)
        if len(children) != 1 or shape.has_pictures(folder):
            return folder
        only = children[0]
        same = part_of_name(only) == split or only.casefold() == name.casefold() or is_neutral(only)
        if not same or not shape.children(f"{folder}{only}/"):
            return folder
        folder = f"{folder}{only}/"


def _unread(shape: Shape, top: str, parts: Mapping[str, str]) -> Iterator[Finding]:
    others = [name for name in shape.children(top) if name not in parts]
    if others:
        known, left = _some(sorted(parts)), _some(others)
        yield Finding(
            "not-read",
            Message(
                "the folders beside {known} are no part of the split and were not read: {left}", known=known, left=left
            ),
        )


def _without_classes(shape: Shape, top: str, parts: Mapping[str, str]) -> Iterator[Finding]:
    loose = [name for name in parts if not shape.children(f"{top}{name}/")]
    if loose and len(loose) < len(parts):
        names = ", ".join(sorted(loose))
        yield Finding(
            "part-without-classes",
            Message(
                "parts of the split hold no class folders, so their pictures have no label and are left out: {names}",
                names=names,
            ),
        )


def _beside(shape: Shape, top: str) -> tuple[dict[str, str | None], dict[str, str], list[Finding]]:
    """Return what a folder called test or val means that lies beside class folders."""
    children = shape.children(top)
    named = {name: split for name in children if (split := part_of_name(name))}
    others = [name for name in children if name not in named and not is_unlabelled(name)]
    roots: dict[str, str | None] = {}
    aside: dict[str, str] = {}
    findings = []
    for name, split in named.items() if others else ():
        inside = set(shape.children(f"{top}{name}/"))
        if split == "train":
            findings.append(_taken_as_class(name))
        elif inside & set(others):
            roots[_inner(shape, top, name, split)] = split
            findings.append(_taken_as_part(name, split))
        else:
            aside[f"{top}{name}/"] = Message(
                "{name} beside the class folders names a part of the split, and has no class folders", name=name
            )
            findings.append(_left_out(name))
    return roots, aside, findings


def _taken_as_class(name: str) -> Finding:
    return Finding(
        "part-beside",
        Message(
            "the folder {name} is taken as a class like those beside it; if it holds "
            "the pictures to train on, give it as the source",
            name=name,
        ),
    )


def _taken_as_part(name: str, split: str) -> Finding:
    return Finding(
        "part-beside",
        Message(
            "the folder {name} beside the class folders holds folders of the same "
            "names: it is taken as the part {split}",
            name=name,
            split=split,
        ),
    )


def _left_out(name: str) -> Finding:
    return Finding(
        "part-beside",
        Message(
            "the folder {name} beside the class folders is left out: it names a part "
            "of the split and has no class folders inside. If it is a class, "
            "rename it (an underscore at the end is enough).",
            name=name,
        ),
    )


def _in_names(children: Sequence[str]) -> Iterator[Finding]:
    """Yield what is told where names of classes hold parts of a split, as ``train_cats`` beside ``test_cats``."""
    found = {name: (split, remainder(name)) for name in children if (split := part_within(name)) and remainder(name)}
    subjects = Counter(subject for _, subject in found.values())
    twice = sorted(name for name, (_, subject) in found.items() if subjects[subject] > 1)
    if twice and len({found[name][0] for name in twice}) > 1:
        yield Finding(
            "parts-in-names",
            Message(
                "the folders {twice} are taken as separate classes; if train and test in their names are parts "
                "of the split, put the class folders into folders called train and test",
                twice=_some(twice),
            ),
        )


def _ignored(shape: Shape, root: str) -> dict[str, str]:
    """Return the folders among class folders that are none: without pictures, or said to have no label."""
    pictured = set(shape.children(root))
    aside: dict[str, str] = {}
    for name in shape.all_children(root):
        if name not in pictured:
            aside[f"{root}{name}/"] = Message("in a folder without pictures")
        elif is_unlabelled(name) and len(pictured) > 1:
            aside[f"{root}{name}/"] = Message("in a folder of pictures without a label")
    return aside


def _ignored_findings(aside: Mapping[str, str]) -> Iterator[Finding]:
    names = sorted(path.rstrip("/") for path in aside if is_unlabelled(path.rstrip("/").rpartition("/")[2]))
    if names:
        yield Finding(
            "unlabelled",
            Message(
                "these folders say that their pictures have no label, and are left out: {names}. If one is a class, "
                "rename it (an underscore at the end is enough).",
                names=", ".join(names),
            ),
        )


def _nested(shape: Shape, roots: Mapping[str, str | None], aside: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is told where class folders hold folders of the same names: these may be the classes."""
    for root in roots:
        classes = [
            name for name in shape.children(root) if f"{root}{name}/" not in aside and f"{root}{name}/" not in roots
        ]
        inside = {name: set(shape.children(f"{root}{name}/")) for name in classes}
        counted = Counter(inner for names in inside.values() for inner in names if not inner.isdecimal())
        shared = sorted(name for name, count in counted.items() if count > 1)
        if len(shared) > 1:
            holding = sorted(name for name, names in inside.items() if len(names & set(shared)) > 1)
            yield Finding(
                "nested-classes",
                Message(
                    "the folders {holding} are taken as classes, and hold folders of the same names ({shared}). If "
                    "those are the classes, and the folders around them parts of the split, call these train, val "
                    "and test, or give them as the sources of validation and test.",
                    holding=_some(holding),
                    shared=_some(shared),
                ),
            )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
