"""Data sets of the book: Dataset, Spiral, SinCurve, MNIST. Nothing is downloaded."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.errors import DatasetError

from .randomness import Seed, generator
from .transforms import Compose, Flatten, Normalize, ToFloat

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MNIST", "Dataset", "SinCurve", "Spiral", "get_spiral"]

Change = Callable[[Any], Any]

ROW_FROM_0_TO_1 = Compose([Flatten(), ToFloat(), Normalize(0.0, 255.0)])


class Dataset:
    """Samples by number: ``dataset[i]`` is a pair of data and label; a subclass fills both in `prepare`.

    Source: Deep Learning from Scratch 3, step 49.

    >>> class Squares(Dataset):
    ...     def prepare(self):
    ...         self.data, self.label = np.arange(3), np.arange(3) ** 2
    >>> [(int(x), int(t)) for x, t in Squares()]
    [(0, 0), (1, 1), (2, 4)]
    """

    data: Any = None
    label: Any = None

    def __init__(
        self, train: bool = True, transform: Change | None = None, target_transform: Change | None = None
    ) -> None:
        self.train, self.transform, self.target_transform = train, transform, target_transform
        self.prepare()

    def prepare(self) -> None:
        """Fill ``self.data`` and, if there are labels, ``self.label``."""

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int | np.integer):
            raise DatasetError("a sample has one number, got {index}; use a DataLoader for batches", index=repr(index))
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} samples")
        x = self.data[index]
        t = None if self.label is None else self.label[index]
        x = x if self.transform is None else self.transform(x)
        return x, t if self.target_transform is None or t is None else self.target_transform(t)


def get_spiral(train: bool = True, samples: int = 100, classes: int = 3) -> tuple[Any, Any]:
    """Points on spiral arms, one arm a class, in mixed order. x (300, 2), t (300,).

    >>> get_spiral()[0].shape
    (300, 2)
    """
    rng = np.random.default_rng(1984 if train else 2020)
    arm, radius = np.divmod(np.arange(samples * classes), samples)
    radius = radius / samples
    angle = 4.0 * arm + 4.0 * radius + rng.normal(0.0, 0.2, len(arm))
    x = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1).astype(np.float32)
    order = rng.permutation(len(arm))
    return x[order], arm[order]


class Spiral(Dataset):
    """300 points on three spiral arms.

    Source: Deep Learning from Scratch 3, step 48.

    >>> len(Spiral())
    300
    """

    def prepare(self) -> None:
        self.data, self.label = get_spiral(self.train)


class SinCurve(Dataset):
    """A noisy sine wave (a cosine to test); the label of a point is the next one.

    Source: Deep Learning from Scratch 3, step 59.

    >>> len(SinCurve())
    999
    """

    def prepare(self) -> None:
        x = np.linspace(0, 4 * np.pi, 1000)
        noise = np.random.default_rng(0).uniform(-0.05, 0.05, x.size)
        y = (np.sin(x) + noise if self.train else np.cos(x)).astype(np.float32)
        self.data, self.label = y[:-1, None], y[1:, None]


class MNIST(Dataset):
    """Handwritten digits, or any set in the same four files, from a folder. x (784,) from 0 to 1, t 0 to 9.

    ``data`` holds the pictures as they are, uint8 (N, 1, 28, 28).

    Args:
        transform: what happens to a picture (1, 28, 28); the book's default makes one row of float32 from 0 to 1 of
            it. None leaves it as it is.
        root: the folder of ``train-images-idx3-ubyte.gz`` and its three fellows; where the book's library keeps
            them, ``.dezero`` in the home folder, if none is given.

    Source: Deep Learning from Scratch 3, step 51.
    """

    def __init__(
        self, train: bool = True, transform: Change | None = ROW_FROM_0_TO_1, target_transform: Change | None = None,
        root: str | Path | None = None,
    ) -> None:  # fmt: skip
        self.root = Path.home() / ".dezero" if root is None else Path(root)
        super().__init__(train, transform, target_transform)

    def prepare(self) -> None:
        part = "train" if self.train else "t10k"
        self.data = self._read(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
        self.label = self._read(f"{part}-labels-idx1-ubyte.gz", 8)

    @staticmethod
    def labels() -> dict[int, str]:
        """The name of each label."""
        return {digit: str(digit) for digit in range(10)}

    def show(self, row: int = 10, col: int = 10, *, seed: Seed = None) -> "Image":
        """Return a picture of ``row`` times ``col`` samples drawn at random: a notebook shows it, ``.show()`` and
        ``.save("digits.png")`` of it do outside.
        """
        from PIL import Image

        chosen = self.data[generator(seed).integers(len(self.data), size=row * col)]
        grid = chosen.reshape(row, col, 28, 28).transpose(0, 2, 1, 3).reshape(row * 28, col * 28)
        return Image.fromarray(grid)

    def _read(self, name: str, header: int) -> Any:
        path = self.root / name
        if not path.is_file():
            raise DatasetError(
                "there is no {name} in {root}, and nothing is downloaded; put the four files of MNIST or "
                "Fashion-MNIST into a folder and give it as root=",
                name=name,
                root=self.root,
            )
        return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=header)
