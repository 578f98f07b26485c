"""Recipes: what a dataset is made of and how a network is trained, as validated data.

The web form, the command line, a recipe file and Python all build these objects, and only these are run.
A recipe is frozen, has a version, turns into JSON and back, and tells all of its problems at once.
"""

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glasshouse.errors import Problem, RecipeError

__all__ = [
    "AugmentationRecipe",
    "CheckpointRecipe",
    "DatasetRecipe",
    "EarlyStoppingRecipe",
    "LabelRecipe",
    "ObjectiveRecipe",
    "OptimizerRecipe",
    "Part",
    "Recipe",
    "ScheduleRecipe",
    "TrainingRecipe",
]

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=1, le=4096)]
Range = tuple[float, float]


class Part(BaseModel):
    """A part of a recipe: frozen, with no unknown fields and no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def conflicts(self) -> Iterator[Problem]:
        """Yield what is wrong between fields that are each right alone."""
        yield from ()


class Recipe(Part):
    """A whole recipe; building one with problems raises a RecipeError that lists them all."""

    title: ClassVar[str] = "the recipe"
    version: Literal[1] = 1

    def __init__(self, **data: Any) -> None:
        problems = _problems(type(self), data)
        if problems:
            raise RecipeError(self.title, problems)
        super().__init__(**data)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the recipe that ``text`` holds.

        Raises:
            RecipeError: it is not JSON, not an object, or has problems; all are listed.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise RecipeError(cls.title, [Problem(f"line {error.lineno}", f"not JSON: {error.msg}")]) from None
        if not isinstance(data, dict):
            raise RecipeError(cls.title, [Problem("file", f"expected a JSON object, got {type(data).__name__}")])
        return cls(**data)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the recipe in the JSON file at ``path``."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(cls.title, [Problem("file", f"cannot read {path}: {error}")]) from None
        return cls.from_json(text)

    def to_json(self) -> str:
        """Return the recipe as indented JSON that ``from_json`` reads back."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, checked as a new recipe is."""
        return type(self)(**{**self.model_dump(), **changes})


class LabelRecipe(Part):
    """Where labels come from.

    ``by`` is ``folder`` (the name of the class folder), ``pattern`` (first group of a regular expression
    searched in the file's name), ``csv`` (columns of a table), ``list`` (DIGITS: lines of ``path label``),
    ``idx`` (the files of MNIST and Fashion-MNIST), ``given`` (pairs handed over in Python, such as a function's
    answers or arrays; ``digest`` then identifies them) or ``auto`` (seen from what the source is).
    """

    by: Literal["auto", "folder", "pattern", "csv", "list", "idx", "given"] = "auto"
    pattern: str | None = None
    path_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    split_column: str | None = None
    labels_file: str | None = None
    pictures: str | None = None
    digest: str | None = None

    def conflicts(self) -> Iterator[Problem]:
        if self.by == "pattern" and not self.pattern:
            yield Problem("pattern", "needed where labels come by pattern; give a regular expression with one group")
        if self.pattern is not None:
            yield from _pattern_problems("pattern", self.pattern, groups=1)


