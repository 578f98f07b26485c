"""Features of a frozen network, computed once and kept beside the dataset.

A part of the cache is named by all that it follows from: dataset, network, weights, preprocessing, engine and, for
augmented views, augmentation and seed. It is written in shards, each atomically, so an interrupted computation goes on.
"""

import copy
import hashlib
import json
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from glasshouse.data.augment import augment
from glasshouse.data.dataset import Dataset
from glasshouse.data.stored.chosen import parts_of
from glasshouse.data.stored.rows import Split
from glasshouse.errors import DamagedRunError
from glasshouse.events import Progress
from glasshouse.export.engines import ENGINES
from glasshouse.export.inference import Inference, block_size, normalized
from glasshouse.networks.build import Built
from glasshouse.networks.folding import Pooled
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import read_tensors, write_tensors
from glasshouse.training.devices import deterministic, is_memory_error
from glasshouse.training.feature_ancestors import FeatureAncestors

__all__ = ["Extractor", "View", "cache_folder", "compute_features"]

FORMAT = 2
SHARD = 512  # pictures a file
ROUND = 4  # blocks of pictures a thread between two reports of progress, after which it can be stopped


@dataclass(frozen=True)
class View:
    """One way to look at a split: ``number`` None is the plain picture, else the draws of that epoch."""

    split: Split
    number: int | None = None


class Extractor:
    """The frozen network without its head: pictures of a view to features (n, F), with the bits a model computes."""

    def __init__(self, built: Built, recipe: TrainingRecipe, dataset: Dataset, mean: Sequence[float],
                 std: Sequence[float], device: torch.device) -> None:  # fmt: skip
        self.digest = _weights_digest(built)
        self.built, self.device = built, device
        self.recipe, self.dataset, self.mean, self.std = recipe, dataset, mean, std

    @cached_property
    def inference(self) -> Inference:
        """The network, prepared when the first picture is computed: not for features that are in the cache."""
        body = _without_head(self.built).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return Inference(body, self.dataset.preprocessing.shape, engine=self.recipe.engine or "torch")

    @property
    def prepared(self) -> Inference | None:
        """The network if it was prepared."""
        return self.__dict__.get("inference")

    @property
    def engine(self) -> str:
        """What computes: that of the recipe, unless it turned out that it cannot compute this network."""
        return (self.recipe.engine or "torch") if self.prepared is None else self.prepared.engine

    @property
    def block(self) -> int:
        """How many pictures are computed at once."""
        if self.prepared is not None:
            return self.prepared.block
        return block_size(self.dataset.height, self.dataset.width, self.device)

    def features(self, view: View, samples: NDArray[np.int64]) -> torch.Tensor:
        """Return features (n, F) on the CPU for the pictures ``samples`` (n,) of the view."""
        while True:
            try:
                with deterministic():
                    return self.inference.outputs(len(samples), partial(self._inputs, view, samples))
            except (RuntimeError, MemoryError) as error:
                if not is_memory_error(error) or self.inference.block == 1:
                    raise
                self.inference.block //= 2  # a smaller block takes less memory

    def _inputs(self, view: View, samples: NDArray[np.int64], first: int, end: int) -> torch.Tensor:
        return self._pictures(view, samples[first:end])

    def _pictures(self, view: View, samples: NDArray[np.int64]) -> torch.Tensor:
        rows = torch.from_numpy(np.ascontiguousarray(view.split.rows(samples))).permute(0, 3, 1, 2)
        pictures = rows.to(self.device).float().div_(255)
        if view.number is not None:
            labels = torch.from_numpy(view.split.labels[samples]).to(self.device)
            changes, seed = self.recipe.augmentation, self.recipe.seed
            classes = len(self.dataset.classes)
            origin = view.split.origin(samples)
            pictures, _ = augment(pictures, labels, origin, changes, seed, view.number, classes)
        return normalized(pictures, self.mean, self.std)


def compute_features(
    extractor: Extractor, views: Sequence[View], folder: Path
) -> Generator[Progress, None, list[torch.Tensor]]:
    """Yield progress and return features (N, F) of each view, from the cache in ``folder`` where it has them.

    Of chosen pictures (a fold), the splits that they come from are computed and kept: the next fold finds them.
    """
    parts = [[View(split, view.number) for split, _ in parts_of(view.split)] for view in views]
    whole = list({(view.split.name, view.number): view for one in parts for view in one}.values())
    found = yield from _computed(extractor, whole, folder)
    by_view = {(view.split.name, view.number): features for view, features in zip(whole, found)}
    return [
        torch.cat([by_view[split.name, view.number][rows] for split, rows in parts_of(view.split)]) for view in views
    ]


