"""``Learner`` and ``load_learner``: fastai's words for a training and for its model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.gallery import Gallery, pick
from glasshouse.data.stored.rows import Split
from glasshouse.errors import InputError
from glasshouse.evaluation.metrics import log_loss
from glasshouse.evaluation.named_metrics import named_scores
from glasshouse.export.bundle import load_model, save
from glasshouse.export.predictor import Model, Prediction
from glasshouse.export.reading import Picture
from glasshouse.fastai.callback.settings import settings_of
from glasshouse.fastai.hints import LEARNED, LEARNER, no_such_attribute
from glasshouse.fastai.labels import vocabulary
from glasshouse.fastai.recorder import Recorder
from glasshouse.fastai.vision.data import ImageDataLoaders
from glasshouse.recipe import AugmentationRecipe, TrainingRecipe

if TYPE_CHECKING:
    from glasshouse.search.learner import Learner as OwnLearner

__all__ = ["Answer", "LearnedModel", "Learner", "SuggestedLRs", "load_learner"]

_KEPT = ("optimizer", "objective", "augmentation", "checkpoints")  # parts of which only what is named changes
_AT_ONCE = 64  # pictures
_RATIO = 100.0  # between the rates of the last layer and the first ones, as fine_tune has it


class Answer(NamedTuple):
    """What is in a picture: ``label, number, probabilities = learn.predict(picture)``."""

    label: Any
    number: np.int64
    probabilities: NDArray[np.float32]


class SuggestedLRs(NamedTuple):
    """Learning rates that the range test suggests, by two rules."""

    valley: float
    steep: float


class LearnedModel:
    """A model that answers as fastai's learner does: what ``load_learner`` returns."""

    def __init__(self, model: Model) -> None:
        self._model = model

    if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

        def __getattr__(self, name: str) -> object:
            raise no_such_attribute("LearnedModel", name, LEARNED)

    @property
    def model(self) -> Model:
        """The model itself."""
        return self._model

    @property
    def vocab(self) -> list[Any]:
        """The classes, in the order of the probabilities; booleans if the labels are."""
        return vocabulary(self.model.classes)

    def predict(self, item: Picture) -> Answer:
        """Say what is in a picture (path, bytes, array or Pillow's): the label, its index and all probabilities.

        Raises:
            PictureError: it cannot be used.
        """
        model = self.model
        found: Prediction = model.predict(item, top=len(model.classes))
        likely = dict(found.top)
        probabilities = np.array([likely[name] for name in model.classes], np.float32)
        index = np.argmax(probabilities)
        return Answer(self.vocab[int(index)], np.int64(index), probabilities)

    def export(self, fname: str | Path = "export.pkl") -> Path:
        """Write the model to one file of Glasshouse's own format (no code in it), whatever its ending.

        Raises:
            ModelError: it cannot be written, or a file that is no model is there.
        """
        return save(self.model, Path(fname))


