"""``keras.datasets``: MNIST and Fashion-MNIST, from files at hand; nothing is downloaded.

``fashion_mnist.load_data()`` looks in ``~/.keras/datasets/fashion-mnist`` and ``~/.keras/datasets``; give another
folder as ``load_data(root="folder")``.
"""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from glasshouse.errors import DatasetError, no_such_name

from .hints import DATASETS

__all__ = ["FourFiles", "fashion_mnist", "mnist"]

Arrays: TypeAlias = tuple[np.ndarray, np.ndarray]


class FourFiles:
    """A set of pictures in the four idx files of MNIST."""

    def __init__(self, name: str, folder: str) -> None:
        self.name, self.folder = name, folder

    def load_data(self, root: str | Path | None = None) -> tuple[Arrays, Arrays]:
        """(x_train, y_train), (x_test, y_test): x uint8 (N, 28, 28), y uint8 (N,).

        Raises:
            DatasetError: a file is missing; where to put it is said.
        """
        home = Path.home() / ".keras" / "datasets"
        places = [Path(root)] if root is not None else [home / self.folder, home]
        first, second = (self._part(part, places) for part in ("train", "t10k"))
        return first, second

    def _part(self, part: str, places: list[Path]) -> Arrays:
        x = self._read(f"{part}-images-idx3-ubyte.gz", places, 16).reshape(-1, 28, 28)
        return x, self._read(f"{part}-labels-idx1-ubyte.gz", places, 8)

    def _read(self, name: str, places: list[Path], header: int) -> np.ndarray:
        for place in places:
            if (place / name).is_file():
                return np.frombuffer(gzip.decompress((place / name).read_bytes()), np.uint8, offset=header).copy()
        raise DatasetError(
            "there is no {name} for {set} in {places}, and nothing is downloaded; put its four files there, or give "
            "their folder: load_data(root=...)",
            name=name,
            set=self.name,
            places=" or ".join(map(str, places)),
        )


mnist = FourFiles("MNIST", "mnist")
fashion_mnist = FourFiles("Fashion-MNIST", "fashion-mnist")


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, DATASETS)