def _computed(
    extractor: Extractor, views: Sequence[View], folder: Path
) -> Generator[Progress, None, list[torch.Tensor]]:
    total = sum(len(view.split) for view in views)
    done, fresh, start = 0, 0, time.monotonic()
    result = []
    for view in views:
        shards, ancestors = [], _ancestors(extractor, view)
        for first in range(0, len(view.split), SHARD):
            samples = np.arange(first, min(first + SHARD, len(view.split)), dtype=np.int64)
            shard = _read(_file(folder, extractor, view, first), len(samples))
            if shard is None and extractor.prepared is None:
                _ = extractor.inference  # says what computes in the end, which the name of the file follows from
                shard = _read(_file(folder, extractor, view, first), len(samples))
            if shard is None:
                known = {} if ancestors is None else ancestors.of([view.split.sha256[k] for k in samples.tolist()])
                left = np.delete(samples, list(known))
                pieces = []
                size = ROUND * torch.get_num_threads() * extractor.inference.block
                for at in range(0, len(left), size):
                    pieces.append(extractor.features(view, left[at : at + size]))
                    fresh += len(pieces[-1])
                    seconds = time.monotonic() - start
                    now = done + len(known) + sum(map(len, pieces))
                    yield Progress("features", now, total, seconds, seconds / fresh * (total - now))
                shard = _merged(known, pieces, len(samples))
                write_tensors(_file(folder, extractor, view, first), {"features": shard})
            done += len(samples)
            shards.append(shard)
        result.append(torch.cat(shards))
    return result


def _ancestors(extractor: Extractor, view: View) -> FeatureAncestors | None:
    """Return what versions before the dataset have of plain pictures; None if it is the first one."""
    if view.number is not None or extractor.dataset.parent is None:
        return None

    def files(fingerprint: str, split: str, size: int) -> list[str]:
        key = _key(extractor, split, None, fingerprint)
        return [_shard_name(key, first) for first in range(0, size, SHARD)]

    return FeatureAncestors(extractor.dataset, files)


def _merged(known: Mapping[int, torch.Tensor], pieces: Sequence[torch.Tensor], count: int) -> torch.Tensor:
    """Return the features (count, F) of a shard: those that are known, at their places, between the computed ones."""
    if not known:
        return torch.cat(list(pieces))
    rows = iter(torch.cat(list(pieces)) if pieces else ())
    return torch.stack([known[place] if place in known else next(rows) for place in range(count)])


def cache_folder(dataset: Dataset, run: Path) -> Path:
    """Return where features are kept: in the dataset's folder, or in the run's where that cannot be written."""
    folder = dataset.path / "features"
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError:
        return run / "features"
    return folder


def _weights_digest(built: Built) -> str:
    """Return the SHA-256 of all weights and buffers but the head's."""
    digest = hashlib.sha256()
    for name, tensor in sorted(built.module.state_dict().items()):
        if name.startswith(f"{built.head_name}."):
            continue
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _without_head(built: Built) -> nn.Module:
    body = copy.deepcopy(built.module).eval().requires_grad_(False)
    body.set_submodule(built.head_name, Pooled())
    return body


def _file(folder: Path, extractor: Extractor, view: View, first: int) -> Path:
    key = _key(extractor, view.split.name, view.number, extractor.dataset.fingerprint)
    return folder / _shard_name(key, first)


def _shard_name(key: str, first: int) -> str:
    return f"{key}-{first:08d}.safetensors"


def _key(extractor: Extractor, split: str, number: int | None, fingerprint: str) -> str:
    facts = {
        "format": FORMAT,
        "dataset": fingerprint,
        "split": split,
        "weights": extractor.digest,
        "mean": list(extractor.mean),
        "std": list(extractor.std),
    }
    recipe = extractor.recipe
    if recipe.layers is not None:  # equal weights in other layers give other features
        facts["network"] = recipe.layers.description["layers"]
    if extractor.engine != "torch":  # whose features of before keep their names
        engine = ENGINES[extractor.engine]
        facts["engine"] = [engine.package, engine.version, engine.precision]
    if number is not None:
        facts |= {"augmentation": recipe.augmentation.model_dump(mode="json"), "seed": recipe.seed, "view": number}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def _read(path: Path, count: int) -> torch.Tensor | None:
    """Return the features in a file, None if there is none or it is damaged: they are computed again then."""
    try:
        features = read_tensors(path)["features"]
    except (DamagedRunError, KeyError):
        return None
    return features if len(features) == count else None
