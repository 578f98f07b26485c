"""A training recipe as people read it: what was chosen, in the words of the form."""

from collections.abc import Callable, Mapping
from typing import Any

from glasshouse.recipe import EarlyStoppingRecipe, TrainingRecipe

__all__ = ["network_words", "recipe_rows"]

Words = Callable[[str], str]
Labels = Mapping[str, str]
Row = tuple[str, Any]
MOST_LAYERS = 20  # named of a network
USUAL = TrainingRecipe(data="-", network="LeNet").model_dump(mode="json")
PARTS = {name: part for name, part in USUAL.items() if isinstance(part, dict)} | {
    "early_stopping": EarlyStoppingRecipe(patience=1).model_dump(mode="json")
}
FIRST = {"optimizer": "name", "schedule": "name", "early_stopping": "patience"}  # what stands for the whole part
UNNAMED = frozenset({"lr", "milestones"})  # said in lines of their own


def network_words(network: Any) -> Any:
    """Return a network's name; of layers of one's own their words too."""
    if not isinstance(network, Mapping):
        return network
    words = [str(entry.get("layer", entry.get("shares", ""))) for entry in network.get("layers", ())]
    more = f" … ({len(words)})" if len(words) > MOST_LAYERS else ""
    return f"{network.get('name', '')}: {' · '.join(words[:MOST_LAYERS])}{more}"


def recipe_rows(_: Words, labels: Labels, recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return name and value of each setting that says something; what is off or left to itself is left out.

    ``labels``: what the form calls the fields, by their names in recipes.
    """
    rows = [*_start(_, labels, recipe), *_course(_, labels, recipe), *_pictures(_, labels, recipe),
            *_rest(_, labels, recipe)]  # fmt: skip
    return [(name, _plain(value)) for name, value in rows if value not in (None, "", 0.0)]


def _start(_: Words, labels: Labels, recipe: Mapping[str, Any]) -> list[Row]:
    """Return what is trained, from where."""
    strategies = {
        "scratch": _("From scratch"),
        "fine-tune": _("Fine-tune"),
        "features": _("Only the last layer (features)"),
    }
    weights = str(recipe.get("weights") or "none")
    strategy = str(recipe.get("strategy"))
    return [
        (labels["network"], network_words(recipe.get("network"))),
        (labels["weights"], _("Nothing: random weights") if weights == "none" else weights),
        (labels["strategy"], strategies.get(strategy, recipe.get("strategy"))),
        (labels["freeze_epochs"], _unusual(recipe, "freeze_epochs", zero="0") if strategy == "fine-tune" else None),
        (_("Views of each picture"), _unusual(recipe, "views") if strategy == "features" else None),
        (_("Last layer"), _head(_, recipe) if strategy == "features" else None),
        (_("Learns from"), _learned_from(_, str(recipe.get("learn_from") or "train"))),
    ]


def _head(_: Words, recipe: Mapping[str, Any]) -> str | None:
    heads = {"linear": _("Solved for (logistic regression)"), "steps": _("Trained in steps")}
    return heads.get(str(recipe.get("head")))


def _learned_from(_: Words, given: str) -> str | None:
    if given == "train":
        return None
    if given == "train+val":
        return _("Training and validation images")
    number, _slash, folds = given.removeprefix("fold ").partition("/")
    return _("Training images without fold {number} of {folds}").format(number=number, folds=folds)


def _course(_: Words, labels: Labels, recipe: Mapping[str, Any]) -> list[Row]:
    """Return how long it goes and how the weights move."""
    optimizer, schedule = recipe.get("optimizer") or {}, recipe.get("schedule") or {}
    steps = schedule.get("milestones") if schedule.get("name") == "multi-step" else None
    return [
        (labels["epochs"], recipe.get("epochs") or _("as the strategy has it")),
        (labels["batch_size"], recipe.get("batch_size")),
        (labels["accumulate"], _unusual(recipe, "accumulate")),
        (labels["optimizer.name"], _parts(labels, "optimizer", optimizer, said=("weight_decay",))),
        (labels["optimizer.lr"], optimizer.get("lr") or _("the optimizer's own")),
        (labels["schedule.name"], _parts(labels, "schedule", schedule)),
        (labels["schedule.milestones"], ", ".join(_("{value} %").format(value=f"{at:g}") for at in steps or ())),
        (labels["clip_norm"], recipe.get("clip_norm")),
    ]


def _pictures(_: Words, labels: Labels, recipe: Mapping[str, Any]) -> list[Row]:
    """Return what is done to the pictures, and which of them count how much."""
    objective = recipe.get("objective") or {}
    normalize = {"dataset": _("Of the dataset"), "imagenet": _("Of ImageNet"), "none": _("Left as they are")}
    weights = objective.get("class_weights")
    return [
        (_("Augmentation"), _parts(labels, "augmentation", recipe.get("augmentation") or {}) or _("none")),
        (labels["normalize"], normalize.get(str(recipe.get("normalize")))),
        (labels["sampling"], _("Balanced") if recipe.get("sampling") == "balanced" else None),
        (labels["dropout"], recipe.get("dropout")),
        (labels["objective.label_smoothing"], objective.get("label_smoothing")),
        (labels["objective.class_weights"], _("Balanced") if weights == "balanced" else _each(weights)),
    ]


def _rest(_: Words, labels: Labels, recipe: Mapping[str, Any]) -> list[Row]:
    """Return when it stops, what is kept, and how it is computed."""
    stopping, checkpoints = recipe.get("early_stopping") or {}, recipe.get("checkpoints") or {}
    devices = {"auto": None, "cpu": _("Processor"), "cuda": "GPU"}
    device = recipe.get("device")
    return [
        (labels["early_stopping.patience"], _parts(labels, "early_stopping", stopping)),
        (_("Checkpoints"), _parts(labels, "checkpoints", checkpoints)),
        (_("Running mean of the weights"), recipe.get("ema_decay")),
        (labels["precision"], _("Mixed 16 and 32 bits") if recipe.get("precision") == "mixed" else None),
        (labels["device"], devices.get(str(device), device)),
        (labels["seed"], str(recipe.get("seed", 42))),
    ]


def _unusual(recipe: Mapping[str, Any], name: str, zero: str = "") -> Any:
    """Return the value of a field where it differs from the default; 0 as ``zero``."""
    value = recipe.get(name)
    return None if value == USUAL[name] else value or zero


def _parts(labels: Labels, part: str, values: Mapping[str, Any], said: tuple[str, ...] = ()) -> str:
    """Return the first word of a part, and with their names the values that are unusual, or set and of ``said``."""
    usual = PARTS[part]
    found = [str(values[FIRST[part]])] if values.get(FIRST.get(part, "")) else []
    for name in usual:
        value = values.get(name, usual[name])
        if name in UNNAMED or name == FIRST.get(part) or (value == usual[name] and not (name in said and value)):
            continue
        label = labels.get(f"{part}.{name}", name.replace("_", " "))
        found.append(label if value is True else f"{label} {_plain(value)}")
    return ", ".join(found)


def _each(weights: Any) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in weights.items()) if isinstance(weights, Mapping) else ""


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "–".join(map(_plain, value))
    if value is None:
        return "–"
    return f"{value:.8g}" if isinstance(value, float) else str(value)
