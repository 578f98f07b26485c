"""The map of a run, kept in its folder while it is made: ``explanations/map-SPLIT.npz``, read by pages."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.events import Event
from glasshouse.explanation.embedding.picture_map import MapPositions, PictureMap, mapping
from glasshouse.explanation.kept import FOLDER, weights_hash
from glasshouse.explanation.opened import OpenedModel
from glasshouse.integrity.arrays import write_arrays

__all__ = ["keep_map"]

EVERY = 1.0  # seconds between two writes


def keep_map(opened: OpenedModel, run: Path, split: str) -> Generator[Event, None, dict[str, Any]]:
    """Make the map by PCA and t-SNE and keep it, again and again while the pictures move.

    The arrays are ``pca`` and ``tsne`` float32 (N, 2), ``labels``, ``predicted``, ``rows`` and ``splits`` int32 (N,)
    (of ``names``, and of ``parts``), ``right`` bool (N,), ``steps`` (iteration, iterations), ``explained`` float64
    (2,), ``dataset`` and ``weights``, the fingerprints.
    """
    steps, last, plane = mapping(opened, split, "tsne"), 0.0, None
    (run / FOLDER).mkdir(exist_ok=True)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            made: PictureMap = end.value
            return {"pictures": len(made), "wrong": int((~made.right).sum())}
        if not isinstance(step, MapPositions):
            yield step
            continue
        plane = step.made if plane is None else plane
        if step.iteration in (0, step.iterations) or time.monotonic() - last > EVERY:
            _write(opened, run, split, plane, step)
            last = time.monotonic()


def _write(opened: OpenedModel, run: Path, split: str, plane: PictureMap, step: MapPositions) -> None:
    made = step.made
    names = [*made.classes, *(name for name in made.answers if name not in made.classes)]
    number = np.array([names.index(name) for name in made.answers], np.int32)
    parts = sorted(set(made.splits))
    assert opened.dataset is not None
    write_arrays(
        run / FOLDER / f"map-{split}.npz",
        {
            "pca": plane.positions, "tsne": made.positions, "labels": made.labels.astype(np.int32),
            "predicted": number[made.predicted], "rows": made.rows.astype(np.int32),
            "splits": np.searchsorted(parts, made.splits).astype(np.int32), "right": made.right,
            "steps": np.array([step.iteration, step.iterations]), "explained": np.array(plane.explained or (0.0, 0.0)),
            "names": np.array(names), "parts": np.array(parts), "dataset": np.array(opened.dataset.fingerprint),
            "weights": np.array(weights_hash(opened)),
        },
    )  # fmt: skip
