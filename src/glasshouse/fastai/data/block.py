"""``DataBlock``: what pictures are, how they are labelled and split, said once and used for any folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError
from glasshouse.fastai.data.transforms import RandomSplitter, get_image_files, parent_label
from glasshouse.fastai.vision.data import ImageDataLoaders

__all__ = ["CategoryBlock", "DataBlock", "ImageBlock"]


@dataclass(frozen=True)
class _Block:
    """What one side of a sample is; there are a picture and one class for it."""

    kind: str

    def __call__(self) -> "_Block":
        return self


ImageBlock, CategoryBlock = _Block("picture"), _Block("class")


@dataclass(frozen=True)
class DataBlock:
    """How pictures become data: ``DataBlock(get_y=parent_label, item_tfms=Resize(224)).dataloaders(path)``.

    ``get_items`` finds the pictures below a path, ``get_y`` says the label of one, ``splitter`` which are for
    validation (see `glasshouse.fastai.data.transforms`).
    """

    blocks: Sequence[object] = (ImageBlock, CategoryBlock)
    get_items: Callable[[Any], Sequence[Path]] = get_image_files
    splitter: Callable[[Sequence[Path]], Mapping[Path, bool]] | RandomSplitter | None = None
    get_y: Callable[[Path], object] = parent_label
    item_tfms: object = None
    batch_tfms: object = None

    def __post_init__(self) -> None:
        if [getattr(block, "kind", None) for block in self.blocks] != ["picture", "class"]:
            raise InputError(
                "blocks=(ImageBlock, CategoryBlock) is what there is: one class for each picture; all else is out of "
                "scope here, write it with fastai itself"
            )

    def new(self, item_tfms: object = None, batch_tfms: object = None) -> "DataBlock":
        """Return the same with other transforms."""
        return replace(self, item_tfms=item_tfms or self.item_tfms, batch_tfms=batch_tfms or self.batch_tfms)

    def dataloaders(self, source: str | Path, bs: int = 64, **fields: Any) -> ImageDataLoaders:
        """Return the data of the pictures below ``source``; ``fields`` are those of ``DatasetRecipe``.

        Raises:
            SourceError: there are no pictures.
            InputError: the splitter leaves one side empty.
        """
        items, root = [Path(item) for item in self.get_items(source)], Path(source)
        splitter = RandomSplitter() if self.splitter is None else self.splitter
        given = {"item_tfms": self.item_tfms, "batch_tfms": self.batch_tfms, "bs": bs, **fields}
        if isinstance(splitter, RandomSplitter):
            return ImageDataLoaders.from_path_func(root, items, self.get_y, splitter.valid_pct, splitter.seed, **given)
        held = splitter(items)
        chosen = [item for item in items if item in held]
        labels = [self.get_y(item) for item in chosen]
        return ImageDataLoaders.from_split(root, chosen, labels, [held[item] for item in chosen], **given)
