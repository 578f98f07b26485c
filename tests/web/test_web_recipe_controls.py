"""The declared fields in the form of a new model and in the editor of networks: shown where they count."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from glasshouse.export import engines
from glasshouse.recipe import TrainingRecipe
from glasshouse.recipe.fields import declared_fields
from glasshouse.web.app import create_app
from glasshouse.web.framework.recipe_controls import form_sections, number_text, recipe_controls
from glasshouse.web.new_model.form import defaults, filled_from, new_model
from studio_seed import Studio

SETTING = re.compile(r'data-setting="([^"]+)"[^>]*?( hidden)?>')
OWN = {"preset": "own", "network": "Dense128", "dataset": "d", "name": "n"}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost") as made:
        yield made


def settings(text: str) -> dict[str, bool]:
    """Whether each setting of a page is seen."""
    return {name: not hidden for name, hidden in SETTING.findall(text)}


def test_the_form_has_every_field_and_shows_those_that_count(client: TestClient) -> None:
    plain = settings(client.get("/models/new").text)
    declared = {name for name, field in declared_fields().items() if field.setting.section}
    assert set(plain) == declared - {"network", "weights"}, "these two have controls of their own"
    assert plain["optimizer.beta1"] and plain["schedule.pct_start"] and plain["epochs"]
    idle = {"optimizer.momentum", "freeze_epochs", "views", "schedule.gamma", "early_stopping.monitor"}
    assert {name for name in idle if plain[name]} == set()
    sgd = {"optimizer.name": "sgd", "strategy": "fine-tune", "early_stopping.patience": "3"}
    other = settings(client.get("/models/new", params=sgd).text)
    assert other["optimizer.momentum"] and other["freeze_epochs"] and other["early_stopping.monitor"]
    assert not other["optimizer.beta1"]


def test_the_editor_of_networks_shows_what_counts(client: TestClient) -> None:
    plain = settings(client.get("/networks/new").text)
    assert {name.partition(".")[0] for name in plain} == {"objective", "optimizer"}
    assert plain["optimizer.beta1"] and not plain["optimizer.momentum"]
    sent = {"optimizer.name": "sgd", "do": "look", "b0.word": "Input", "b0.name": "i"}
    assert settings(client.post("/live/network", data=sent).text)["optimizer.momentum"]


def test_what_has_no_effect_is_left_out_of_the_recipe() -> None:
    form = {**defaults(), **OWN, "optimizer.nesterov": "yes", "freeze_epochs": "7", "optimizer.beta1": "0.8"}
    made = new_model(form, None).recipe
    assert made["optimizer"]["beta1"] == "0.8"
    assert "nesterov" not in made["optimizer"] and "freeze_epochs" not in made, "AdamW from scratch"
    assert TrainingRecipe(**{**made, "data": "-"}).optimizer.nesterov is False, "and it is no conflict"


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": {"name": "adamw", "momentum": 0.9, "nesterov": True}, "freeze_epochs": 4, "views": 3},
        {"checkpoints": {"minutes": None}, "optimizer": {"lr": 0.012345678912345}},
        {"augmentation": {"zoom": [0.9, 1.2], "fill": "wrap", "crop_scale": [0.5, 1.0]}},
        {"early_stopping": {"patience": 3, "min_delta": 0.1, "monitor": "valid_accuracy"}, "device": "cuda:1"},
    ],
)
def test_a_clone_keeps_what_no_field_shows_and_what_is_idle(fields: dict[str, object]) -> None:
    recipe = TrainingRecipe(data="-", network="LeNet", **fields)
    made = new_model({**filled_from(recipe.model_dump(mode="json")), "name": "n", "dataset": "d"}, None).recipe
    assert TrainingRecipe(**{**made, "data": "-"}) == recipe


def test_an_idle_value_of_a_clone_can_be_changed_once_it_counts() -> None:
    recipe = TrainingRecipe(data="-", network="LeNet", freeze_epochs=4)
    form = {**filled_from(recipe.model_dump(mode="json")), "name": "n", "dataset": "d"}
    assert form["freeze_epochs"] == "4"
    changed = new_model({**form, "strategy": "fine-tune", "weights": "pretrained", "freeze_epochs": "2"}, None)
    assert changed.recipe["freeze_epochs"] == "2"


def test_a_range_of_a_clone_counts_though_its_field_is_blank() -> None:
    form = filled_from(TrainingRecipe(data="-", network="-", augmentation={"zoom": [0.9, 1.2]}).model_dump(mode="json"))
    found = {one.name: one for one in recipe_controls("en", form, "augmentation")}
    assert found["augmentation.zoom"].held and form["augmentation.zoom"] == ""
    assert not found["augmentation.fill"].idle


def test_controls_speak_the_language_of_the_page() -> None:
    korean = [one for section in form_sections("ko", defaults()).values() for one in section.controls]
    latin = re.compile(r"[a-z]{4,}")
    assert [one.help for one in korean if not re.search("[가-힣]", one.help)] == []
    assert [one.label for one in korean if latin.search(one.label) and not re.search("[가-힣]", one.label)
            and one.label not in ("Mixup", "CutMix")] == []  # fmt: skip


def test_numbers_are_written_so_that_they_are_read_as_they_were() -> None:
    assert [number_text(x) for x in (0.1, 100000.0, 2**31 - 1, 4 / 3)] == ["0.1", "100000", "2147483647", str(4 / 3)]


def test_an_engine_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda package: None if package == "openvino" else package)
    sections = form_sections("en", defaults()).values()
    (control,) = [one for section in sections for one in section.controls if one.name == "engine"]
    assert dict(control.options)["openvino"] == "OpenVINO (not installed here)"
    assert dict(control.options)["onnxruntime"] == "onnxruntime"
