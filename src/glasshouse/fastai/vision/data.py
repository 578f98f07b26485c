"""``ImageDataLoaders``: a dataset, the random changes of its pictures, and the batch size."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from PIL import Image

from glasshouse.data.gallery import Gallery
from glasshouse.data.image_data import ImageData
from glasshouse.data.stored.rows import Split
from glasshouse.errors import InputError, SourceError
from glasshouse.fastai.data.tables import labels_of, read_rows
from glasshouse.fastai.data.transforms import get_image_files, parent_label
from glasshouse.fastai.hints import LOADERS, no_such_attribute
from glasshouse.fastai.labels import vocabulary
from glasshouse.fastai.vision.augment import look_of

__all__ = ["ImageDataLoaders"]

_Names = Sequence[str | Path]
_LOOKED_AT = 64  # pictures, where no size is given


@dataclass(frozen=True)
class ImageDataLoaders:
    """Pictures as fastai's ``dls``: ``data`` is the ImageData, ``changes`` its augmentation, ``bs`` the batch size.

    All ``from_`` methods take ``valid_pct`` (the part of the pictures that is for validation), ``seed`` of that split,
    ``item_tfms`` and ``batch_tfms`` (see `glasshouse.fastai.vision.augment`), ``bs``, and fields of ``DatasetRecipe``.
    """

    data: ImageData
    path: Path
    changes: Mapping[str, Any] = field(default_factory=dict)
    bs: int = 64
    normalize: str | None = None

    @classmethod
    def from_name_func(
        cls, path: str | Path, fnames: _Names, label_func: Callable[[str], object], valid_pct: float = 0.2,
        seed: int | None = None, **kwargs: Any,
    ) -> Self:  # fmt: skip
        """``label_func`` says the label of a file's name; the names keep being booleans if it answers so."""
        labels = {name: label_func(name.rpartition("/")[2]) for name in _below(path, fnames)}
        return cls._made(path, labels, None, valid_pct, seed, **kwargs)

    @classmethod
    def from_path_func(
        cls, path: str | Path, fnames: _Names, label_func: Callable[[Path], object], valid_pct: float = 0.2,
        seed: int | None = None, **kwargs: Any,
    ) -> Self:  # fmt: skip
        """``label_func`` says the label of a file's path."""
        labels = {name: label_func(Path(path) / name) for name in _below(path, fnames)}
        return cls._made(path, labels, None, valid_pct, seed, **kwargs)

    @classmethod
    def from_name_re(
        cls, path: str | Path, fnames: _Names, pat: str, valid_pct: float = 0.2, seed: int | None = None,
        **kwargs: Any,
    ) -> Self:  # fmt: skip
        """The first group of ``pat``, searched in a file's name, is the label; files without it are left out."""
        return cls.from_name_func(path, fnames, _first_group(pat), valid_pct, seed, **kwargs)

    @classmethod
    def from_path_re(
        cls, path: str | Path, fnames: _Names, pat: str, valid_pct: float = 0.2, seed: int | None = None,
        **kwargs: Any,
    ) -> Self:  # fmt: skip
        """The first group of ``pat``, searched in a file's path, is the label; files without it are left out."""
        found = _first_group(pat)
        return cls.from_path_func(path, fnames, lambda file: found(file.as_posix()), valid_pct, seed, **kwargs)

    @classmethod
    def from_lists(
        cls, path: str | Path, fnames: _Names, labels: Sequence[object], valid_pct: float = 0.2,
        seed: int | None = None, **kwargs: Any,
    ) -> Self:  # fmt: skip
        """One label for each of the files."""
        if len(fnames) != len(labels):
            raise InputError("{files} files and {labels} labels; give one label for each file",
                             files=len(fnames), labels=len(labels))  # fmt: skip
        return cls._made(path, dict(zip(_below(path, fnames), labels)), None, valid_pct, seed, **kwargs)

    @classmethod
    def from_split(
        cls, path: str | Path, fnames: _Names, labels: Sequence[object], valid: Sequence[bool], **kwargs: Any
    ) -> Self:
        """One label for each of the files, and whether it is for validation; see `DataBlock`."""
        names = _below(path, fnames)
        splits = {name: "val" if held else "train" for name, held in zip(names, valid)}
        if set(splits.values()) != {"train", "val"}:
            raise InputError("the splitter puts all {count} pictures on one side", count=len(names))
        return cls._made(path, dict(zip(names, labels)), splits, 0.0, None, **kwargs)

    @classmethod
    def from_folder(
        cls, path: str | Path, train: str = "train", valid: str = "valid", valid_pct: float | None = None,
        seed: int | None = None, **kwargs: Any,
    ) -> Self:  # fmt: skip
        """Class folders in the folders ``train`` and ``valid``; with ``valid_pct``, all by their folder's name.

        Raises:
            SourceError: a folder is missing.
        """
        root = Path(path)
        if valid_pct is not None:
            return cls.from_path_func(root, get_image_files(root), parent_label, valid_pct, seed, **kwargs)
        for name in (train, valid):
            if not (root / name).is_dir():
                there = ", ".join(sorted(one.name for one in root.glob("*") if one.is_dir())[:10]) or "no folder"
                raise SourceError(
                    "{root} has no folder {name}; it has {there}. Name the two with train= and valid=, or split the "
                    "pictures with valid_pct=0.2",
                    root=root,
                    name=name,
                    there=there,
                )
        names = {
            split: _below(root, get_image_files(root / name)) for split, name in (("train", train), ("val", valid))
        }
        splits = {name: split for split, found in names.items() for name in found}
        labels: dict[str, object] = {name: parent_label(name) for name in splits}
        return cls._made(root, labels, splits, 0.0, seed, **kwargs)

    @classmethod
    def from_csv(
        cls, path: str | Path, csv_fname: str = "labels.csv", header: str | None = "infer",
        delimiter: str | None = None, **kwargs: Any,
    ) -> Self:  # fmt: skip
        """The table ``csv_fname`` in ``path``; see ``from_df``. ``header=None``: it has no line of names."""
        return cls.from_df(read_rows(Path(path) / csv_fname, header is not None, delimiter), path, **kwargs)

    @classmethod
    def from_df(
        cls, df: Any, path: str | Path = ".", valid_pct: float = 0.2, seed: int | None = None, fn_col: int | str = 0,
        folder: str | None = None, suff: str = "", label_col: int | str = 1, valid_col: int | str | None = None,
        **kwargs: Any,
    ) -> Self:  # fmt: skip
        """A pandas table (or columns by name): files in ``fn_col`` (below ``folder``, with ``suff`` at their end),
        labels in ``label_col``, and if ``valid_col`` is given, there whether a picture is for validation.
        """
        labels, splits = labels_of(df, fn_col, label_col, valid_col, lambda name: _joined(folder, name, suff))
        return cls._made(path, labels, splits, 0.0 if splits else valid_pct, seed, **kwargs)

    @classmethod
    def _made(
        cls, path: str | Path, labels: Mapping[str, object], splits: Mapping[str, str] | None, valid_pct: float,
        seed: int | None, item_tfms: object = None, batch_tfms: object = None, bs: int = 64, **fields: Any,
    ) -> Self:  # fmt: skip
        look, root = look_of(item_tfms, batch_tfms), Path(path).expanduser()
        size = look.size or _common_size(root, list(labels))
        seeded = {} if seed is None else {"seed": seed}
        resized = {"resize": look.method or "squash"}
        data = ImageData.from_labels(
            root, labels, splits, size=size, **{"valid": valid_pct, **seeded, **resized, **fields}
        )
        return cls(data, root, look.changes, bs, look.normalize)

    if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

        def __getattr__(self, name: str) -> object:
            raise no_such_attribute("ImageDataLoaders", name, LOADERS)

    @property
    def vocab(self) -> list[Any]:
        """The classes; booleans if the labels are."""
        return vocabulary(self.data.classes)

    @property
    def c(self) -> int:
        """How many classes there are."""
        return len(self.data.classes)

    @property
    def train_ds(self) -> Split:
        """The pictures to learn from."""
        return self.data.train

    @property
    def valid_ds(self) -> Split:
        """The pictures for validation.

        Raises:
            InputError: there are none.
        """
        if self.data.valid is None:
            raise InputError("there are no validation pictures; make the data with valid_pct=0.2")
        return self.data.valid

    def split(self, ds_idx: int) -> Split:
        """Return the pictures to learn from (0) or for validation (1)."""
        return self.valid_ds if ds_idx else self.train_ds

    def show_batch(
        self, max_n: int = 9, nrows: int | None = None, ncols: int | None = None, unique: bool = False,
        figsize: tuple[float, float] | None = None,
    ) -> Gallery:  # fmt: skip
        """Return training pictures, changed as a training would, with their labels; ``unique``: forms of one picture.

        The last line of a notebook's cell shows them, ``.save("batch.png")`` writes them.
        """
        del nrows, ncols, figsize  # a page finds its own
        return self.data.show_augmented(self.changes, max_n, row=0 if unique else None)

    def test_dl(self, items: Sequence[Any]) -> list[Any]:
        """Return pictures without labels, for ``learn.get_preds(dl=...)``."""
        return list(items)

    def __repr__(self) -> str:
        return f"<ImageDataLoaders of {self.data!r}, batches of {self.bs}>"


