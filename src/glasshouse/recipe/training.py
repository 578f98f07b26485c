"""How a network is trained on a dataset."""

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from glasshouse.errors import Problem, RecipeError
from glasshouse.layers.classifier import Classifier
from glasshouse.messages import Message
from glasshouse.recipe.augmentation import AugmentationRecipe
from glasshouse.recipe.best_epoch import CheckpointRecipe, EarlyStoppingRecipe
from glasshouse.recipe.document import Recipe
from glasshouse.recipe.objective import ObjectiveRecipe
from glasshouse.recipe.optimizer import OptimizerRecipe
from glasshouse.recipe.part import Epochs, Fraction, Positive
from glasshouse.recipe.schedule import ScheduleRecipe
from glasshouse.recipe.setting import CHANGED, Option, Setting

__all__ = ["STRATEGY_DEFAULTS", "TrainingRecipe"]

_FOLD, _PART = r"fold [1-9][0-9]?/([2-9]|[1-9][0-9])", r"part 1/([2-9]|[1-9][0-9]{1,3})"
LEARN_FROM = rf"^(train|train\+val|{_PART}|{_FOLD}( of {_PART})?)$"
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
    second of five folds, which judge in the place of the validation pictures. ``part 1/20`` is an even part of the
    training pictures, and ``fold 2/5 of part 1/20`` a fold of that part.
    """

    title: ClassVar[str] = Message("the training recipe")
    kind: Literal["training"] = "training"
    data: Annotated[
        str,
        Setting("Dataset", section="", option=Option("--data", "A dataset's folder, or a source of pictures.",
                                                     "DIR_OR_SOURCE")),
    ]  # fmt: skip
    fingerprint: str | None = None
    network: Annotated[
        str | dict[str, Any],
        Setting(
            "Network",
            "Small networks train fast and suit small pictures. Larger ones see more in photographs, and need more "
            "time and more pictures.",
            section="network",
            option=Option("--network", "A network's name (glasshouse networks), or a file of layers.", "NAME|FILE"),
            always=True,
        ),
    ]
    weights: Annotated[
        str,
        Setting(
            "Start from",
            "Pretrained weights have seen a million photographs, so the model needs far fewer of yours. An earlier "
            "model of the same network can be trained further.",
            section="network",
            words={"none": "Nothing: random weights", "pretrained": "Pretrained weights"},
            option=Option("--weights", "Initial weights (none).", "pretrained|none|FILE|NAME"),
            always=True,
        ),
    ] = "none"
    strategy: Annotated[
        Literal["scratch", "fine-tune", "features"],
        Setting(
            "Strategy",
            "From scratch trains every weight. Fine-tuning trains the last layer first, then all of them gently. "
            "Features trains only the last layer, in seconds. The last two need a trained start.",
            section="network",
            words={
                "scratch": "From scratch", "fine-tune": "Fine-tune", "features": "Only the last layer (features)",
            },
            option=Option("--strategy", "What is trained (scratch)."),
            always=True,
        ),
    ] = "scratch"  # fmt: skip
    epochs: Annotated[
        Epochs | None,
        Setting(
            "Epochs",
            "How often it goes through all training pictures. Too few: it has not learnt enough. Too many: it begins "
            "to memorise, and the best epoch is kept anyway.",
            section="course",
            unit="times",
            empty="as the strategy has it",
            option=Option("--epochs", "Epochs; the strategy has a default."),
            always=True,
        ),
    ] = None
    freeze_epochs: Annotated[
        int,
        Field(ge=0, le=100_000),
        Setting(
            "Epochs for the last layer",
            "Fine-tuning trains only the last layer for this many epochs, then all layers.",
            section="course",
            unit="epochs",
            option=Option("--freeze-epochs", "fine-tune: epochs of the head alone (1)."),
            when={"strategy": ("fine-tune",)},
        ),
    ] = 1
    views: Annotated[
        int,
        Field(ge=1, le=10_000),
        Setting(
            "Views of each picture",
            "The last layer learns from this many augmented views of each picture, whose features are computed once.",
            section="course",
            option=Option("--views", "features: augmented views of each picture (1)."),
            when={"strategy": ("features",), "augmentation": CHANGED},
        ),
    ] = 1
    head: Annotated[
        Literal["linear", "steps"] | None,
        Setting(
            "Last layer",
            "Solved for: logistic regression on the features, as strong as folds of the training pictures say; the "
            "same answer every time. Empty: solved for, unless epochs or another setting of steps is given.",
            section="network",
            words={"linear": "Solved for (logistic regression)", "steps": "Trained in steps"},
            option=Option(
                "--head",
                "features: solve for the head, or train it in steps (linear, unless --epochs or "
                "another option of steps is given).",
            ),
            when={"strategy": ("features",)},
        ),
    ] = None
    learn_from: Annotated[
        str,
        Field(pattern=LEARN_FROM),
        Setting(
            "Learns from",
            "The training pictures; with the validation pictures, when nothing is to be measured any more; or all "
            "training pictures but a fold, such as fold 1/5, which then measures.",
            option=Option(
                "--learn-from",
                "Pictures to learn from (train); a fold is left out and measures.",
                "train|train+val|'fold 1/5'",
            ),
        ),
    ] = "train"
    batch_size: Annotated[
        int,
        Field(ge=1, le=2**20),
        Setting(
            "Batch size",
            "How many pictures are looked at before the weights move.",
            section="course",
            unit="pictures",
            option=Option("--batch-size", "Batch size: pictures per batch (64)."),
            always=True,
            swept=True,
        ),
    ] = 64
    accumulate: Annotated[
        int,
        Field(ge=1, le=2**20),
        Setting(
            "Gradient accumulation (batches)",
            "Adds up the gradients of this many batches before the weights move: the effect of a larger batch in the "
            "memory of a small one.",
            unit="batches",
            option=Option("--accumulate", "Gradient accumulation: batches per step (1)."),
        ),
    ] = 1
    optimizer: Annotated[OptimizerRecipe, Setting("Optimizer", always=True)] = OptimizerRecipe()
    schedule: Annotated[ScheduleRecipe, Setting("Schedule", always=True)] = ScheduleRecipe()
    objective: Annotated[ObjectiveRecipe, Setting("Objective")] = ObjectiveRecipe()
    augmentation: Annotated[AugmentationRecipe, Setting("Augmentation", empty="none", always=True)] = (
        AugmentationRecipe()
    )
    sampling: Annotated[
        Literal["shuffle", "balanced"],
        Setting(
            "Sampling",
            "Shuffled shows each picture once in an epoch. Balanced shows pictures of rare classes more often, so "
            "that all classes are seen equally.",
            words={"shuffle": "Shuffled", "balanced": "Balanced"},
            option=Option("--sampling", "Sampling of the training pictures (shuffle)."),
        ),
    ] = "shuffle"
    dropout: Annotated[
        Fraction | None,
        Setting(
            "Dropout",
            "The part of the units that is switched off at random in each step. It helps against memorising. Empty: "
            "the network's own.",
            section="network",
            empty="the network's own",
            option=Option("--dropout", "Dropout rate, instead of the network's own."),
        ),
    ] = None
    clip_norm: Annotated[
        Positive | None,
        Setting(
            "Gradient clipping (max norm)",
            "Limits how far one step can move the weights: a gradient longer than this is shortened to it, so that "
            "one bad batch does no harm. Empty: never.",
            option=Option("--clip-norm", "Gradient clipping: max norm."),
        ),
    ] = None
    ema_decay: Annotated[
        Fraction,
        Setting(
            "Weight averaging (EMA)",
            "Validates and keeps a moving average of the weights, with this decay, such as 0.999. 0: off.",
            option=Option("--ema-decay", "Weight averaging (EMA): decay, such as 0.999 (0: off)."),
        ),
    ] = 0.0
    early_stopping: Annotated[EarlyStoppingRecipe | None, Setting("Early stopping")] = None
    checkpoints: Annotated[CheckpointRecipe, Setting("Checkpoints")] = CheckpointRecipe()
    normalize: Annotated[
        Literal["auto", "imagenet", "dataset", "none"],
        Setting(
            "Pixel normalization",
            "Brings the pixels to mean 0 and standard deviation 1. The dataset's own values suit a network that "
            "starts at random, those of ImageNet a pretrained one; automatic chooses so.",
            words={
                "auto": "Automatic", "dataset": "Of the dataset", "imagenet": "Of ImageNet", "none": "Left as they are",
            },
        ),
    ] = "auto"  # fmt: skip
    precision: Annotated[
        Literal["float32", "mixed"],
        Setting(
            "Precision (32-bit / mixed)",
            "Mixed uses 16 bits where that is exact enough: faster on newer GPUs, and half the memory.",
            words={"float32": "32-bit", "mixed": "Mixed (16 and 32 bits)"},
            option=Option("--precision", "Precision: 32-bit, or mixed with 16-bit (float32)."),
        ),
    ] = "float32"
    engine: Annotated[
        Literal["torch", "onnxruntime", "openvino", "openvino-bf16"] | None,
        Setting(
            "Engine for frozen features and predictions",
            "onnxruntime and OpenVINO compute a finished network about twice as fast on a processor; their numbers "
            "are those of PyTorch to four digits. With bfloat16 OpenVINO is faster still on newer processors, and "
            "probabilities differ by up to a few hundredths. Empty: onnxruntime for a pretrained network on a "
            "processor, PyTorch otherwise.",
            words={
                "torch": "PyTorch",
                "onnxruntime": "onnxruntime",
                "openvino": "OpenVINO",
                "openvino-bf16": "OpenVINO (bfloat16)",
            },
            empty="as it suits",
            option=Option(
                "--engine",
                "What computes frozen features and predictions (onnxruntime for a trained start on a processor, "
                "otherwise torch).",
            ),
        ),
    ] = None
    device: Annotated[
        str,
        Field(max_length=40),
        Setting(
            "Device",
            "Automatic takes a GPU if there is one. A GPU that is chosen and missing fails the training instead.",
            words={"auto": "Automatic", "cpu": "Processor", "cuda": "GPU"},
            option=Option("--device", "auto, cpu, cuda, cuda:1, mps (auto).", "NAME"),
        ),
    ] = "auto"
    seed: Annotated[
        int,
        Field(ge=0, lt=2**63),
        Setting(
            "Seed",
            "The same seed gives the same result on the same machine.",
            section="course",
            option=Option("--seed", "Seed of everything random (42)."),
            always=True,
        ),
    ] = 42

    def __init__(self, **data: Any) -> None:
        if "version" in data and "head" not in data and data.get("strategy") == "features":
            data["head"] = "steps"  # a whole recipe of a time when there was nothing else
        if "version" in data and "engine" not in data:
            data["engine"] = "torch"
        super().__init__(**data)

    def conflicts(self) -> Iterator[Problem]:
        if self.head == "linear" and self.strategy == "features":
            for name in self._of_steps():
                yield Problem(name, "the linear head is solved for, not trained in steps: leave this out, or give the "
                              "head steps")  # fmt: skip
        if self.learn_from.startswith("fold "):
            number, folds = map(int, self.learn_from.split(" ")[1].split("/"))
            if number > folds:
                yield Problem("learn_from", Message("there is no fold {number} of {folds}", number=number, folds=folds))
        if self.strategy == "features" and self.augmentation.mixes:
            yield Problem("augmentation", "mixup and cutmix mix whole pictures, which cached features cannot do; "
                          "set both to 0 or choose the strategy fine-tune")  # fmt: skip
        if self.strategy == "features" and self.weights == "none":
            yield Problem("weights", "the strategy features needs a trained network; give pretrained or a file")
        if not self.fingerprint:  # a run's recipe has one, and runs were made before this was refused
            yield from self.start_problems()
        if not DEVICE.fullmatch(self.device):
            yield Problem(
                "device",
                Message(
                    "expected auto, cpu, cuda, cuda:0 (or another number) or mps, got {device}",
                    device=repr(self.device),
                ),
            )
        if len(self.network_name) > 200:
            yield Problem(
                "network",
                Message(
                    "a name of {network_name} letters; give one of at most 200",
                    network_name=f"{len(self.network_name):,}",
                ),
            )
        if isinstance(self.network, dict):
            yield from self._layer_problems()
            if self.weights == "pretrained":
                yield Problem("weights", "a custom network has no pretrained weights; give a file that "
                              "it was trained into, or none")  # fmt: skip

    def _layer_problems(self) -> Iterator[Problem]:
        try:
            self.layers  # noqa: B018  read here, at the door, for all who use it
        except RecipeError as error:
            for problem in error.problems:
                yield Problem(f"network.{problem.field}", problem.message)

    def start_problems(self) -> Iterator[Problem]:
        """Yield what hinders a new training, though runs that were made so can still be read and resumed."""
        if self.strategy == "fine-tune" and self.weights == "none":
            yield Problem("weights", "the strategy fine-tune needs a trained network, or its head is trained on random "
                          "features; give pretrained or a file, or choose the strategy scratch")  # fmt: skip

    @cached_property
    def layers(self) -> Classifier | None:
        """The layers of a network that is layers as data, read once; None of a name of the catalogue."""
        return None if isinstance(self.network, str) else Classifier.of(self.network)

    def with_layers(self, layers: Classifier) -> "TrainingRecipe":
        """Return the recipe with these layers in the place of its network."""
        return self._with({"network": layers.description}, {"layers": layers})

    def kept(self, changes: Collection[str]) -> dict[str, Any]:
        return {} if "network" in changes else {"layers": self.layers}

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