class DatasetRecipe(Recipe):
    """How pictures become a dataset.

    ``valid`` and ``test`` are fractions of the pictures; ``width`` and ``height`` are pixels. ``split`` is how
    pictures are dealt out: ``random`` (seeded, stratified), ``ordered`` (the last fraction), ``time`` (the newest),
    ``folder`` (train, val and test folders), ``list`` (the source's own column or files) or ``auto`` (by folder
    where such folders exist, else random). ``group`` is a regular expression on the path whose first group names a
    series within its class; ``twins`` keeps equal and nearly equal pictures on one side.
    """

    title: ClassVar[str] = "the dataset recipe"
    kind: Literal["dataset"] = "dataset"
    source: str
    valid_source: str | None = None
    test_source: str | None = None
    labels: LabelRecipe = LabelRecipe()
    width: Side = 224
    height: Side = 224
    resize: Literal["squash", "crop", "pad", "half-crop"] = "squash"
    color: Literal["rgb", "gray"] = "rgb"
    encoding: Literal["raw", "png", "jpeg"] = "raw"
    quality: Annotated[int, Field(ge=1, le=100)] = 90
    valid: Fraction = 0.25
    test: Fraction = 0.0
    split: Literal["auto", "random", "ordered", "time", "folder", "list"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 42
    group: str | None = None
    twins: bool = True
    min_per_class: Count = 2
    max_per_class: Count | None = None
    pixel_limit: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100_000_000

    def conflicts(self) -> Iterator[Problem]:
        if self.valid + self.test >= 1:
            yield Problem("valid", f"valid + test must leave pictures to train on, got {self.valid} + {self.test}")
        if self.max_per_class is not None and self.max_per_class < self.min_per_class:
            yield Problem("max_per_class", f"must not be below min_per_class ({self.min_per_class})")
        if self.group is not None:
            yield from _pattern_problems("group", self.group, groups=1)


class AugmentationRecipe(Part):
    """Random changes to training pictures; everything is off by default.

    The geometric fields have the meaning of Keras' ``ImageDataGenerator``: ``rotation`` and ``shear`` in degrees
    (drawn from ±value); ``width_shift`` and ``height_shift`` as a fraction of the side below 1, in pixels from 1 on, or
    a list of pixels or fractions to choose from (with a random sign); ``zoom`` as z for [1-z, 1+z] or a pair, drawn for
    each axis alone, below 1 magnifies. ``brightness``, ``contrast`` and ``saturation`` are factors in the same way;
    ``hue`` is a fraction of the circle (±, at most 0.5); ``channel_shift`` is in grey levels of 255. ``crop_scale`` and
    ``crop_ratio`` are the area and the aspect of a random resized crop. ``erasing`` is a probability, ``mixup`` and
    ``cutmix`` are the alpha of their Beta distribution (0: off).
    """

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    width_shift: NotNegative | tuple[float, ...] = 0.0
    height_shift: NotNegative | tuple[float, ...] = 0.0
    shear: Annotated[float, Field(ge=0, lt=90)] = 0.0
    zoom: Fraction | Range = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    crop_scale: Range | None = None
    crop_ratio: Range = (3 / 4, 4 / 3)
    fill: Literal["nearest", "reflect", "wrap", "constant"] = "nearest"
    fill_value: Annotated[float, Field(ge=0, le=255)] = 0.0
    brightness: Fraction | Range = 0.0
    contrast: Fraction | Range = 0.0
    saturation: Fraction | Range = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    channel_shift: Annotated[float, Field(ge=0, le=255)] = 0.0
    erasing: Annotated[float, Field(ge=0, le=1)] = 0.0
    erasing_area: Range = (0.02, 1 / 3)
    mixup: NotNegative = 0.0
    cutmix: NotNegative = 0.0

    def conflicts(self) -> Iterator[Problem]:
        for name in ("zoom", "crop_scale", "crop_ratio", "brightness", "contrast", "saturation", "erasing_area"):
            value = getattr(self, name)
            if isinstance(value, tuple) and not 0 <= value[0] <= value[1]:
                yield Problem(name, f"expected a pair (low, high) with 0 <= low <= high, got {list(value)}")
        for name in ("width_shift", "height_shift"):
            if getattr(self, name) == ():
                yield Problem(name, "expected a list of at least one number, got an empty one")
        for name in ("zoom", "crop_scale", "crop_ratio", "erasing_area"):
            value = getattr(self, name)
            if isinstance(value, tuple) and value[0] == 0:
                yield Problem(name, f"low must be above 0, got {list(value)}")
        for name in ("crop_scale", "erasing_area"):
            value = getattr(self, name)
            if value is not None and value[1] > 1:
                yield Problem(name, f"is a part of the area, at most 1, got {list(value)}")

    @property
    def active(self) -> bool:
        """Whether any change is switched on."""
        ignored = {"fill", "fill_value", "crop_ratio", "erasing_area"}
        plain = AugmentationRecipe()
        return any(getattr(self, n) != getattr(plain, n) for n in type(self).model_fields if n not in ignored)


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
    warmup: NotNegative = 0.0
    step: Annotated[float, Field(gt=0, le=100)] | None = None
    milestones: tuple[Annotated[float, Field(gt=0, lt=100)], ...] = (50.0, 85.0)
    gamma: Positive | None = None
    power: Positive | None = None
    pct_start: Annotated[float, Field(gt=0, lt=1)] = 0.25
    div: Annotated[float, Field(ge=1)] = 25.0
    final_div: Annotated[float, Field(ge=1)] = 1e5


class ObjectiveRecipe(Part):
    """Cross-entropy and what shapes it.

    ``class_weights`` is ``none``, ``balanced`` (inverse frequency, mean 1) or a weight for each class name.
    """

    name: Literal["cross-entropy"] = "cross-entropy"
    label_smoothing: Fraction = 0.0
    class_weights: Literal["none", "balanced"] | dict[str, NotNegative] = "none"


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


STRATEGY_DEFAULTS: dict[str, dict[str, Any]] = {
    "scratch": {"epochs": 20, "lr": 1e-3},
    "fine-tune": {"epochs": 3, "lr": 2e-3},
    "features": {"epochs": 40, "lr": 3e-3},
}


class TrainingRecipe(Recipe):
    """How a network is trained on a dataset; the folder of a run holds exactly one.

    ``data`` is a dataset's folder and ``fingerprint`` what it held; ``weights`` is ``none``, ``pretrained`` or a file.
    ``strategy``: ``scratch`` trains everything at one rate; ``fine-tune`` trains the head for ``freeze_epochs``, then
    everything for ``epochs`` with lower rates for earlier layers; ``features`` trains a head on the frozen network's
    features, computed once for ``views`` augmented views. ``freeze_epochs`` only concerns ``fine-tune``.
    """

    title: ClassVar[str] = "the training recipe"
    kind: Literal["training"] = "training"
    data: str
    fingerprint: str | None = None
    network: str
    weights: str = "none"
    strategy: Literal["scratch", "fine-tune", "features"] = "scratch"
    epochs: Count | None = None
    freeze_epochs: Annotated[int, Field(ge=0)] = 1
    views: Count = 1
    batch_size: Count = 64
    accumulate: Count = 1
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
    device: str = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 42

    def conflicts(self) -> Iterator[Problem]:
        if self.strategy == "features" and (self.augmentation.mixup or self.augmentation.cutmix):
            yield Problem("augmentation", "mixup and cutmix mix whole pictures, which cached features cannot do; "
                          "set both to 0 or choose the strategy fine-tune")  # fmt: skip
        if self.strategy == "features" and self.weights == "none":
            yield Problem("weights", "the strategy features needs a trained network; give pretrained or a file")

    def resolved(self) -> "TrainingRecipe":
        """Return the recipe with the strategy's defaults in the place of None."""
        defaults = STRATEGY_DEFAULTS[self.strategy]
        optimizer = self.optimizer.model_dump()
        if optimizer["lr"] is None:
            optimizer["lr"] = defaults["lr"]
        return self.replace(epochs=self.epochs or defaults["epochs"], optimizer=optimizer)


def _pattern_problems(field: str, pattern: str, groups: int) -> Iterator[Problem]:
    try:
        found = re.compile(pattern).groups
    except re.error as error:
        yield Problem(field, f"not a regular expression ({error}): {pattern}")
        return
    if found < groups:
        yield Problem(field, f"expected a group in parentheses around the part that counts, got {pattern}")


def _problems(recipe: type[Recipe], data: dict[str, Any]) -> list[Problem]:
    """Return every problem: those of single fields first, then conflicts among the fields that are right."""
    problems: list[Problem] = []
    rest = json.loads(json.dumps(data, default=_plain))
    for _ in range(20):
        try:
            checked = recipe.__new__(recipe)
            BaseModel.__init__(checked, **rest)  # not recipe(...), whose __init__ calls this function
        except ValidationError as error:
            if not _strip(recipe, rest, error, problems):
                return problems
        else:
            return problems + list(_conflicts(checked, ""))
    return problems


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


def _strip(recipe: type[Recipe], rest: dict[str, Any], error: ValidationError, problems: list[Problem]) -> bool:
    """Note each field's first error in ``problems`` and take the field out of ``rest``; tell whether that helped."""
    known = {problem.field for problem in problems}
    changed = False
    for item in error.errors(include_url=False):
        path, target = _locate(rest, item["loc"])
        field = ".".join(map(str, path)) or "recipe"
        if field not in known:
            known.add(field)
            problems.append(Problem(field, _sentence(recipe, path, item)))
        if item["type"] == "missing" and path:
            target[path[-1]] = "-"
            changed = True
        elif path and path[-1] in target:
            del target[path[-1]]
            changed = True
    return changed


def _locate(data: dict[str, Any], location: tuple[str | int, ...]) -> tuple[list[str], dict[str, Any]]:
    """Return the path of dictionary keys that ``location`` names, and the dictionary that holds the last key."""
    path: list[str] = []
    target = data
    for index, key in enumerate(location):
        path.append(str(key))
        value = target.get(str(key))
        if not isinstance(value, dict) or index == len(location) - 1:
            break
        target = value
    return path, target


def _sentence(recipe: type[Recipe], path: list[str], item: Any) -> str:
    if item["type"] == "extra_forbidden":
        names = _fields_at(recipe, path[:-1])
        close = difflib.get_close_matches(path[-1], names, n=1)
        return "no such field" + (f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(names))}")
    if item["type"] == "missing":
        return "needed, and not given"
    message = str(item["msg"]).removeprefix("Input should be ")
    return f"expected {message}, got {json.dumps(item['input'], default=str, ensure_ascii=False)[:80]}"


def _fields_at(recipe: type[BaseModel], path: list[str]) -> list[str]:
    model: type[BaseModel] = recipe
    for key in path:
        annotation = model.model_fields[key].annotation if key in model.model_fields else None
        choices = [annotation, *getattr(annotation, "__args__", ())]
        models = [c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)


def _conflicts(part: Part, prefix: str) -> Iterator[Problem]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            yield from _conflicts(value, f"{prefix}{name}.")
    for problem in part.conflicts():
        yield Problem(prefix + problem.field, problem.message)
