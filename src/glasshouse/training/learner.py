"""Learner: a network and its data in five lines of Python; every ``fit`` is a run with its own recipe."""

import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import GlasshouseError, RunError
from glasshouse.evaluation.named_metrics import check_metrics
from glasshouse.evaluation.report import Report
from glasshouse.events import EpochDone, Event, event_from_json, result_of
from glasshouse.export.bundle import load_model, save
from glasshouse.export.predictor import Model, Prediction
from glasshouse.export.scoring import evaluate
from glasshouse.layers.network import Network
from glasshouse.networks.shelf.listing import weights_by_name
from glasshouse.recipe import TrainingRecipe
from glasshouse.recipe.typed_words import by_fields
from glasshouse.training.checkpoint_model import epoch_model
from glasshouse.training.curves import Chart, Charts, Line
from glasshouse.training.display import show_training
from glasshouse.training.finder import RateFinding, find_rate
from glasshouse.training.hints import LEARNER
from glasshouse.training.loop import resume, train
from glasshouse.training.run_folder import RunFolder, next_run
from glasshouse.training.setup import check_batches, check_settings, gather, prepare

__all__ = ["Learner"]

TRAIN, VALID = "#4269d0", "#b3541e"  # of curves


class Learner:
    """Trains ``network`` on ``data`` (an ImageData, a Dataset or the path of one).

    ``network`` is a name of the catalogue, or a ``glasshouse.layers.Network``: its layers are fitted to the pictures
    and classes, and begin from first weights of the recipe's seed; for its own weights, save it and give the file.
    ``fields`` are fields of ``TrainingRecipe``, such as ``batch_size=32`` or ``augmentation={"rotation": 10}``, or
    words of the command line, such as ``optimizer="sgd"``, ``lr=0.1`` or ``early_stopping=3``. ``metrics`` are scores
    that each epoch tells too: ``error_rate``, ``f1``, ``balanced_accuracy``, ``kappa``, ``auroc``, ``top_3`` and so on.
    Each training is a run in its own folder, ``out`` for the first one (default: below ``runs/``); a later one starts
    from the weights of the one before. ``show`` runs the events of a training, and prints them unless it is replaced.

    Raises:
        RecipeError: fields are wrong; all of them are reported.
        NetworkError: there is no such network (close names are reported), or it does not take the dataset's pictures.
        WeightsError: the file of weights is missing, or is a well-known file that holds none.
        DatasetError: the dataset cannot be opened, or has no training pictures.
    """

    def __init__(
        self,
        data: ImageData | Dataset | str | Path,
        network: str | Network | Mapping[str, Any],
        *,
        weights: str = "none",
        out: str | Path | None = None,
        metrics: str | Sequence[str] = (),
        show: Callable[[Iterator[Event]], Any] = show_training,
        **fields: Any,
    ) -> None:
        if isinstance(data, ImageData):
            data = data.dataset
        self.dataset = data if isinstance(data, Dataset) else open_dataset(data)
        self.out = None if out is None else Path(out)
        self.show = show
        self.metrics = check_metrics(metrics)
        self.run: Path | None = None
        weights = weights_by_name(weights)
        given = {"data": str(self.dataset.path), "network": _plain(network), "weights": weights, **by_fields(fields)}
        self.recipe = TrainingRecipe(**given)
        check_settings(self.recipe, self.dataset)

    if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

        def __getattr__(self, name: str) -> object:
            more = f"; write {LEARNER[name]}" if name in LEARNER else ""
            raise AttributeError(f"{type(self).__name__} has no {name}{more}")

    def fit(self, epochs: int | None = None, lr: float | None = None) -> "Learner":
        """Train with the recipe's strategy for ``epochs`` at rate ``lr``; None takes the recipe's."""
        return self._train(self._changed(epochs, lr))

    def fine_tune(self, epochs: int, lr: float = 2e-3, freeze_epochs: int = 1) -> "Learner":
        """Train the head for ``freeze_epochs``, then everything for ``epochs``, earlier layers more slowly."""
        changed = self._changed(epochs, lr).replace(strategy="fine-tune", freeze_epochs=freeze_epochs)
        return self._train(changed)

    def resume(self) -> "Learner":
        """Go on with a run that was stopped."""
        self.show(resume(self._run(), self.dataset.path))
        return self

    def find_learning_rate(self, start: float = 1e-7, end: float = 10.0, steps: int = 100) -> RateFinding:
        """Return what a range test says about the learning rate; the Learner is not changed by it."""
        recipe = self._changed(None, None).resolved()
        with tempfile.TemporaryDirectory() as folder:
            resources = gather(recipe, self.dataset)
            check_batches(resources)
            setup = result_of(prepare(resources, RunFolder(Path(folder))))
            return find_rate(setup, start, end, steps)

    @property
    def model(self) -> Model:
        """The model of the last finished run: the weights of its best epoch.

        Raises:
            RunError: nothing was trained yet.
            ModelError: the run has not been finished.
        """
        return load_model(self._run())

    def model_at(self, epoch: int | str) -> Model:
        """The model after an epoch of the last run, of those that it keeps: a number, ``best`` or ``last``.

        ``Learner(..., checkpoints={"keep_every": 1})`` keeps every epoch.

        Raises:
            RunError: nothing was trained yet.
            ModelError: it keeps no such epoch; those that it keeps are named.
        """
        return epoch_model(self._run(), epoch)

    def evaluate(self, split: str = "val") -> Report:
        """Return what the model is worth on a split; ``test`` opens the sealed test split."""
        return evaluate(self._run(), self.dataset, split)

    def predict(self, pictures: Any, top: int = 5) -> Prediction | list[Prediction]:
        """Say what is in a picture (path, bytes, PIL image or array), or in each of a list."""
        answer: Prediction | list[Prediction] = self.model.predict(pictures, top)
        return answer

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Return probabilities (n, K) for rows of the dataset, uint8 (n, H, W, C)."""
        return self.model.probabilities(rows)

    def save(self, path: str | Path) -> Path:
        """Write the model to ``path``: a folder, or one file where the name ends in .zip or .model."""
        return save(self.model, path)

    @property
    def history(self) -> list[EpochDone]:
        """The epochs of the last run."""
        if self.run is None or not (self.run / "events.jsonl").exists():
            return []
        lines = (self.run / "events.jsonl").read_text(encoding="utf-8").splitlines()
        events = (event_from_json(line) for line in lines if '"type": "epoch"' in line)
        return [event for event in events if isinstance(event, EpochDone)]

    def plot(self, path: str | Path | None = None) -> Charts:
        """Return the curves of the last run: loss and accuracy on training and validation pictures, epoch by epoch.

        In a notebook the last line of a cell shows them; ``path`` is a .png or .svg file that they are written to.

        Raises:
            RunError: nothing was trained yet.
            InputError: the file has another ending.
        """
        self._run()
        found = _charts(self.history)
        if path is not None:
            found.save(path)
        return found

    def __repr__(self) -> str:
        r = self.recipe
        state = f"run {self.run}" if self.run is not None else "not trained yet"
        return f"<Learner {r.network_name}, weights {r.weights}, {r.strategy}, {state}>"

    def _repr_html_(self) -> str:
        epochs = self.history
        rows = "".join(f"<tr><td>{'</td><td>'.join(_cells(epoch))}</td></tr>" for epoch in epochs)
        names = ("epoch", "train loss", "valid loss", "train accuracy", "accuracy")
        head = f"<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>"
        table = f"<table>{head}{rows}</table>" if epochs else ""
        return f"<div><p>{escape(repr(self))}</p>{_charts(epochs)._repr_html_()}{table}</div>"

    def _train(self, recipe: TrainingRecipe) -> "Learner":
        place = self._place()
        self.recipe, before = recipe, self.recipe
        try:
            self.show(self._noting(train(recipe, place, metrics=self.metrics), place))
        except KeyboardInterrupt:
            sys.stderr.write(f"Stopped; everything so far is kept in {place}. Go on with .resume()\n")
            raise
        except GlasshouseError:
            self.recipe = before
            raise
        return self

    def _noting(self, events: Iterator[Event], place: Path) -> Iterator[Event]:
        """Pass events on; the run counts once its first event shows that its folder has been made."""
        for event in events:
            self.run = place
            yield event

    def _place(self) -> Path:
        if self.out is not None and not self.out.exists():
            return self.out
        if self.out is not None:
            return next(p for n in count(2) if not (p := self.out.with_name(f"{self.out.name}-{n}")).exists())
        return next_run(self.recipe.data, self.recipe.network_name)

    def _changed(self, epochs: int | None, lr: float | None) -> TrainingRecipe:
        """Return the recipe of the next run: with these values, and from the weights of the run before."""
        changes: dict[str, Any] = {}
        if epochs is not None:
            changes["epochs"] = epochs
        if lr is not None:
            changes["optimizer"] = {**self.recipe.optimizer.model_dump(), "lr": lr}
        trained = None if self.run is None else self.run / "model" / "weights.safetensors"
        if trained is not None and trained.exists():
            changes["weights"] = str(trained)
        return self.recipe.replace(**changes)

    def _run(self) -> Path:
        if self.run is None:
            raise RunError("this Learner has not been trained yet; call fit() or fine_tune() first")
        return self.run


def _plain(network: str | Network | Mapping[str, Any]) -> str | dict[str, Any]:
    if isinstance(network, str):
        return network
    return network.to_dict() if isinstance(network, Network) else dict(network)


def _cells(epoch: EpochDone) -> list[str]:
    loss = "" if epoch.valid_loss is None else f"{epoch.valid_loss:.4f}"
    parts = (epoch.train_accuracy, epoch.valid_accuracy)
    return [str(epoch.epoch), f"{epoch.train_loss:.4f}", loss,
            *("" if part is None else f"{100 * part:.2f} %" for part in parts)]  # fmt: skip


def _charts(epochs: Sequence[EpochDone]) -> Charts:
    """Return the curves that show over- and underfitting: loss and accuracy on training and validation pictures."""

    def line(name: str, color: str, of: Callable[[EpochDone], float | None]) -> Line:
        return Line(name, color, [(e.epoch, math.nan if (value := of(e)) is None else value) for e in epochs])

    loss = [line("train", TRAIN, lambda e: e.train_loss), line("valid", VALID, lambda e: e.valid_loss)]
    right = [line("train", TRAIN, lambda e: e.train_accuracy), line("valid", VALID, lambda e: e.valid_accuracy)]
    return Charts([Chart(loss, "Loss"), Chart(right, "Accuracy")])
