"""A recipe in words: every setting that differs from its default is said, in the words of the form."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from glasshouse.recipe import TrainingRecipe
from glasshouse.recipe.fields import RecipeField, declared_fields
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.framework.language import texts
from glasshouse.web.models.recipe_texts import recipe_rows
from studio_seed import Studio

PLAIN: dict[str, Any] = {"network": "LeNet", "epochs": 3}
SAID: dict[str, tuple[dict[str, Any], tuple[str, str], tuple[str, str]]] = {
    "sampling": ({"sampling": "balanced"}, ("Sampling", "Balanced"), ("샘플링", "균형")),
    "clipping": ({"clip_norm": 0.5}, ("Gradient clipping (max norm)", "0.5"), ("그래디언트 클리핑(최대 노름)", "0.5")),
    "precision": (
        {"precision": "mixed"}, ("Precision (32-bit / mixed)", "Mixed (16 and 32 bits)"),
        ("계산 정밀도(32비트 / 혼합)", "혼합(16비트와 32비트)"),
    ),
    "milestones": (
        {"schedule": {"name": "multi-step", "milestones": [30, 62.5]}}, ("Steps at", "30 %, 62.5 %"),
        ("감소 지점 목록", "30%, 62.5%"),
    ),
    "gathered": ({"accumulate": 4}, ("Gradient accumulation (batches)", "4"), ("그래디언트 누적(배치 수)", "4")),
    "last layer": (
        {"strategy": "fine-tune", "weights": "pretrained", "freeze_epochs": 0}, ("Epochs for the last layer", "0"),
        ("마지막 층만 학습하는 에포크", "0"),
    ),
    "optimizer": (
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
        ("Optimizer", "SGD, Momentum 0.9, Nesterov's momentum, Weight decay 0.01"),
        ("옵티마이저", "SGD, 모멘텀 0.9, 네스테로프 모멘텀, 가중치 감쇠 0.01"),
    ),
    "augmentation": (
        {"augmentation": {"rotation": 10, "horizontal_flip": True, "zoom": [0.9, 1.2]}},
        ("Augmentation", "Rotation 10, Zoom 0.9–1.2, Mirror left and right"),
        ("데이터 증강", "회전 10, 확대·축소 0.9~1.2, 좌우 뒤집기"),
    ),
    "class weights": (
        {"objective": {"class_weights": {"cat": 2, "dog": 0.5}}}, ("Class weights", "cat 2, dog 0.5"),
        ("클래스 가중치", "cat 2, dog 0.5"),
    ),
}  # fmt: skip


def rows(language: str, recipe: dict[str, Any]) -> dict[str, str]:
    return dict(recipe_rows(texts(language).gettext, recipe))


@pytest.mark.parametrize("name", SAID)
def test_what_is_unusual_is_said_in_both_languages(name: str) -> None:
    changes, english, korean = SAID[name]
    recipe = TrainingRecipe(data="-", **{**PLAIN, **changes}).model_dump(mode="json")
    assert rows("en", recipe).get(english[0]) == english[1]
    assert rows("ko", recipe).get(korean[0]) == korean[1]


def test_what_is_as_usual_is_not_said() -> None:
    told = rows("en", TrainingRecipe(data="-", **PLAIN).model_dump(mode="json"))
    assert set(told) == {"Network", "Start from", "Strategy", "Epochs", "Batch size", "Optimizer", "Learning rate",
                         "Schedule", "Augmentation", "Seed"}  # fmt: skip
    assert (told["Schedule"], told["Augmentation"], told["Batch size"]) == ("One cycle", "none", "64")
    assert rows("en", dict(PLAIN))["Epochs"] == "3", "a recipe may leave fields out"


def another(field: RecipeField) -> object:
    """A value of the field that is not its default."""
    if field.kind == "choice":
        return next(name for name in reversed(field.names) if name != field.usual)
    if field.kind == "text":
        return "another"
    if field.kind == "numbers":
        return [10.0, 20.0]
    return True if field.kind == "switch" else 7 if field.kind == "whole" else 0.125 if field.usual != 0.125 else 0.25


def placed(recipe: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    part, _, last = name.rpartition(".")
    return {**recipe, part: {**(recipe.get(part) or {}), last: value}} if part else {**recipe, name: value}


def with_needs(recipe: dict[str, Any], field: RecipeField) -> dict[str, Any]:
    """The recipe with what the declaration says that the field needs for an effect."""
    for names, values in field.when.items():
        first = names.split("|")[0]
        other = next(one for name, one in declared_fields().items() if name == first or name.startswith(f"{first}."))
        if str(other.usual) not in values:
            recipe = with_needs(placed(recipe, other.name, values[0] if values else another(other)), other)
    return recipe


SHOWN = [name for name, field in declared_fields().items() if field.setting.section]
USUAL = TrainingRecipe(data="-", network="LeNet", epochs=3).model_dump(mode="json")


@pytest.mark.parametrize("name", SHOWN)
def test_every_field_that_is_changed_is_said_where_it_counts(name: str) -> None:
    field = declared_fields()[name]
    base = with_needs(USUAL, field)
    changed = placed(base, name, another(field))
    assert rows("en", changed) != rows("en", base)
    assert rows("ko", changed) != rows("ko", base)
    idle = placed(USUAL, name, another(field))
    assert (rows("en", idle) == rows("en", USUAL)) == (with_needs(USUAL, field) != USUAL), "idle values are not said"


def test_early_stopping_is_one_line() -> None:
    stopping = {"patience": 4, "min_delta": 0.1, "monitor": "valid_accuracy"}
    told = rows("en", {**USUAL, "early_stopping": stopping})
    assert told["Early stopping"] == "4, Smallest improvement 0.1, Early stopping watches Validation accuracy"


def test_the_page_of_a_model_says_them(studio: Studio) -> None:
    recipe = {"network": "Dense128", "epochs": 1, "sampling": "balanced", "accumulate": 3}
    (made,) = submit_models(studio.store, NewModel("In words", studio.dataset, recipe))
    with TestClient(create_app(studio.store), base_url="http://localhost") as client:
        text = client.get(f"/models/{made.id}/details").text
    said = re.sub(r"\s*(<[^>]+>)\s*", r"\1", text)
    assert "<dt>Sampling</dt><dd>Balanced</dd>" in said
    assert "<dt>Gradient accumulation (batches)</dt><dd>3</dd>" in said