def _below(path: str | Path, fnames: _Names) -> list[str]:
    """Return each file's name relative to ``path``; names that are relative already are taken as they are."""
    root = Path(path).expanduser()
    whole = root.absolute()
    found = []
    for name in map(Path, fnames):
        for base, file in ((root, name), (whole, name.absolute())):
            if file.is_relative_to(base):
                found.append(file.relative_to(base).as_posix())
                break
        else:
            found.append(name.as_posix())
    return found


def _joined(folder: str | None, name: str, suff: str) -> str:
    return (f"{folder}/" if folder else "") + name + suff


def _first_group(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern)
    if compiled.groups < 1:
        raise InputError("the pattern {pattern} has no group: put brackets around the label", pattern=repr(pattern))

    def label(text: str) -> str | None:
        found = compiled.search(text)
        return None if found is None else found.group(1)

    return label


def _common_size(root: Path, names: Sequence[str]) -> tuple[int, int]:
    """Return the one (width, height) that the pictures have, where no transform gives one.

    Raises:
        InputError: they have several.
    """
    sizes = set()
    for name in names[:: max(1, len(names) // _LOOKED_AT)]:
        try:
            with Image.open(root / name) as picture:
                sizes.add(picture.size)
        except (OSError, ValueError):
            continue  # it is listed when all are read
    if len(sizes) > 1:
        shown = ", ".join(f"{width}x{height}" for width, height in sorted(sizes)[:3])
        raise InputError("the pictures have several sizes ({shown}); give them one with item_tfms=Resize(224)",
                         shown=shown)  # fmt: skip
    return sizes.pop() if sizes else (224, 224)
