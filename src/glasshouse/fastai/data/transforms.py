"""Which pictures there are, what their names say, and which of them are for validation."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.data.sources.lookup import ENDINGS
from glasshouse.data.sources.source import source_paths
from glasshouse.errors import InputError

__all__ = ["FuncSplitter", "GrandparentSplitter", "RandomSplitter", "RegexLabeller", "get_image_files", "parent_label",
           "using_attr"]  # fmt: skip


def get_image_files(path: str | Path, recurse: bool = True, folders: Sequence[str] | None = None) -> list[Path]:
    """Return the pictures under ``path``, sorted; with ``folders`` only those in these folders of it.

    Raises:
        SourceError: ``path`` is not there.
    """
    root = Path(path)
    kept = []
    for name in source_paths(str(root)):
        parts = name.split("/")
        inside = (recurse or len(parts) == 1) and (not folders or (len(parts) > 1 and parts[0] in folders))
        if inside and Path(name).suffix.lower() in ENDINGS:
            kept.append(root / name)
    return kept


def parent_label(path: str | Path) -> str:
    """Return the name of the folder that a picture lies in."""
    return Path(path).parent.name


@dataclass(frozen=True)
class RandomSplitter:
    """The part ``valid_pct`` of the pictures is for validation, chosen by ``seed``, each class in proportion."""

    valid_pct: float = 0.2
    seed: int | None = None


def GrandparentSplitter(  # noqa: N802
    train_name: str = "train", valid_name: str = "valid"
) -> Callable[[Sequence[Path]], Mapping[Path, bool]]:
    """Return what splits by the folder above the class folders; pictures below neither are left out."""

    def split(files: Sequence[Path]) -> Mapping[Path, bool]:
        above = {file: file.parent.parent.name for file in files}
        return {file: name == valid_name for file, name in above.items() if name in (train_name, valid_name)}

    return split


def FuncSplitter(func: Callable[[Path], bool]) -> Callable[[Sequence[Path]], Mapping[Path, bool]]:  # noqa: N802
    """Return what splits by a function: whether a picture is for validation."""
    return lambda files: {file: bool(func(file)) for file in files}


def RegexLabeller(pat: str, match: bool = False) -> Callable[[str | Path], str]:  # noqa: N802
    """Return what takes the first group of ``pat`` as the label, searched anywhere (``match``: from the start)."""
    compiled = re.compile(pat)

    def label(name: str | Path) -> str:
        text = Path(name).as_posix()
        found = compiled.match(text) if match else compiled.search(text)
        if found is None or not compiled.groups:
            raise InputError("the pattern {pattern} finds no label in {name}", pattern=repr(pat), name=repr(text))
        return str(found[1])

    return label


def using_attr(f: Callable[[str], object], attr: str) -> Callable[[Path], object]:
    """Return ``f`` of an attribute: ``using_attr(RegexLabeller(pattern), "name")``."""
    return lambda item: f(getattr(item, attr))
