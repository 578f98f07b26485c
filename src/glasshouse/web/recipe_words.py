"""A training recipe as people read it: what was chosen, in the words of the form."""

from collections.abc import Callable, Mapping
from typing import Any

from glasshouse.recipe import AugmentationRecipe

__all__ = ["network_words", "recipe_rows"]

Words = Callable[[str], str]
MOST_LAYERS = 20  # named of a network
PLAIN = AugmentationRecipe().model_dump()


def network_words(network: Any) -> Any:
    """Return a network's name; of layers of one's own their words too."""
    if not isinstance(network, Mapping):
        return network
    words = [str(entry.get("layer", entry.get("shares", ""))) for entry in network.get("layers", ())]
    more = f" … ({len(words)})" if len(words) > MOST_LAYERS else ""
    return f"{network.get('name', '')}: {' · '.join(words[:MOST_LAYERS])}{more}"


def recipe_rows(_: Words, recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return name and value of each setting that says something; what is off or left to itself is left out."""
    strategies = {
        "scratch": _("From scratch"),
        "fine-tune": _("Fine-tune"),
        "features": _("Only the last layer (features)"),
    }
    optimizer, schedule = recipe.get("optimizer") or {}, recipe.get("schedule") or {}
    objective, stopping = recipe.get("objective") or {}, recipe.get("early_stopping") or {}
    weights = str(recipe.get("weights") or "none")
    rows = [
        (_("Network"), network_words(recipe.get("network"))),
        (_("Start from"), _("Nothing: random weights") if weights == "none" else weights),
        (_("Strategy"), strategies.get(str(recipe.get("strategy")), recipe.get("strategy"))),
        (_("Epochs"), recipe.get("epochs") or _("as the strategy has it")),
        (_("Batch size"), _product(recipe.get("batch_size"), recipe.get("accumulate"))),
        (_("Optimizer"), _parts(optimizer, ("name", "momentum", "weight_decay"))),
        (_("Learning rate"), optimizer.get("lr") or _("the optimizer's own")),
        (_("Schedule"), _parts(schedule, ("name", "warmup", "step", "gamma", "power"))),
        (_("Augmentation"), _augmentation(recipe.get("augmentation") or {}) or _("none")),
        (_("Dropout"), recipe.get("dropout")),
        (_("Label smoothing"), objective.get("label_smoothing")),
        (_("Class weights"), objective.get("class_weights") if objective.get("class_weights") != "none" else None),
        (_("Stop early after"), stopping.get("patience")),
        (_("Seed"), recipe.get("seed", 42)),
    ]
    return [(name, str(value)) for name, value in rows if value not in (None, "", 0.0)]


def _product(size: Any, times: Any) -> str:
    return f"{size} × {times}" if times and times != 1 else str(size or "")


def _parts(part: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first of the named values, and the others with their names where they are set."""
    found = [f"{name.replace('_', ' ')} {part[name]:g}" for name in names[1:] if part.get(name)]
    return ", ".join([str(part.get(names[0], "")), *found])


def _augmentation(part: Mapping[str, Any]) -> str:
    """Return the changes that are switched on."""
    unchanged = ("fill", "fill_value", "crop_ratio", "erasing_area")
    on = {name: value for name, value in part.items() if name not in unchanged and value and value != PLAIN.get(name)}
    return ", ".join(
        name.replace("_", " ") + ("" if value is True else f" {_plain(value)}") for name, value in on.items()
    )


def _plain(value: Any) -> str:
    return "–".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