@dataclass
class Learner(LearnedModel):
    """A network that learns from ``dls`` in fastai's words; ``learner`` is the Learner that does it."""

    dls: ImageDataLoaders
    learner: "OwnLearner"
    frozen: bool
    base: TrainingRecipe = field(init=False)

    def __new__(cls, dls: object = None, learner: object = None, *given: object, **named: object) -> "Learner":
        """Refuse what fastai's own Learner takes, a network, with what to write instead."""
        if isinstance(learner, str) or not set(named) <= {"dls", "learner", "frozen"}:
            raise InputError(
                "Learner takes no network here; write vision_learner(dls, resnet34, pretrained=False, "
                "metrics=accuracy) for one that begins with random weights"
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        self.base = self.learner.recipe  # from which every training starts anew, but for its weights

    @property
    def model(self) -> Model:
        """The model of the last training: the weights of its best epoch.

        Raises:
            RunError: nothing was trained yet.
        """
        return self.learner.model

    if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

        def __getattr__(self, name: str) -> object:
            raise no_such_attribute("Learner", name, LEARNER)

    def fine_tune(self, epochs: int, base_lr: float = 2e-3, freeze_epochs: int = 1, **settings: Any) -> None:
        """Train the head for ``freeze_epochs``, then everything for ``epochs``, earlier layers more slowly.

        ``settings`` of one training are ``wd`` (weight decay), ``cbs`` (see `glasshouse.fastai.callback`), and
        ``pct_start``, ``div`` and ``div_final`` of the schedule.
        """
        self._with({"schedule": {}, **_changes(settings)})
        self.learner.fine_tune(epochs, base_lr, freeze_epochs)
        self.frozen = False

    def fit_one_cycle(self, n_epoch: int, lr_max: float | slice | None = None, **settings: Any) -> None:
        """Train for ``n_epoch`` epochs while the rate rises to ``lr_max`` and falls: the head alone while frozen."""
        self._fit(n_epoch, lr_max, {"schedule": {}, **_changes(settings)})

    def fit(self, n_epoch: int, lr: float | slice | None = None, **settings: Any) -> None:
        """Train for ``n_epoch`` epochs at one rate: the head alone while frozen."""
        changes = _changes(settings)
        self._fit(n_epoch, lr, {**changes, "schedule": {**changes.get("schedule", {}), "name": "constant"}})

    def freeze(self) -> None:
        """Train only the head from now on."""
        self.frozen = True

    def unfreeze(self) -> None:
        """Train all layers from now on."""
        self.frozen = False

    def lr_find(
        self, start_lr: float = 1e-7, end_lr: float = 10.0, num_it: int = 100, suggest_funcs: object = None
    ) -> SuggestedLRs:
        """Return the learning rates that a range test suggests; the weights are not changed by it.

        Raises:
            InputError: other rules are wanted than the two that there are.
        """
        if suggest_funcs is not None:
            raise InputError("lr_find gives two suggestions, valley and steep: write learn.lr_find().valley")
        self._with(self._strategy(None)[0])
        found = self.learner.find_learning_rate(start_lr, end_lr, num_it)
        return SuggestedLRs(found.suggestion, found.steepest)

    def to_fp16(self) -> "Learner":
        """Compute with 16 bits where that is exact enough, from the next training on."""
        self.base = self.base.replace(precision="mixed")
        return self

    def to_fp32(self) -> "Learner":
        """Compute with 32 bits, from the next training on."""
        self.base = self.base.replace(precision="float32")
        return self

    def get_preds(
        self, ds_idx: int = 1, dl: Sequence[Picture] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        """Return probabilities (N, K) and labels (N,) of a split (0 training, 1 validation), or of pictures ``dl``.

        Pictures of ``dls.test_dl`` have no labels: None. One that cannot be read has probabilities of NaN.
        """
        model = self.model
        if dl is None:
            split = self.dls.split(ds_idx)
            parts = (np.arange(at, min(at + _AT_ONCE, len(split))) for at in range(0, len(split), _AT_ONCE))
            return np.concatenate([model.probabilities(split.rows(part)) for part in parts]), split.labels
        found = np.full((len(dl), len(model.classes)), np.nan, np.float32)
        for row, one in zip(found, model.predict_stream(dl, top=len(model.classes))):
            if one.error is None:
                likely = dict(one.top)
                row[:] = [likely[name] for name in model.classes]
        return found, None

    def tta(
        self, ds_idx: int = 1, *, n: int = 4, beta: float | None = 0.25, use_max: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:  # fmt: skip
        """Return probabilities (N, K) and labels (N,) of a split, from ``n`` changed forms of each picture and itself.

        They are (1 - beta) times the mean over the forms plus beta times those of the picture; ``use_max``: the largest
        of all. The forms are those of the training's augmentation, as its first ``n`` epochs show them.
        """
        plain, labels = self.get_preds(ds_idx)
        changes = self.learner.recipe.augmentation.unmixed()
        if not changes.active or n < 1:
            return plain, labels
        forms = np.stack([self._of_changed(self.dls.split(ds_idx), changes, epoch) for epoch in range(n)])
        if use_max:
            return np.maximum(plain, forms.max(0)), labels
        mean: NDArray[np.float32] = forms.mean(0)
        return mean if beta is None else mean + np.float32(beta) * (plain - mean), labels

    def _of_changed(self, split: Split, changes: AugmentationRecipe, epoch: int) -> NDArray[np.float32]:
        from glasshouse.data.augment import changed_rows  # loads torch

        found = []
        for at in range(0, len(split), _AT_ONCE):
            part = np.arange(at, min(at + _AT_ONCE, len(split)))
            rows = changed_rows(split.rows(part), split.origin(part), changes, self.base.seed, [epoch] * len(part))
            found.append(self.model.probabilities(rows))
        return np.concatenate(found)

    def validate(self, ds_idx: int = 1) -> list[float | None]:
        """Return the loss and the metrics on the validation pictures (``ds_idx=0``: the training pictures)."""
        probabilities, labels = self.get_preds(ds_idx)
        if labels is None:
            return []
        return [log_loss(probabilities, labels), *named_scores(self.learner.metrics, labels, probabilities).values()]

    def show_results(
        self, max_n: int = 9, ds_idx: int = 1, nrows: int | None = None, ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
    ) -> Gallery:  # fmt: skip
        """Return pictures of a split with their label, and what the model says after it."""
        del nrows, ncols, figsize  # a page finds its own
        split = self.dls.split(ds_idx)
        rows = pick(split, max_n)
        pictures, names = split.rows(rows), self.dls.data.classes
        said = self.model.probabilities(pictures).argmax(1).tolist()
        labels = [f"{names[truth]} / {names[guess]}" for truth, guess in zip(split.labels[rows].tolist(), said)]
        return Gallery(pictures, labels, [split.paths[row] for row in rows.tolist()])

    @property
    def recorder(self) -> Recorder:
        """What the last training told."""
        return Recorder(self.learner)

    def _fit(self, epochs: int, lr: float | slice | None, changes: Mapping[str, Any]) -> None:
        strategy, rate = self._strategy(lr)
        self._with({**changes, **strategy})
        self.learner.fit(epochs, rate)

    def _strategy(self, lr: float | slice | None) -> tuple[dict[str, Any], float]:
        """Return what trains the layers that are not frozen, and the rate that it is to be given."""
        first, last = (lr.start, lr.stop) if isinstance(lr, slice) else (None, lr)
        rate = 1e-3 if last is None else float(last)
        if self.frozen:
            return {"strategy": "features", "head": "steps"}, rate
        if not isinstance(lr, slice):
            return {"strategy": "scratch", "head": None}, rate
        if first is not None and not 0.9 * _RATIO <= rate / first <= 1.1 * _RATIO:
            raise InputError(
                "the first layers learn at a hundredth of the last one's rate here: write slice({first}, {last})",
                first=f"{rate / _RATIO:g}",
                last=f"{rate:g}",
            )
        return {"strategy": "fine-tune", "freeze_epochs": 0, "head": None}, 2 * rate  # whose second half has rate / 2

    def _with(self, changes: Mapping[str, Any]) -> None:
        """Make the recipe of the next training; constants of a part that are not named stay as they were given."""
        merged = {
            name: {**getattr(self.base, name).model_dump(), **value} if name in _KEPT else value
            for name, value in changes.items()
        }
        weights = self.learner.run and self.learner.run / "model" / "weights.safetensors"
        if weights is not None and weights.exists():
            merged["weights"] = str(weights)
        self.learner.recipe = self.base.replace(**merged)


def load_learner(fname: str | Path, cpu: bool = True) -> LearnedModel:
    """Return the model that ``export`` wrote.

    Raises:
        ModelError: there is none, it is damaged, or it is a pickle of fastai, which would run code.
    """
    return LearnedModel(load_model(Path(fname), "cpu" if cpu else "auto"))


def _changes(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of one training as fields of a recipe.

    Raises:
        InputError: there is no such setting; all of them are named.
    """
    known: Sequence[str] = ("wd", "cbs", "pct_start", "div", "div_final")
    if unknown := [name for name in settings if name not in known]:
        raise InputError("no setting {unknown} of a training; there are {known}",
                         unknown=", ".join(unknown), known=", ".join(known))  # fmt: skip
    names = {"pct_start": "pct_start", "div": "div", "div_final": "final_div"}
    schedule = {names[name]: value for name, value in settings.items() if name in names and value is not None}
    found: dict[str, Any] = settings_of(settings.get("cbs")) | ({"schedule": schedule} if schedule else {})
    if settings.get("wd") is not None:
        found["optimizer"] = {"weight_decay": settings["wd"]}
    return found
