"""How a network is trained on a dataset."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from glasshouse.errors import Problem
from glasshouse.layers.classifier import classifier_problems
from glasshouse.recipe.augmentation import AugmentationRecipe
from glasshouse.recipe.document import Recipe
from glasshouse.recipe.part import Count, Epochs, Fraction, NotNegative, Part, Positive

LARGEST = 3e38  # what 32-bit numbers hold

__all__ = [
    "STRATEGY_DEFAULTS",
    "CheckpointRecipe",
    "EarlyStoppingRecipe",
    "ObjectiveRecipe",
    "OptimizerRecipe",
    "ScheduleRecipe",
    "TrainingRecipe",
]


class OptimizerRecipe(Part):
    """The optimizer by name, and its constants; ``lr`` None takes the strategy's default.

    ``momentum`` and ``nesterov`` concern SGD (and RMSprop's momentum); ``beta1`` and ``beta2`` Adam and its relatives;
    ``rho`` RMSprop (torch's alpha) and AdaDelta; ``eps`` None is torch's value for that optimizer.
    """

    name: Literal["sgd", "adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta"] = "adamw"
    lr: Positive | None = None
    momentum: Fraction = 0.0
    nesterov: bool = False
    beta1: Fraction = 0.9
    beta2: Fraction = 0.999
    rho: Fraction = 0.9
    eps: Positive | None = None
    weight_decay: NotNegative = 0.01

    def conflicts(self) -> Iterator[Problem]:
        if self.nesterov and self.momentum == 0:
            yield Problem("momentum", "Nesterov's method needs a momentum above 0, such as 0.9")


class ScheduleRecipe(Part):
    """How the learning rate moves; percentages are of the whole training, as in DIGITS.

    With base rate r and t in [0, 100] percent: ``constant`` r; ``step`` r·gamma^⌊t/step⌋; ``multi-step``
    r·gamma^(number of milestones passed); ``exponential`` r·gamma^t; ``inverse`` r·(1+gamma·t)^-power;
    ``polynomial`` r·(1-t/100)^power; ``sigmoid`` r/(1+exp(gamma·(t-step))); ``cosine`` from r to r/final_div;
    ``one-cycle`` (Smith 2018, as in fastai) from r/div up to r at pct_start and down to r/final_div, both by half
    cosines. ``warmup`` is a number of epochs in which the rate rises in a straight line from 0. None takes the
    schedule's own default.
    """

    name: Literal[
        "constant", "step", "multi-step", "exponential", "inverse", "polynomial", "sigmoid", "cosine", "one-cycle"
    ] = "one-cycle"
    warmup: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    step: Annotated[float, Field(gt=0, le=100)] | None = None
    milestones: Annotated[tuple[Annotated[float, Field(gt=0, lt=100)], ...], Field(max_length=1000)] = (50.0, 85.0)
    gamma: Annotated[float, Field(gt=0, le=1000)] | None = None
    power: Annotated[float, Field(gt=0, le=1000)] | None = None
    pct_start: Annotated[float, Field(gt=0, lt=1)] = 0.25
    div: Annotated[float, Field(ge=1)] = 25.0
    final_div: Annotated[float, Field(ge=1)] = 1e5


class ObjectiveRecipe(Part):
    """Cross-entropy and what shapes it.

    ``class_weights`` is ``none``, ``balanced`` (inverse frequency, mean 1) or a weight for each class name (1 for those
    not named): how much each picture of that class counts, whatever smoothing or mixing makes of its label.
    """

    name: Literal["cross-entropy"] = "cross-entropy"
    label_smoothing: Fraction = 0.0
    class_weights: Literal["none", "balanced"] | dict[str, NotNegative] = "none"

    def conflicts(self) -> Iterator[Problem]:
        weights = self.class_weights
        if isinstance(weights, dict) and weights and max(weights.values()) > LARGEST:
            yield Problem("class_weights", f"a weight may be at most {LARGEST:.4g}, got {max(weights.values()):.4g}")


class EarlyStoppingRecipe(Part):
    """Stop when ``monitor`` has not become better by ``min_delta`` for ``patience`` epochs."""

    patience: Count
    min_delta: NotNegative = 0.0
    monitor: Literal["valid_loss", "valid_accuracy"] = "valid_loss"


class CheckpointRecipe(Part):
    """What is kept: the last and the best always; every ``keep_every`` epochs too where given.

    The last is written after every epoch, and within one after ``minutes`` or ``steps`` where given.
    """

    monitor: Literal["valid_loss", "valid_accuracy"] = "valid_loss"
    keep_every: Count | None = None
    minutes: Positive | None = 5.0
    steps: Count | None = None


LEARN_FROM = r"^(train|train\+val|fold [1-9][0-9]?/([2-9]|[1-9][0-9]))$"
DEVICE = re.compile(r"auto|(cpu|mps|cuda|xpu)(:\d{1,3})?")
OF_STEPS = ("optimizer", "schedule", "sampling", "dropout", "clip_norm", "ema_decay",
            "early_stopping")  # fmt: skip
STRATEGY_DEFAULTS: dict[str, dict[str, Any]] = {
    "scratch": {"epochs": 20, "lr": 1e-3},
    "fine-tune": {"epochs": 3, "lr": 2e-3},
    "features": {"epochs": 40, "lr": 3e-3},
}


class TrainingRecipe(Recipe):
    """How a network is trained on a dataset; the folder of a run holds exactly one.

    ``data`` is a dataset's folder and ``fingerprint`` what it held; ``network`` a name of the catalogue, or layers as
    data, as ``glasshouse.layers.Network.to_dict`` gives them (docs/decisions/0006), whose input and last layer are
    fitted to the dataset, and whose seed is ``seed``; ``weights`` is ``none``, ``pretrained`` or a file.
    ``strategy``: ``scratch`` trains everything at one rate; ``fine-tune`` trains the head for ``freeze_epochs``, then
    everything for ``epochs`` with lower rates for earlier layers; ``features`` trains a head on the frozen network's
    features, computed once for ``views`` augmented views. Both need a trained network. ``freeze_epochs`` only concerns
    ``fine-tune``. ``head`` is how ``features`` finds the head: ``linear`` solves for it (logistic regression, its
    strength chosen by folds), ``steps`` trains it in epochs; None is ``steps`` where ``epochs`` or another setting of
    steps is given, else ``linear``. Recipes written before there was a choice are ``steps``. ``learn_from`` is
    ``train``, ``train+val`` (nothing is left to judge by), or ``fold 2/5``: all training pictures but those of the
    second of five folds, which judge in the place of the validation pictures.
    """

    title: ClassVar[str] = "the training recipe"
    kind: Literal["training"] = "training"
    data: str
    fingerprint: str | None = None
    network: str | dict[str, Any]
    weights: str = "none"
    strategy: Literal["scratch", "fine-tune", "features"] = "scratch"
    epochs: Epochs | None = None
    freeze_epochs: Annotated[int, Field(ge=0, le=100_000)] = 1
    views: Annotated[int, Field(ge=1, le=10_000)] = 1
    head: Literal["linear", "steps"] | None = None
    learn_from: Annotated[str, Field(pattern=LEARN_FROM)] = "train"
    batch_size: Annotated[int, Field(ge=1, le=2**20)] = 64
    accumulate: Annotated[int, Field(ge=1, le=2**20)] = 1
    optimizer: OptimizerRecipe = OptimizerRecipe()
    schedule: ScheduleRecipe = ScheduleRecipe()
    objective: ObjectiveRecipe = ObjectiveRecipe()
    augmentation: AugmentationRecipe = AugmentationRecipe()
    sampling: Literal["shuffle", "balanced"] = "shuffle"
    dropout: Fraction | None = None
    clip_norm: Positive | None = None
    ema_decay: Fraction = 0.0
    early_stopping: EarlyStoppingRecipe | None = None
    checkpoints: CheckpointRecipe = CheckpointRecipe()
    normalize: Literal["auto", "imagenet", "dataset", "none"] = "auto"
    precision: Literal["float32", "mixed"] = "float32"
    device: Annotated[str, Field(max_length=40)] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 42

    def __init__(self, **data: Any) -> None:
        if "version" in data and "head" not in data and data.get("strategy") == "features":
            data["head"] = "steps"  # a whole recipe of a time when there was nothing else
        super().__init__(**data)

    def conflicts(self) -> Iterator[Problem]:
        if self.head == "linear" and self.strategy == "features":
            for name in self._of_steps():
                yield Problem(name, "the linear head is solved for, not trained in steps: leave this out, or give the "
                              "head steps")  # fmt: skip
        if self.learn_from.startswith("fold "):
            number, folds = map(int, self.learn_from.removeprefix("fold ").split("/"))
            if number > folds:
                yield Problem("learn_from", f"there is no fold {number} of {folds}")
        if self.strategy == "features" and (self.augmentation.mixup or self.augmentation.cutmix):
            yield Problem("augmentation", "mixup and cutmix mix whole pictures, which cached features cannot do; "
                          "set both to 0 or choose the strategy fine-tune")  # fmt: skip
        if self.strategy == "features" and self.weights == "none":
            yield Problem("weights", "the strategy features needs a trained network; give pretrained or a file")
        if not self.fingerprint:  # a run's recipe has one, and runs were made before this was refused
            yield from self.start_problems()
        if not DEVICE.fullmatch(self.device):
            yield Problem("device", f"expected auto, cpu, cuda, cuda:0 (or another number) or mps, got {self.device!r}")
        if len(self.network_name) > 200:
            yield Problem("network", f"a name of {len(self.network_name):,} letters; give one of at most 200")
        if isinstance(self.network, dict):
            for problem in classifier_problems(self.network):
                yield Problem(f"network.{problem.field}", problem.message)
            if self.weights == "pretrained":
                yield Problem("weights", "a network of layers of one's own has no pretrained weights; give a file that "
                              "it was trained into, or none")  # fmt: skip

    def start_problems(self) -> Iterator[Problem]:
        """Yield what hinders a new training, though runs that were made so can still be read and resumed."""
        if self.strategy == "fine-tune" and self.weights == "none":
            yield Problem("weights", "the strategy fine-tune needs a trained network, or its head is trained on random "
                          "features; give pretrained or a file, or choose the strategy scratch")  # fmt: skip

    @property
    def network_name(self) -> str:
        """The network's name: of the catalogue, or the one that its layers were given."""
        return self.network if isinstance(self.network, str) else str(self.network.get("name", "network"))

    def _of_steps(self) -> list[str]:
        """Return the settings that are given and only concern training by steps."""
        plain = type(self).model_fields
        given = [name for name in OF_STEPS if getattr(self, name) != plain[name].default]
        given += ["objective.label_smoothing"] if self.objective.label_smoothing else []
        return given + (["epochs"] if self.epochs is not None and (self.head is None or self.epochs > 1) else [])

    @property
    def linear(self) -> bool:
        """Whether the head is solved for."""
        chosen = self.head or ("steps" if self._of_steps() else "linear")
        return self.strategy == "features" and chosen == "linear"

    def resolved(self) -> "TrainingRecipe":
        """Return the recipe with the strategy's defaults in the place of None."""
        if self.linear:
            return self.replace(head="linear", epochs=1)
        defaults = STRATEGY_DEFAULTS[self.strategy]
        optimizer = self.optimizer.model_dump()
        if optimizer["lr"] is None:
            optimizer["lr"] = defaults["lr"]
        head = "steps" if self.strategy == "features" else self.head
        return self.replace(epochs=self.epochs or defaults["epochs"], optimizer=optimizer, head=head)
