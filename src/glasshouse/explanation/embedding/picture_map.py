"""A map of a dataset's pictures by what a network makes of them: similar to the network is near on the map."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import InputError
from glasshouse.events import Progress, result_of
from glasshouse.explanation.embedding.map_drawing import map_html, map_svg, write_png
from glasshouse.explanation.embedding.network_features import picture_features
from glasshouse.explanation.embedding.projection import principal_components
from glasshouse.explanation.embedding.tsne import iterations, tsne_steps
from glasshouse.explanation.opened import OpenedModel, open_model
from glasshouse.export.predictor import Model

__all__ = ["METHODS", "SPLITS", "MapPositions", "PictureMap", "check_ending", "map_pictures", "mapping"]

METHODS = ("pca", "tsne")
SPLITS = ("val", "train", "all")  # all: training and validation pictures; the test stays sealed
DIMENSIONS = 50  # principal components that t-SNE gets
SEED = 42


@dataclass(frozen=True)
class PictureMap:
    """N pictures in two dimensions; only who is near whom has a meaning, neither axis has one.

    ``labels`` and ``predicted`` int64 (N,) number ``classes`` of the dataset and ``answers`` of the model; ``splits``
    and ``rows`` say which picture of the dataset each point is. ``explained`` is the part of the variance (0..1) along
    the two axes of ``pca``, None for ``tsne``.
    """

    method: str
    classes: tuple[str, ...]
    answers: tuple[str, ...]
    paths: tuple[str, ...]
    splits: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    positions: NDArray[np.float32]
    explained: tuple[float, float] | None = None
    seed: int = SEED

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        return f"<PictureMap by {self.method}: {len(self):,} pictures, {len(self.classes)} classes>"

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the answer to each picture was right, bool (N,)."""
        answers, classes = np.array(self.answers), np.array(self.classes)
        found: NDArray[np.bool_] = answers[self.predicted] == classes[self.labels]
        return found

    def points(self) -> list[dict[str, Any]]:
        """Return ``path``, ``label``, ``predicted``, ``x``, ``y`` and ``split`` of each picture."""
        return [
            {"path": path, "label": self.classes[label], "predicted": self.answers[answer], "x": x, "y": y,
             "split": part}
            for path, label, answer, (x, y), part in zip(
                self.paths, self.labels.tolist(), self.predicted.tolist(), self.positions.tolist(), self.splits
            )
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse map --json``."""
        return {
            "method": self.method,
            "seed": self.seed,
            "classes": list(self.classes),
            "explained": None if self.explained is None else list(self.explained),
            "points": self.points(),
        }

    def save(self, path: str | Path) -> Path:
        """Write it as SVG, PNG or HTML, as the ending of ``path`` says.

        Raises:
            InputError: the ending is another one, or the file cannot be written.
        """
        place = Path(path)
        check_ending(place)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.suffix.lower() == ".png":
                write_png(place, self)
            else:
                text = map_svg(self) if place.suffix.lower() == ".svg" else map_html(self)
                place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(
                "The file {path} cannot be written: {strerror}.", path=place, strerror=error.strerror or error
            ) from None
        return place

    def _repr_html_(self) -> str:
        return map_svg(self)


@dataclass(frozen=True)
class MapPositions:
    """The map after ``iteration`` of ``iterations`` steps of t-SNE (0: by PCA)."""

    iteration: int
    iterations: int
    made: PictureMap

    @property
    def positions(self) -> NDArray[np.float32]:
        """Where the pictures are by now, float32 (N, 2)."""
        return self.made.positions


def check_ending(path: Path) -> None:
    """Refuse a file of another kind than SVG, PNG or HTML, before anything is computed.

    Raises:
        InputError: the ending is another one.
    """
    if path.suffix.lower() not in (".svg", ".png", ".html"):
        raise InputError("A map is written as .svg, .png or .html, got {name}.", name=path.name)


def map_pictures(
    model: Model | str | Path, data: Dataset | ImageData | str | Path | None = None, *, split: str = "val",
    method: Literal["pca", "tsne"] = "tsne", seed: int = SEED,
) -> PictureMap:  # fmt: skip
    """Return the pictures of a split in two dimensions, by what the last layer of the model's network gets.

    ``pca`` are the first two principal components; ``tsne`` begins there and keeps neighbours together, which takes a
    minute or two for 50,000 pictures. The same ``seed`` gives the same map. ``split`` is val, train, or all for both.

    Raises:
        ModelError: the model is damaged, or takes pictures of another size than the dataset's.
        DatasetError: the dataset is missing, or has no such split; the test split stays sealed.
    """
    return result_of(mapping(open_model(model, data), split, method, seed))


def mapping(
    opened: OpenedModel, split: str, method: str, seed: int = SEED
) -> Generator[Progress | MapPositions, None, PictureMap]:
    """Yield progress, the positions by PCA and those of t-SNE on the way, and return the map.

    Raises:
        InputError: there is no such method.
        ModelError, DatasetError: as ``map_pictures``.
    """
    if method not in METHODS:
        raise InputError("there is no method {method}; there are {METHODS}", method=method, METHODS=", ".join(METHODS))
    names = _names(opened, split)
    parts = [opened.split(name) for name in names]
    found = []
    for part in parts:
        found.append((yield from picture_features(opened, part)))
    answers = [one.answers for one in found]
    features = found[0].features if len(found) == 1 else np.concatenate([one.features for one in found])
    found.clear()
    scores, explained = principal_components(features, DIMENSIONS)
    del features  # the largest part of the memory
    plane = np.zeros((len(scores), 2), np.float32)
    plane[:, : min(2, scores.shape[1])] = scores[:, :2]
    dataset = opened.dataset
    assert dataset is not None
    told = (float(explained[0]), float(explained[1]) if len(explained) > 1 else 0.0)
    rows = [np.arange(len(part)) for part in parts]
    made = PictureMap(
        "pca", dataset.classes, opened.classes,
        tuple(path for part in parts for path in part.paths),
        tuple(name for name, part in zip(names, parts) for _ in range(len(part))), np.concatenate(rows),
        np.concatenate([part.labels for part in parts]), np.concatenate(answers), plane,
        told, seed,
    )  # fmt: skip
    yield MapPositions(0, iterations(len(scores)), made)
    return made if method == "pca" else (yield from _with_tsne(made, scores, seed))


def _with_tsne(
    made: PictureMap, scores: NDArray[np.float32], seed: int
) -> Generator[Progress | MapPositions, None, PictureMap]:
    begin, positions, last = time.monotonic(), made.positions, iterations(len(scores))
    for iteration, positions in tsne_steps(scores, seed):
        seconds = time.monotonic() - begin
        yield Progress("map", iteration, last, seconds, seconds / iteration * (last - iteration))
        yield MapPositions(iteration, last, replace(made, method="tsne", positions=positions, explained=None))
    return replace(made, method="tsne", positions=positions, explained=None)


def _names(opened: OpenedModel, split: str) -> Sequence[str]:
    if split != "all":
        return (split,)
    there = {} if opened.dataset is None else opened.dataset.splits
    return [name for name in ("train", "val") if name in there] or ("val",)
