"""What recipes mean stays: defaults, the bounds of every number, a strategy's own defaults.

A recipe that leaves a field out was written with these; changing one would change what it makes.
"""

import json
import math
from typing import Any

import pytest

from glasshouse.errors import RecipeError
from glasshouse.recipe import DatasetRecipe, TrainingRecipe

DATASET = {
    "valid_source": None, "test_source": None, "width": 224, "height": 224, "resize": "squash", "color": "rgb",
    "encoding": "raw", "quality": 90, "valid": 0.25, "test": 0.0, "split": "auto", "seed": 42, "group": None,
    "twins": True, "min_per_class": 2, "max_per_class": None, "pixel_limit": 100_000_000,
}  # fmt: skip
TRAINING: dict[str, Any] = {
    "fingerprint": None, "weights": "none", "strategy": "scratch", "epochs": None, "freeze_epochs": 1, "views": 1,
    "batch_size": 64, "accumulate": 1, "sampling": "shuffle", "dropout": None, "clip_norm": None, "ema_decay": 0.0,
    "early_stopping": None, "normalize": "auto", "precision": "float32", "device": "auto", "seed": 42,
    "optimizer": {"name": "adamw", "lr": None, "momentum": 0.0, "nesterov": False, "beta1": 0.9, "beta2": 0.999,
                  "rho": 0.9, "eps": None, "weight_decay": 0.01},
    "schedule": {"name": "one-cycle", "warmup": 0.0, "step": None, "milestones": [50.0, 85.0], "gamma": None,
                 "power": None, "pct_start": 0.25, "div": 25.0, "final_div": 1e5},
    "objective": {"name": "cross-entropy", "label_smoothing": 0.0, "class_weights": "none"},
    "checkpoints": {"monitor": "valid_loss", "keep_every": None, "minutes": 5.0, "steps": None},
    "augmentation": {
        "rotation": 0.0, "width_shift": 0.0, "height_shift": 0.0, "shear": 0.0, "zoom": 0.0, "horizontal_flip": False,
        "vertical_flip": False, "crop_scale": None, "crop_ratio": [3 / 4, 4 / 3], "fill": "nearest", "fill_value": 0.0,
        "brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0, "channel_shift": 0.0, "erasing": 0.0,
        "erasing_area": [0.02, 1 / 3], "mixup": 0.0, "cutmix": 0.0,
    },
}  # fmt: skip
# The field; what it may still be; what it may not be any more.
BOUNDS: tuple[tuple[str, Any, Any], ...] = (
    ("epochs", 1, 0), ("views", 1, 0), ("batch_size", 1, 0), ("accumulate", 1, 0), ("freeze_epochs", 0, -1),
    ("dropout", 0.0, -0.1), ("dropout", 0.999, 1.0), ("clip_norm", 1e-9, 0.0), ("ema_decay", 0.0, -0.1),
    ("ema_decay", 0.999, 1.0), ("seed", 0, -1), ("seed", 2**63 - 1, 2**63),
    ("optimizer.lr", 1e-12, 0.0), ("optimizer.eps", 1e-12, 0.0), ("optimizer.weight_decay", 0.0, -1e-9),
    ("optimizer.momentum", 0.999, 1.0), ("optimizer.beta1", 0.0, -0.1), ("optimizer.beta2", 0.9999, 1.0),
    ("schedule.step", 100.0, 100.1), ("schedule.step", 0.1, 0.0), ("schedule.pct_start", 0.99, 1.0),
    ("schedule.pct_start", 0.01, 0.0), ("schedule.div", 1.0, 0.9), ("schedule.final_div", 1.0, 0.9),
    ("schedule.milestones", [99.9], [100.0]), ("schedule.milestones", [0.1], [0.0]), ("schedule.warmup", 0.0, -0.1),
    ("objective.label_smoothing", 0.99, 1.0), ("checkpoints.keep_every", 1, 0), ("checkpoints.minutes", 0.1, 0.0),
    ("augmentation.rotation", 180.0, 180.1), ("augmentation.shear", 89.9, 90.0), ("augmentation.hue", 0.5, 0.51),
    ("augmentation.channel_shift", 255.0, 255.1), ("augmentation.erasing", 1.0, 1.1), ("augmentation.mixup", 0, -0.1),
    ("augmentation.fill_value", 255.0, 255.1), ("augmentation.zoom", [0.1, 0.1], [0.2, 0.1]),
    ("augmentation.zoom", [0.1, 0.5], [0.0, 0.5]), ("augmentation.crop_scale", [0.5, 1.0], [0.5, 1.01]),
    ("augmentation.brightness", [0.0, 0.5], [-0.1, 0.5]), ("augmentation.width_shift", [0.1], []),
)  # fmt: skip
DATA_BOUNDS: tuple[tuple[str, Any, Any], ...] = (
    ("width", 1, 0), ("height", 4096, 4097), ("quality", 1, 0), ("quality", 100, 101), ("valid", 0.0, -0.1),
    ("valid", 0.99, 1.0), ("min_per_class", 1, 0), ("pixel_limit", 1, 0), ("pixel_limit", 10**9, 10**9 + 1),
    ("seed", 2**63 - 1, 2**63), ("max_per_class", 2, 1),
)  # fmt: skip


