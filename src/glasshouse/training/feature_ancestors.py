"""Features that were computed for the versions before a dataset: of pictures of the same content they are the same."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import torch

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.errors import DamagedRunError, DatasetError
from glasshouse.training.checkpoints import read_tensors

__all__ = ["FeatureAncestors"]

FAR = 20  # versions back


class FeatureAncestors:
    """What is kept beside the versions before ``dataset``; ``files`` names the shards by (fingerprint, split, size).

    Edits leave the pixels and the preprocessing of a picture as they are, so only what is new has to be computed.
    """

    def __init__(self, dataset: Dataset, files: Callable[[str, str, int], Sequence[str]]) -> None:
        self.dataset, self.files = dataset, files

    def of(self, contents: Sequence[str]) -> dict[int, torch.Tensor]:
        """Return the features (F,) of those of ``contents`` (SHA-256) that are known, by their position."""
        return {place: self._known[one] for place, one in enumerate(contents) if one in self._known}

    @cached_property
    def _known(self) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = {}
        for version in self._versions():
            for name, split in version.splits.items():
                files = self.files(version.fingerprint, name, len(split))
                shards = [_read(version.path / "features" / file) for file in files]
                if all(shard is not None for shard in shards):
                    rows = torch.cat([shard for shard in shards if shard is not None])
                    found |= {one: row for one, row in zip(split.sha256, rows) if len(rows) == len(split)}
        return found

    def _versions(self) -> Iterator[Dataset]:
        version: Dataset | None = self.dataset
        for _ in range(FAR):
            version = None if version is None else _before(version)
            if version is None:
                return
            yield version


def _before(version: Dataset) -> Dataset | None:
    told = version.parent
    if told is None or "path" not in told:
        return None
    try:
        parent = open_dataset(version.path / told["path"])
    except DatasetError:
        return None
    return parent if parent.fingerprint == told.get("fingerprint") else None


def _read(file: Path) -> torch.Tensor | None:
    try:
        return read_tensors(file)["features"]
    except (DamagedRunError, KeyError):
        return None
