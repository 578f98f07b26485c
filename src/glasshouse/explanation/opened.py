"""A model opened for explanations: its module with gradients, its dataset, and pictures as its network sees them."""

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.stored.rows import Split
from glasshouse.errors import DatasetError, ModelError
from glasshouse.export.bundle import load_model
from glasshouse.export.predictor import Model
from glasshouse.export.reading import Picture, read_pictures
from glasshouse.export.scoring import dataset_of, find_data

__all__ = ["OpenedModel", "open_model"]


@dataclass(frozen=True)
class OpenedModel:
    """A model whose network can be looked into; ``dataset`` is None if it was not asked for or is not there."""

    model: Model
    dataset: Dataset | None = None

    @cached_property
    def module(self) -> nn.Module:
        """A copy of the network in float32 on the CPU, in eval mode: hooks on it change nobody's answers.

        It takes ``inputs`` and gives logits (N, K); no parameter asks for a gradient.
        """
        return deepcopy(self.model.module).cpu().float().eval().requires_grad_(requires_grad=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the logits."""
        return self.model.classes

    def inputs(self, rows: NDArray[np.uint8]) -> Tensor:
        """Return what the network sees of ``rows`` (n, H, W, C): (value/255 - mean) / std, float32 (n, C, H, W)."""
        own = self.model.preprocessing
        mean, std = (torch.tensor(each, dtype=torch.float32).view(1, -1, 1, 1) for each in (own.mean, own.std))
        x = torch.from_numpy(np.array(rows)).permute(0, 3, 1, 2).float()
        return ((x / 255 - mean) / std).contiguous()

    def row(self, picture: Picture) -> NDArray[np.uint8]:
        """Return a picture (path, bytes, PIL image or array) as the network's size, uint8 (H, W, C).

        Raises:
            ModelError: it cannot be read.
        """
        (batch,) = read_pictures([picture], self.model.preprocessing, 1)
        if batch[0].row is None:
            raise ModelError("{path}: {error}", path=batch[0].path or "the picture", error=batch[0].error)
        return batch[0].row

    def split(self, name: str) -> Split:
        """Return a split of the dataset.

        Raises:
            DatasetError: there is no dataset, no such split, or it is the sealed test.
        """
        if self.dataset is None:
            raise DatasetError("The model has no dataset here; name one with --data.")
        if name == "test":
            raise DatasetError("The test pictures are sealed; explanations take pictures of train or val.")
        if name not in self.dataset.splits:
            raise DatasetError(
                "The dataset {path} has no pictures {name}; it has {there}.",
                path=self.dataset.path, name=name, there=", ".join(self.dataset.splits),
            )  # fmt: skip
        return self.dataset.splits[name]


def open_model(
    model: Model | str | Path, data: Dataset | ImageData | str | Path | None = None, *, needs_data: bool = True
) -> OpenedModel:
    """Open a run or a model with its dataset: ``data``, or the one that it was trained on.

    With ``needs_data=False`` a dataset that is not found is None; one that is named must be there.

    Raises:
        ModelError: the model is damaged, or takes pictures of another size than the dataset's.
        DatasetError: the dataset is missing.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    try:
        dataset = dataset_of(find_data(loaded) if data is None else data)
    except (DatasetError, ModelError):
        if needs_data or data is not None:
            raise
        return OpenedModel(loaded)
    own, given = loaded.preprocessing.shape, dataset.preprocessing.shape
    if own != given:
        if data is None and not needs_data:
            return OpenedModel(loaded)
        raise ModelError(
            "The model takes pictures of {own}, the dataset has {given}; give the one that it was trained on.",
            own="x".join(map(str, own)), given="x".join(map(str, given)),
        )  # fmt: skip
    return OpenedModel(loaded, dataset)
