"""The map of a model's pictures as its job leaves it, also while the job goes on: which points a page chooses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import DamagedRunError, MissingError
from glasshouse.integrity.arrays import read_arrays

__all__ = ["StoredMap", "read_map"]


@dataclass(frozen=True)
class StoredMap:
    """N points: ``pca`` and ``tsne`` float32 (N, 2); ``labels``, ``predicted``, ``rows``, ``splits`` int32 (N,).

    ``labels`` and ``predicted`` number ``names``, ``splits`` number ``parts``. ``iteration`` of ``iterations`` steps of
    t-SNE are done; ``dataset`` is the fingerprint of the dataset that it was made with.
    """

    pca: NDArray[np.float32]
    tsne: NDArray[np.float32]
    labels: NDArray[np.int32]
    predicted: NDArray[np.int32]
    rows: NDArray[np.int32]
    splits: NDArray[np.int32]
    right: NDArray[np.bool_]
    names: tuple[str, ...]
    parts: tuple[str, ...]
    iteration: int
    iterations: int
    explained: tuple[float, float]
    dataset: str

    def __len__(self) -> int:
        return len(self.labels)

    def positions(self, method: str) -> NDArray[np.float32]:
        """Return the positions by ``pca`` or ``tsne``, float32 (N, 2)."""
        return self.pca if method == "pca" else self.tsne

    def points(self) -> NDArray[np.int32]:
        """Return label, predicted class, split, row and whether the answer was right, int32 (N, 5)."""
        columns = (self.labels, self.predicted, self.splits, self.rows, self.right)
        return np.stack([column.astype("<i4") for column in columns], 1)


def read_map(run: Path, split: str) -> StoredMap:
    """Return the map of a split, or of ``all``, that lies in a run's folder.

    Raises:
        MissingError: there is none.
        DamagedRunError: it is not what was written.
    """
    file = run / "explanations" / f"map-{split}.npz"
    try:
        found: dict[str, Any] = read_arrays(file)
        steps, explained = found.pop("steps").tolist(), found.pop("explained").tolist()
        texts = {name: tuple(found.pop(name).tolist()) for name in ("names", "parts")}
        found.pop("weights", None)
        return StoredMap(
            **found | texts | {"dataset": str(found["dataset"])}, iteration=steps[0], iterations=steps[1],
            explained=(explained[0], explained[1]),
        )  # fmt: skip
    except FileNotFoundError:
        raise MissingError("There is no map of these pictures yet.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedRunError(
            "The map {name} is damaged ({fault}). Make it again.", name=file.name, fault=error
        ) from None
