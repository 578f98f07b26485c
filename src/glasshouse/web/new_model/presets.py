"""Three ways to train that need no knowledge: fast, balanced, accurate; what each is depends on the pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.pretrained import at_hand

__all__ = ["Preset", "preset_words", "presets", "presets_for", "pretrained_for"]

GENTLE = {"rotation": 10, "width_shift": 0.08, "height_shift": 0.08, "zoom": 0.1}
PHOTO = {"horizontal_flip": True, "rotation": 10, "zoom": 0.15, "brightness": 0.1}
SMALL_SIDE = 64
PRETRAINED = ("EfficientNetLite0", "MobileNetV2", "SqueezeNet", "ResNet18")  # the first whose weights are at hand


@dataclass(frozen=True)
class Preset:
    """A way to train: ``key`` is fast, balanced or accurate; ``recipe`` are fields of TrainingRecipe."""

    key: str
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """How often it goes through the training pictures."""
        return int(self.recipe.get("epochs", 1))


def preset_words(_: Callable[[str], str]) -> Mapping[str, tuple[str, str]]:
    """Return the name of each way and a sentence on it, by its key; ``search`` is a search, and no preset."""
    return {
        "search": (
            _("Find the best"),
            _(
                "Tries networks and ways of training on your pictures, drops the weak ones early and fine-tunes "
                "the best. A first answer after seconds; every candidate stays a model that you can open."
            ),
        ),
        "fast": (_("Fast"), _("A first answer soon. Good for seeing whether the pictures make sense.")),
        "balanced": (_("Balanced"), _("A good result in reasonable time. Start here.")),
        "accurate": (_("Accurate"), _("Trains longest and varies the pictures, for the best result.")),
    }


def presets_for(recipe: Mapping[str, Any]) -> tuple[Preset, Preset, Preset]:
    """Return the three ways for a dataset of this recipe."""
    return presets(int(recipe.get("width", 224)), int(recipe.get("height", 224)))


def presets(width: int, height: int) -> tuple[Preset, Preset, Preset]:
    """Return the three ways for pictures of this size; photographs use pretrained weights where they are here."""
    side = min(width, height)
    if side <= SMALL_SIDE:
        return _small(side)
    known = pretrained_for({"width": width, "height": height})
    return _fine_tuned(known) if known else _from_scratch(side)


def pretrained_for(recipe: Mapping[str, Any]) -> str | None:
    """Return the network whose weights are at hand and help with pictures of a dataset's recipe; None without one."""
    side = min(int(recipe.get("width", 224)), int(recipe.get("height", 224)))
    if side <= SMALL_SIDE:
        return None
    return next((name for name in PRETRAINED if CATALOGUE[name].least <= side and at_hand(CATALOGUE[name])), None)


def _small(side: int) -> tuple[Preset, Preset, Preset]:
    network = "LeNet" if side >= CATALOGUE["LeNet"].least else "Dense128"
    plain = {"network": network, "weights": "none", "strategy": "scratch", "batch_size": 32}
    return (
        Preset("fast", {**plain, "epochs": 4}),
        Preset("balanced", {**plain, "epochs": 12, "augmentation": GENTLE}),
        Preset("accurate", {**plain, "epochs": 40, "augmentation": GENTLE}),
    )


def _fine_tuned(network: str) -> tuple[Preset, Preset, Preset]:
    plain = {"network": network, "weights": "pretrained", "batch_size": 32}
    return (
        Preset("fast", {**plain, "strategy": "features"}),
        Preset("balanced", {**plain, "strategy": "fine-tune", "epochs": 3}),
        Preset("accurate", {**plain, "strategy": "fine-tune", "epochs": 10, "augmentation": PHOTO}),
    )


def _from_scratch(side: int) -> tuple[Preset, Preset, Preset]:
    quick = "ConvNet4" if side >= CATALOGUE["ConvNet4"].least else "ResNet18"
    plain = {"weights": "none", "strategy": "scratch", "batch_size": 32}
    return (
        Preset("fast", {**plain, "network": quick, "epochs": 10}),
        Preset("balanced", {**plain, "network": "ResNet18", "epochs": 20, "augmentation": PHOTO}),
        Preset("accurate", {**plain, "network": "ResNet18", "epochs": 60, "augmentation": PHOTO}),
    )
