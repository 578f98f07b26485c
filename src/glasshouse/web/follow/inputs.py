"""What went into a training and what comes out: some of its pictures as the network sees them, and its answers to them.

Made in a child process, since only there torch may be loaded: ``python -m glasshouse.web.follow.inputs`` reads one
request as JSON from its input and writes the answer. The pages ask again until it is there.
"""

import json
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import open_dataset
from glasshouse.data.gallery import pick
from glasshouse.errors import ConflictError
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.turns import who_asks
from glasshouse.web.framework.children import PREVIEW_TURNS, PREVIEWS, answer_of, failure_line
from glasshouse.web.framework.pictures import data_address, shrunk

if TYPE_CHECKING:
    from glasshouse.data.dataset import Dataset

__all__ = ["InputsAndOutputs", "inputs_and_outputs", "main"]

PICTURES, EPOCHS, SIDE, TOP, PATIENCE, KEPT = 6, 3, 112, 3, 300.0, 32


class Guess(TypedDict):
    """A class and its probability."""

    label: str
    probability: float


class SeenPicture(TypedDict):
    """A picture: ``seen`` are addresses of it as prepared, then as the first epochs saw it; ``top`` the answers."""

    path: str
    label: str
    seen: list[str]
    top: list[Guess]


class Facts(TypedDict):
    """What the network's input is normalised by, one number a channel, and whose answers are reported."""

    mean: Sequence[float]
    std: Sequence[float]
    moment: str


class InputsAndOutputs(Facts):
    """What went in and came out of a training; ``shape`` is (H, W, C)."""

    pictures: list[SeenPicture]
    shape: Sequence[int]
    classes: int


class _Answers:
    """Answers that are being made, each in the turn of who asked, and the last ones that were."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(PREVIEWS, "inputs")  # one that waits for its turn holds a thread
        self.answers: OrderedDict[str, Future[InputsAndOutputs]] = OrderedDict()
        self.lock = Lock()

    def ask(self, request: str) -> "Future[InputsAndOutputs]":
        with self.lock:
            if request not in self.answers:
                self.answers[request] = self.pool.submit(_made, request, who_asks())
            self.answers.move_to_end(request)
            while len(self.answers) > KEPT:
                self.answers.popitem(last=False)[1].cancel()
            return self.answers[request]

    def forget(self, request: str) -> None:
        with self.lock:
            self.answers.pop(request, None)


@lru_cache(maxsize=1)
def _answers_kept() -> _Answers:
    return _Answers()


def inputs_and_outputs(run: Path, dataset: Path, recipe: Mapping[str, object]) -> InputsAndOutputs | None:
    """Return what went in and came out of the run in the folder ``run``; None while it is being made.

    ``moment``: ``model``, ``best`` (the best checkpoint of a training that is not done) or empty before there is one;
    then no picture has a ``top``.

    Raises:
        BusyError: too much is asked for at once.
        InputError: the dataset is gone, or the child process failed; the text is its last line.
        ConflictError: it took too long, or the Studio is being stopped.
    """
    stamp = max((_changed(run / name) for name in ("model/model.json", "checkpoints/best.safetensors")), default=0)
    request = json.dumps([str(run), str(dataset), dict(recipe), stamp], sort_keys=True)
    future = _answers_kept().ask(request)
    if not future.done():
        return None
    if future.cancelled() or future.exception() is not None:
        _answers_kept().forget(request)  # the next one who asks has it tried again
    return future.result()


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def _made(request: str, who: str) -> InputsAndOutputs:
    try:
        with PREVIEW_TURNS.taken(PATIENCE, who):
            answer = answer_of("glasshouse.web.follow.inputs", json.loads(request), PATIENCE)
    except subprocess.TimeoutExpired:
        raise ConflictError("It took too long here; try again when the computer is less busy.") from None
    return cast(InputsAndOutputs, answer)


def main() -> None:
    """Answer the request on the input."""
    run, folder, fields, _ = json.load(sys.stdin)
    import torch

    torch.set_num_threads(1)
    dataset = open_dataset(folder)
    recipe = TrainingRecipe(**{**fields, "data": folder, "device": "cpu"}).resolved()
    split = dataset.splits["train"]
    chosen = pick(split, PICTURES)
    rows = split.rows(chosen)
    seen = _seen(dataset, recipe, rows, chosen)
    facts, probabilities = _answers(Path(run), dataset, recipe, rows)
    pictures: list[SeenPicture] = [
        {
            "path": split.paths[int(row)],
            "label": dataset.classes[int(split.labels[row])],
            "seen": [data_address(shrunk(np.ascontiguousarray(part[k]), SIDE)) for part in seen],
            "top": [] if probabilities is None else _top(probabilities[k], dataset.classes),
        }
        for k, row in enumerate(chosen)
    ]
    found: InputsAndOutputs = {
        "pictures": pictures, "shape": list(rows.shape[1:]), "classes": len(dataset.classes), **facts,
    }  # fmt: skip
    json.dump(found, sys.stdout)


def _seen(
    dataset: "Dataset", recipe: TrainingRecipe, rows: NDArray[np.uint8], chosen: NDArray[np.int64]
) -> list[NDArray[np.uint8]]:
    """The pictures as they were prepared, then as the first epochs saw them: draws follow (seed, epoch, sample)."""
    import torch

    from glasshouse.data.augment import augment

    if not recipe.augmentation.active:
        return [rows]
    alone = recipe.augmentation.unmixed()
    labels = torch.from_numpy(dataset.splits["train"].labels[chosen])
    whole = torch.from_numpy(rows).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)
    seen = [rows]
    for epoch in range(EPOCHS):
        changed, _ = augment(whole, labels, chosen, alone, recipe.seed, epoch, len(dataset.classes))
        seen.append(changed.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).numpy())
    return seen


def _answers(
    run: Path, dataset: "Dataset", recipe: TrainingRecipe, rows: NDArray[np.uint8]
) -> tuple[Facts, NDArray[np.floating] | None]:
    """What the input is normalised by, and the probabilities (n, K) of the model or of its best checkpoint."""
    from glasshouse.export.bundle import load_model
    from glasshouse.export.scoring import columns_of
    from glasshouse.training.checkpoint_model import checkpoint_model
    from glasshouse.training.setup import gather

    if (run / "model" / "model.json").is_file():
        model, moment = load_model(run, "cpu"), "model"
    elif (run / "checkpoints" / "best.safetensors").is_file():
        model, moment = checkpoint_model(run, "best", dataset.path), "best"
    else:
        resources = gather(recipe.replace(fingerprint=dataset.fingerprint), dataset, with_weights=False)
        return {"mean": resources.mean, "std": resources.std, "moment": ""}, None
    prepared, columns = model.preprocessing, columns_of(model, dataset)
    return {"mean": prepared.mean, "std": prepared.std, "moment": moment}, model.probabilities(rows)[:, columns]


def _top(probabilities: NDArray[np.floating], classes: tuple[str, ...]) -> list[Guess]:
    order = np.argsort(-probabilities, kind="stable")[:TOP]
    return [{"label": classes[int(k)], "probability": float(probabilities[k])} for k in order]


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # noqa: BLE001 (its last line is what the page tells)
        sys.exit(failure_line(error))
