"""From a recipe to a source: what it is (folder, archive, table, arrays) is seen here; nothing is decoded."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from glasshouse.data.archives.archive import open_archive
from glasshouse.data.archives.files import DiskFiles, Files, check_regular, read_regular
from glasshouse.data.items import Given, Item, Labelled, Listed, Source
from glasshouse.data.sources.arrays import ArraySource, given_parts
from glasshouse.data.sources.file_source import FileSource
from glasshouse.data.sources.folders import label_by_folder
from glasshouse.data.sources.idx import idx_parts, is_idx_name
from glasshouse.data.sources.joined import JoinedSource
from glasshouse.data.sources.lists import LISTS, label_by_lists, lists_among, paths_of_list, read_names
from glasshouse.data.sources.named import NamedInArchive, NamedPictures
from glasshouse.data.sources.npz import npz_parts
from glasshouse.data.sources.pairs import label_by_pairs
from glasshouse.data.sources.patterns import label_by_pattern
from glasshouse.data.sources.refusal import check_classes, unknown_file
from glasshouse.data.sources.tables import label_by_table, paths_of_table
from glasshouse.errors import PictureError, SourceError
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe, LabelRecipe

__all__ = ["LABELS", "LISTS", "TABLES", "Given", "Item", "Source", "open_named", "open_named_in", "open_source",
           "source_paths"]  # fmt: skip

_WEB = re.compile(r"[a-z0-9]{2,}:/", re.IGNORECASE)
LABELS = "labels.txt"  # beside a list: the names of its numbers
TABLES = (".csv", ".tsv", ".tab")


def open_source(
    recipe: DatasetRecipe, given: Given | None = None, check: Callable[[Sequence[str]], None] | None = None
) -> Source:
    """Return the source of a recipe, read but not decoded.

    What it is: arrays handed over; a folder of class folders, or of train, val and test folders of these; a folder or
    archive (zip, tar, tar.gz, tar.bz2, tar.xz) with labels by pattern or by pairs handed over; a table (CSV); a list
    of DIGITS, or a folder with ``train.txt``; idx or npz files. ``labels.by`` decides if it is not ``auto``.
    ``check`` is given all paths that tables and lists name, as written and as found, and may refuse them.

    Raises:
        SourceError: it is missing, empty, damaged, of an unknown kind, or has fewer than two classes; the text has the
            next step.
    """
    if given is not None and given.images is not None:
        source: Source = ArraySource(given_parts(given), given.classes)
    else:
        source = _open(recipe.source, recipe.labels, given)
    extra = {"val": recipe.valid_source, "test": recipe.test_source}
    labels = recipe.labels.model_copy(update={"by": "auto"}) if recipe.labels.by == "given" else recipe.labels
    parts = {split: _open(place, labels, None) for split, place in extra.items() if place is not None}
    if parts:
        source = JoinedSource(source, parts)
    if check is not None:
        check(source.named)
    check_classes(recipe.source, source)
    return source


def open_named(path: Path, *, labels: bool = True) -> Source:
    """Return the pictures that a table or list names, however many classes it has; without ``labels`` only paths.

    Items without labels have an empty one. Lines that give no picture are among the rejected.

    Raises:
        SourceError: it is missing or empty, or its columns cannot be determined.
    """
    if labels:
        return _open_file(path, LabelRecipe(), None)
    collected = NamedPictures(path.parent)
    labelled = _collected(path, collected, labels=False)
    return FileSource(DiskFiles(collected.base, collected.tree()), labelled)


def open_named_in(archive: Files, path: str, *, labels: bool = True) -> Source:
    """Return the pictures of an archive that a table or list in it names; paths start from the list's folder.

    Raises:
        SourceError: it is empty or cannot be read, or its columns cannot be determined.
    """
    top, name = path[: path.rfind("/") + 1], path.rpartition("/")[2]
    entries = {file.path: file for file in archive.tree.files}
    collected = NamedInArchive(Path(archive.name), entries=entries, top=top)
    with TemporaryDirectory() as folder:
        for beside in {name, LABELS}:
            if f"{top}{beside}" in entries:
                Path(folder, beside).write_bytes(_bytes(archive, f"{top}{beside}"))
        labelled = _collected(Path(folder, name), collected, labels)
    return FileSource(archive, labelled)


def _bytes(archive: Files, path: str) -> bytes:
    try:
        return archive.read(path)
    except PictureError as error:
        raise SourceError("{path} cannot be used: {error}", path=path, error=error) from None


def _collected(path: Path, collected: NamedPictures, labels: bool) -> Labelled:
    """Return what a table or list names, with its labels or only with its paths."""
    _readable(path)
    if path.suffix.lower() in TABLES:
        return label_by_table(path, collected, LabelRecipe()) if labels else paths_of_table(path, collected)
    if not labels:
        return paths_of_list(path, collected)
    beside = path.parent / LABELS
    return label_by_lists([(path, None)], collected, beside if beside.is_file() else None)


def source_paths(source: str) -> list[str]:
    """Return the paths of all files of a folder or archive, relative to it and sorted; hidden ones are passed over."""
    root = _existing(source)
    files = DiskFiles(root) if root.is_dir() else open_archive(root)
    if files is None:
        raise unknown_file(root)
    return [file.path for file in files.tree.files]


def _existing(place: str) -> Path:
    root = Path(place).expanduser()
    try:
        found = root.exists()
    except OSError as error:
        raise SourceError("{path} cannot be read: {strerror}", path=place, strerror=error.strerror) from None
    if not found:
        web = Message("; fetch it first, nothing is loaded from the network") if _WEB.match(place) else ""
        where = "" if root.is_absolute() or web else Message(" (looked in {Path})", Path=Path.cwd())
        raise SourceError(
            "there is no {place}{where}{web}; give a folder of class folders, a table or an archive",
            place=place,
            where=where,
            web=web,
        )
    return root


def _open(place: str, labels: LabelRecipe, given: Given | None) -> Source:
    root = _existing(place)
    return _open_folder(root, labels, given) if root.is_dir() else _open_file(root, labels, given)


def _open_folder(root: Path, labels: LabelRecipe, given: Given | None) -> Source:
    if labels.by == "csv":
        return _table(_only_table(root), labels)
    files = DiskFiles(root)
    if given is not None and given.labels is not None:
        return FileSource(files, label_by_pairs(files.tree, given, root))
    if labels.by == "pattern" or (labels.by == "auto" and labels.pattern):
        return FileSource(files, label_by_pattern(files.tree, labels.pattern or ""))
    by_folder = label_by_folder(files.tree)
    kind = labels.by if labels.by != "auto" else _kind_of_folder(files, by_folder)
    if kind == "idx":
        return _idx([root / file.path for file in files.tree.files if is_idx_name(file.path)], root, labels)
    if kind == "list":
        top = [file.written or file.path for file in files.tree.files if "/" not in file.path]
        return _lists([(root / name, split) for name, split in lists_among(top).items()], root, labels)
    if kind == "given":
        raise _nothing_given(root)
    return FileSource(files, by_folder)


def _kind_of_folder(files: DiskFiles, by_folder: Labelled) -> str:
    top = [file.path for file in files.tree.files if "/" not in file.path]
    looked_through = any(one.kind == "wrapper" for one in by_folder.warnings)
    if looked_through or len({item.label for item in by_folder.items}) < 2:
        if any(is_idx_name(name) for name in top):
            return "idx"
        if "train" in lists_among(top).values():
            return "list"
    return "folder"


def _open_file(path: Path, labels: LabelRecipe, given: Given | None) -> Source:
    _plain(path)
    ending = path.suffix.lower()
    if labels.by == "csv" or (labels.by == "auto" and ending in TABLES):
        return _table(path, labels)
    if labels.by == "list" or (labels.by == "auto" and ending in LISTS):
        return _lists([(path, None)], path.parent, labels)
    if labels.by == "idx" or is_idx_name(path.name):
        return _idx([path], path.parent, labels)
    if ending == ".npz":
        parts, findings = npz_parts(path)
        return ArraySource(parts, _names(labels, path.parent), [_listed(path)], findings)
    archive = open_archive(path)
    if archive is None:
        raise unknown_file(path)
    if labels.by == "given" and (given is None or given.labels is None):
        raise _nothing_given(path)
    if given is not None and given.labels is not None:
        labelled = label_by_pairs(archive.tree, given)
    elif labels.by == "pattern" or (labels.by == "auto" and labels.pattern):
        labelled = label_by_pattern(archive.tree, labels.pattern or "")
    else:
        labelled = label_by_folder(archive.tree, packed=True)
    return FileSource(archive, labelled, archive.findings, archive.stamp())


def _nothing_given(root: Path) -> SourceError:
    return SourceError("labels of {root} are to be handed over in Python (labels.by is given), and were not", root=root)


def _table(path: Path, labels: LabelRecipe) -> Source:
    _readable(path)
    collected = NamedPictures(_pictures(labels, path.parent))
    labelled = label_by_table(path, collected, labels)
    return FileSource(DiskFiles(collected.base, collected.tree()), labelled)


def _lists(lists: list[tuple[Path, str | None]], root: Path, labels: LabelRecipe) -> Source:
    if not lists:
        raise SourceError("{root} has no list: expected train.txt, and optionally val.txt and test.txt", root=root)
    for path, _ in lists:
        _readable(path)
    beside = root / LABELS
    labels_file = _beside(root, labels.labels_file) if labels.labels_file else beside if beside.is_file() else None
    if labels_file is not None and labels_file.exists():
        _readable(labels_file)
    collected = NamedPictures(_pictures(labels, root))
    labelled = label_by_lists(lists, collected, labels_file)
    return FileSource(DiskFiles(collected.base, collected.tree()), labelled)


def _idx(paths: list[Path], root: Path, labels: LabelRecipe) -> Source:
    parts = idx_parts(paths)
    if not parts:
        raise SourceError(
            "{root} has no idx files; expected such as train-images-idx3-ubyte.gz with its labels", root=root
        )
    return ArraySource(parts, _names(labels, root), [_listed(path) for path in sorted(paths)])


def _names(labels: LabelRecipe, root: Path) -> list[str] | None:
    if not labels.labels_file:
        return None
    if (file := _beside(root, labels.labels_file)).exists():
        _readable(file)
    return read_names(file)


def _pictures(labels: LabelRecipe, root: Path) -> Path:
    folder = _beside(root, labels.pictures) if labels.pictures else root
    if not folder.is_dir():
        raise SourceError(
            "the folder of the pictures, {folder}, is missing; give the one that the paths begin in", folder=folder
        )
    return folder


def _beside(root: Path, name: str) -> Path:
    """Return the path of a file or folder that is named from the source's folder, or from where we are."""
    written = Path(name).expanduser()
    return root / written if (root / written).exists() else written


def _only_table(root: Path) -> Path:
    try:
        tables = sorted(path for path in root.iterdir() if path.suffix.lower() in TABLES and path.is_file())
    except OSError as error:
        raise SourceError("{path} cannot be read: {strerror}", path=root, strerror=error.strerror) from None
    if len(tables) != 1:
        names = ", ".join(path.name for path in tables) or "none"
        raise SourceError(
            "{root} has {tables} tables ({names}); give the table itself as the source",
            root=root,
            tables=len(tables),
            names=names,
        )
    return tables[0]


def _plain(path: Path) -> None:
    try:
        check_regular(path)
    except PictureError as error:
        raise SourceError("{path} cannot be used: {error}", path=path, error=error) from None


def _readable(path: Path) -> None:
    try:
        data = read_regular(path)
    except PictureError as error:
        raise SourceError("{path} cannot be used: {error}", path=path, error=error) from None
    if b"\0" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError("{path} is no text file; expected lines such as path,label", path=path)


def _listed(path: Path) -> Listed:
    found = path.stat()
    return Listed(path.name, found.st_size, found.st_mtime_ns)