def within(found: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Return of ``found`` what ``names`` has too, at every depth."""
    return {k: within(found[k], v) if isinstance(v, dict) else found[k] for k, v in names.items()}


def nested(field: str, value: Any) -> dict[str, Any]:
    first, _, rest = field.partition(".")
    return {first: nested(rest, value) if rest else value}


def test_the_defaults_stay() -> None:
    assert within(json.loads(DatasetRecipe(source="s").to_json()), DATASET) == DATASET
    assert within(json.loads(TrainingRecipe(data="d", network="n").to_json()), TRAINING) == TRAINING


@pytest.mark.parametrize(
    ("strategy", "epochs", "lr"), [("scratch", 20, 1e-3), ("fine-tune", 3, 2e-3), ("features", 40, 3e-3)]
)
def test_a_strategy_brings_its_own_epochs_and_rate(strategy: str, epochs: int, lr: float) -> None:
    head = {"head": "steps"} if strategy == "features" else {}
    recipe = TrainingRecipe(data="d", network="n", strategy=strategy, weights="w", **head).resolved()
    assert (recipe.epochs, recipe.optimizer.lr) == (epochs, lr)


FEATURES: dict[str, Any] = {"data": "d", "network": "n", "strategy": "features", "weights": "w"}


def test_the_head_is_solved_for_unless_a_setting_of_steps_is_given() -> None:
    plain = TrainingRecipe(**FEATURES)
    assert plain.linear and (plain.resolved().head, plain.resolved().epochs) == ("linear", 1)
    assert TrainingRecipe(**FEATURES, batch_size=8).linear and plain.resolved().linear
    for given in ({"epochs": 3}, {"optimizer": {"lr": 0.1}}, {"dropout": 0.2}, {"objective": {"label_smoothing": 0.1}}):
        recipe = TrainingRecipe(**FEATURES, **given)
        assert not recipe.linear and recipe.resolved().head == "steps"
        with pytest.raises(RecipeError, match="solved for"):
            TrainingRecipe(**FEATURES, head="linear", **given)
    assert not TrainingRecipe(data="d", network="n").linear


def test_a_recipe_of_a_time_before_heads_is_trained_in_steps() -> None:
    old = json.loads(TrainingRecipe(**FEATURES).to_json())
    del old["head"]
    assert TrainingRecipe(**old).head == "steps" and TrainingRecipe(**old).resolved().epochs == 40
    assert TrainingRecipe.from_json(json.dumps(old)).resolved().head == "steps"


@pytest.mark.parametrize("given", ["fold 0/5", "fold 3/2", "fold 1/1", "val", "train + val", "fold 1/5\n"])
def test_what_is_learned_from_is_checked(given: str) -> None:
    with pytest.raises(RecipeError, match="learn_from"):
        TrainingRecipe(data="d", network="n", learn_from=given)


@pytest.mark.parametrize(("field", "last", "beyond"), BOUNDS)
def test_the_bounds_of_a_training(field: str, last: Any, beyond: Any) -> None:
    assert TrainingRecipe(data="d", network="n", **nested(field, last))
    with pytest.raises(RecipeError, match=field.rpartition(".")[2]):
        TrainingRecipe(data="d", network="n", **nested(field, beyond))


@pytest.mark.parametrize(("field", "last", "beyond"), DATA_BOUNDS)
def test_the_bounds_of_a_dataset(field: str, last: Any, beyond: Any) -> None:
    assert DatasetRecipe(source="s", **{field: last})
    with pytest.raises(RecipeError, match=field):
        DatasetRecipe(source="s", **{field: beyond})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(value: float) -> None:
    for field in ("optimizer.lr", "optimizer.weight_decay", "clip_norm", "augmentation.mixup", "schedule.warmup"):
        with pytest.raises(RecipeError, match=field.rpartition(".")[2]):
            TrainingRecipe(data="d", network="n", **nested(field, value))


def test_features_alone_refuse_what_features_cannot_do() -> None:
    mixed = {"augmentation": {"cutmix": 0.5}}
    assert TrainingRecipe(data="d", network="n", strategy="fine-tune", weights="w", **mixed)
    with pytest.raises(RecipeError, match="mix whole pictures"):
        TrainingRecipe(data="d", network="n", strategy="features", weights="w", **mixed)
    with pytest.raises(RecipeError, match="needs a trained network"):
        TrainingRecipe(data="d", network="n", strategy="features")


def test_what_changes_pictures_is_active_and_what_only_shapes_a_change_is_not() -> None:
    def active(**changes: Any) -> bool:
        return TrainingRecipe(data="d", network="n", augmentation=changes).augmentation.active

    assert not active() and not active(fill="wrap", fill_value=3, crop_ratio=[1, 2], erasing_area=[0.1, 0.2])
    assert all(active(**{name: 0.1}) for name in ("rotation", "zoom", "mixup", "cutmix", "erasing", "hue", "shear"))
    assert active(vertical_flip=True) and active(crop_scale=[0.5, 1])


def test_a_pattern_needs_one_group_and_no_more() -> None:
    assert DatasetRecipe(source="s", labels={"by": "pattern", "pattern": r"^(\w+)_\d+"}, group=r"^(\d+)_")
    with pytest.raises(RecipeError, match="required when labels come by pattern"):
        DatasetRecipe(source="s", labels={"by": "pattern"})


def test_a_recipe_is_written_for_people_to_read() -> None:
    lines = DatasetRecipe(source="강아지").to_json().split("\n")
    assert (lines[0], lines[-2], lines[-1]) == ("{", "}", "")
    assert '  "source": "강아지",' in lines and '    "by": "auto",' in lines
