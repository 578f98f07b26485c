"""Where a training's batches come from: pictures, augmented on the device, or features that were computed before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from glasshouse.data.augment import augment
from glasshouse.data.batches import batches, order
from glasshouse.data.draws import choice
from glasshouse.data.stored.rows import Split
from glasshouse.export.inference import normalized
from glasshouse.recipe import TrainingRecipe

__all__ = ["BatchSource", "FeatureBatches", "Part", "PictureBatches"]


@dataclass(frozen=True)
class Part:
    """A batch on the device: inputs (N, C, H, W) or (N, F), targets (N,) or (N, K)."""

    inputs: torch.Tensor
    targets: torch.Tensor


class BatchSource(Protocol):
    """Gives the batches of an epoch, from picture number ``start`` on; all follows from (seed, epoch, sample)."""

    def parts(self, epoch: int, start: int, stop: int) -> Iterator[Part]: ...


@dataclass(frozen=True)
class PictureBatches:
    """Pictures of a split, as (N, C, H, W) normalised float32 on the device."""

    split: Split
    recipe: TrainingRecipe
    classes: int
    device: torch.device
    mean: Sequence[float]
    std: Sequence[float]

    def parts(self, epoch: int, start: int, stop: int) -> Iterator[Part]:
        seed, changes = self.recipe.seed, self.recipe.augmentation
        samples = order(self.split, self.recipe, epoch)[start:stop]
        for batch in batches(self.split, samples, self.recipe.batch_size, device=self.device):
            pictures, targets = batch.pictures.float().div_(255), batch.labels
            if changes.active:
                pictures, targets = augment(pictures, targets, batch.samples, changes, seed, epoch, self.classes)
            yield Part(normalized(pictures, self.mean, self.std), targets)


@dataclass(frozen=True)
class FeatureBatches:
    """Rows of features (V, N, F), one view V of each picture N drawn for each epoch."""

    split: Split
    recipe: TrainingRecipe
    features: torch.Tensor
    labels: torch.Tensor

    def parts(self, epoch: int, start: int, stop: int) -> Iterator[Part]:
        samples = order(self.split, self.recipe, epoch)[start:stop]
        views = choice(self.recipe.seed, epoch, samples, "view", len(self.features))
        size = self.recipe.batch_size
        for first in range(0, len(samples), size):
            rows = torch.from_numpy(samples[first : first + size] % len(self.split)).to(self.labels.device)
            chosen = torch.from_numpy(views[first : first + size]).to(self.labels.device)
            yield Part(self.features[chosen, rows], self.labels[rows])
