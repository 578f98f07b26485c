"""What ImageDataGenerator subtracts and divides by: of each picture (samplewise), or of all given to ``fit``."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from glasshouse.errors import DatasetError

__all__ = ["Standardizing"]

EPSILON = 1e-6  # Keras' number, so that an even picture does not divide by zero


@dataclass
class Standardizing:
    """The four options, and the mean and deviation of each channel, float32 (1, 1, C), that `learn` finds."""

    samplewise_center: bool = False
    samplewise_std: bool = False
    featurewise_center: bool = False
    featurewise_std: bool = False
    mean: np.ndarray | None = None
    std: np.ndarray | None = None

    @classmethod
    def of(cls, samplewise_center: bool, samplewise_std: bool, featurewise_center: bool, featurewise_std: bool) -> Self:
        """As Keras: who divides by the deviation subtracts the mean, too."""
        return cls(samplewise_center or samplewise_std, samplewise_std, featurewise_center or featurewise_std,
                   featurewise_std)  # fmt: skip

    def learn(self, x: np.ndarray) -> None:
        """Take mean and deviation of each channel of pictures (N, H, W, C)."""
        self.mean = x.mean((0, 1, 2), keepdims=True)[0]
        self.std = x.std((0, 1, 2), keepdims=True)[0]

    def apply(self, x: np.ndarray) -> np.ndarray:
        """One picture (H, W, C), a new array.

        Raises:
            DatasetError: numbers of all pictures are wanted, and `learn` did not see any.
        """
        if self.featurewise_center and self.mean is None:
            raise DatasetError(
                "featurewise_center and featurewise_std_normalization need the mean of pictures: call generator.fit(x) "
                "with an array of them first, or take samplewise_center"
            )
        if self.samplewise_center:
            x = x - x.mean()
        if self.samplewise_std:
            x = x / (x.std() + EPSILON)
        if self.featurewise_center and self.mean is not None:
            x = x - self.mean
        if self.featurewise_std and self.std is not None:
            x = x / (self.std + EPSILON)
        return x.astype(np.float32)
