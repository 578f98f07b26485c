"""A recipe in words: every setting that differs from its default is said, in the words of the form."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from glasshouse.recipe import TrainingRecipe
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.framework.field_labels import field_labels
from glasshouse.web.framework.language import texts
from glasshouse.web.models.recipe_texts import recipe_rows
from studio_seed import Studio

PLAIN: dict[str, Any] = {"network": "LeNet", "epochs": 3}
SAID: dict[str, tuple[dict[str, Any], tuple[str, str], tuple[str, str]]] = {
    "sampling": ({"sampling": "balanced"}, ("Order of the pictures", "Balanced"), ("이미지 순서", "균형")),
    "clipping": ({"clip_norm": 0.5}, ("Longest step", "0.5"), ("그래디언트 클리핑(최대 노름)", "0.5")),
    "precision": (
        {"precision": "mixed"}, ("Numbers of the computation", "Mixed 16 and 32 bits"),
        ("계산 정밀도", "16비트와 32비트 혼합"),
    ),
    "milestones": (
        {"schedule": {"name": "multi-step", "milestones": [30, 62.5]}}, ("Steps at", "30 %, 62.5 %"),
        ("감소 지점 목록", "30%, 62.5%"),
    ),
    "gathered": ({"accumulate": 4}, ("Batches gathered", "4"), ("그래디언트 누적(배치 수)", "4")),
    "last layer": (
        {"strategy": "fine-tune", "weights": "pretrained", "freeze_epochs": 0}, ("Epochs for the last layer", "0"),
        ("마지막 층만 학습하는 에포크", "0"),
    ),
    "optimizer": (
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
        ("Optimizer", "sgd, Momentum 0.9, Nesterov's momentum, Weight decay 0.01"),
        ("옵티마이저", "sgd, 모멘텀 0.9, 네스테로프 모멘텀, 가중치 감쇠 0.01"),
    ),
    "augmentation": (
        {"augmentation": {"rotation": 10, "horizontal_flip": True, "zoom": [0.9, 1.2]}},
        ("Augmentation", "Rotation 10, Zoom 0.9–1.2, Mirror left and right"),
        ("데이터 증강", "회전 10, 확대·축소 0.9–1.2, 좌우 뒤집기"),
    ),
    "class weights": (
        {"objective": {"class_weights": {"cat": 2, "dog": 0.5}}}, ("Class weights", "cat 2, dog 0.5"),
        ("클래스 가중치", "cat 2, dog 0.5"),
    ),
}  # fmt: skip
UNUSUAL: dict[str, Any] = {
    "network": "AlexNet", "weights": "pretrained", "strategy": "fine-tune", "epochs": 7, "freeze_epochs": 2, "views": 3,
    "head": "steps", "learn_from": "fold 2/5",
    "batch_size": 8, "accumulate": 2, "optimizer.name": "sgd", "optimizer.lr": 0.5, "optimizer.momentum": 0.5,
    "optimizer.nesterov": True, "optimizer.beta1": 0.8, "optimizer.beta2": 0.99, "optimizer.rho": 0.8,
    "optimizer.eps": 1e-6, "optimizer.weight_decay": 0.1, "schedule.name": "cosine", "schedule.warmup": 1.0,
    "schedule.step": 20.0, "schedule.milestones": [10.0], "schedule.gamma": 0.5, "schedule.power": 2.0,
    "schedule.pct_start": 0.5, "schedule.div": 10.0, "schedule.final_div": 10.0, "objective.label_smoothing": 0.1,
    "objective.class_weights": "balanced", "sampling": "balanced", "dropout": 0.5, "clip_norm": 1.0, "ema_decay": 0.9,
    "checkpoints.monitor": "valid_accuracy", "checkpoints.keep_every": 2, "checkpoints.minutes": None,
    "checkpoints.steps": 10, "normalize": "none", "precision": "mixed", "device": "cuda:1", "seed": 7,
}  # fmt: skip
ONE_WAY = {"objective.name", "early_stopping"}  # there is one objective; stopping has its own line below
CONCERNS = {"views": {"strategy": "features"}, "head": {"strategy": "features"},
            "freeze_epochs": {"strategy": "fine-tune"},
            "schedule.milestones": {"schedule": {"name": "multi-step"}}}  # fmt: skip


def rows(language: str, recipe: dict[str, Any]) -> dict[str, str]:
    return dict(recipe_rows(texts(language).gettext, field_labels(language), recipe))


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
    assert (told["Schedule"], told["Augmentation"], told["Batch size"]) == ("one-cycle", "none", "64")
    assert rows("en", dict(PLAIN))["Epochs"] == "3", "a recipe may leave fields out"


def placed(recipe: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    part, _, name = field.rpartition(".")
    return {**recipe, part: {**recipe[part], name: value}} if part else {**recipe, field: value}


def test_every_field_that_is_changed_is_said() -> None:
    usual = TrainingRecipe(data="-", **PLAIN).model_dump(mode="json")
    parts = {name: value for name, value in usual.items() if isinstance(value, dict) and name != "augmentation"}
    fields = {f"{part}.{name}" for part, value in parts.items() for name in value} | (set(usual) - set(parts))
    assert fields - ONE_WAY - {"data", "fingerprint", "version", "kind", "augmentation"} == set(UNUSUAL)
    for field, value in UNUSUAL.items():
        needs = CONCERNS.get(field, {})
        base = {**usual, **{name: {**usual[name], **more} if isinstance(more, dict) else more
                            for name, more in needs.items()}}  # fmt: skip
        assert rows("en", placed(base, field, value)) != rows("en", base), field
    for name, value in usual["augmentation"].items():
        other = "reflect" if name == "fill" else True if isinstance(value, bool) else [0.1, 0.2]
        assert rows("en", placed(usual, f"augmentation.{name}", other)) != rows("en", usual), name
    stopping = rows("en", {**usual, "early_stopping": {"patience": 4, "min_delta": 0.1, "monitor": "valid_accuracy"}})
    assert stopping["Stop early after"] == "4, min delta 0.1, monitor valid_accuracy"


def test_the_page_of_a_model_says_them(studio: Studio) -> None:
    recipe = {"network": "Dense128", "epochs": 1, "sampling": "balanced", "accumulate": 3}
    (made,) = submit_models(studio.store, NewModel("In words", studio.dataset, recipe))
    with TestClient(create_app(studio.store), base_url="http://localhost") as client:
        text = client.get(f"/models/{made.id}/details").text
    assert "<dt>Order of the pictures</dt><dd>Balanced</dd>" in text
    assert "<dt>Batches gathered</dt><dd>3</dd>" in text
