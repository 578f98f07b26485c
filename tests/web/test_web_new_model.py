"""New model: time and memory measured here, what of weights fits, how many models a sweep makes, clones."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from sent_form import Sent
from starlette.testclient import TestClient

from glasshouse.recipe import TrainingRecipe
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.store.rates import RUN, TRIAL, find_rate, note_rate, rate_key
from glasshouse.store.resources import change_resource
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from glasshouse.training.time_estimate import pace_of_run
from glasshouse.web.app import create_app
from glasshouse.web.context.job_resource import dataset_resource, model_resource
from glasshouse.web.new_model.estimate import estimate
from glasshouse.web.new_model.expected import PRETRAINED_START, RANDOM_START, expected_of
from glasshouse.web.new_model.form import FIELDS, defaults, filled_from, new_model, weights_word
from glasshouse.web.new_model.presets import presets_for
from glasshouse.web.new_model.reckoned import speed_here
from studio_seed import Studio

OWN = {"preset": "own", "network": "Dense128", "epochs": "3", "batch_size": "16"}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def test_time_and_memory_are_measured_here_once(client: TestClient, studio: Studio) -> None:
    query = {**OWN, "dataset": studio.dataset}
    text = client.get("/live/estimate", params=query).text
    assert "measured here by a trial of some seconds" in text
    data = client.app.state.store  # type: ignore[attr-defined]
    recipe = {"network": "Dense128", "batch_size": 16}
    key = rate_key(recipe, {"width": 28, "height": 28, "color": "gray"})
    rate = find_rate(data, key)
    assert rate is not None and rate["kind"] == TRIAL
    assert 0 < rate["learn"] < 1 and 0 < rate["look"] < 1
    assert 2**26 < rate["memory"] < 2**33
    note_rate(studio.store, key, TRIAL, {**rate, "start": 7000.0})
    assert "1 h 56 min" in client.get("/live/estimate", params=query).text, "it is not measured again"
    note_rate(studio.store, key, RUN, {**rate, "start": 60.0})
    assert "measured on a finished training here" in client.get("/live/estimate", params=query).text
    asked = {"dataset_id": studio.dataset, "recipe": {**recipe, "epochs": 3}}
    told = client.post("/api/v1/trials/estimate", json=asked).json()
    assert (told["kind"], told["memory"]) == (RUN, rate["memory"]) and 60 < told["seconds"] < 120
    assert client.post("/api/v1/trials/estimate", json={**asked, "recipe": {"network": 3}}).status_code == 422


def test_rates_and_augmented_pictures_are_told_over_the_api(client: TestClient, studio: Studio) -> None:
    recipe = {"network": "Dense128", "epochs": 4, "optimizer": {"lr": 0.5}, "seed": 3,
              "schedule": {"name": "multi-step", "milestones": [25, 50], "gamma": 0.1}}  # fmt: skip
    points = client.post("/api/v1/trials/schedule", json={"recipe": recipe}).json()["points"]
    assert [points[0][0], points[-1][0]] == [0, 4]
    assert sorted({round(rate, 6) for _, rate in points}) == [0.005, 0.05, 0.5]
    wrong = client.post("/api/v1/trials/schedule", json={"recipe": {**recipe, "schedule": {"name": "zigzag"}}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "schedule.name")
    asked = {"dataset_id": studio.dataset, "recipe": {**recipe, "augmentation": {"rotation": 90}}}
    rows = client.post("/api/v1/trials/augmented", json=asked).json()["rows"]
    assert [len(row) for row in rows] == [6] * 4
    assert all(address.startswith("data:image/") for row in rows for address in row)
    assert all(row[0] != row[1] for row in rows)


def test_what_cannot_be_trained_is_told_instead_of_a_time(client: TestClient, studio: Studio) -> None:
    query = {**OWN, "dataset": studio.dataset, "epochs": "-1"}
    text = client.get("/live/estimate", params=query).text
    assert "Epochs" in text and "about" not in text


def test_a_finished_run_tells_its_pace(studio: Studio) -> None:
    run = studio.store.path(get_model(studio.store, studio.model).folder)
    pace = pace_of_run(run, 123, 60.0)
    assert pace is not None
    assert (pace.memory, pace.device) == (123, "cpu")
    assert 0 < pace.learn < 0.1 and 50 < pace.start < 60


def test_keys_tell_what_a_pace_depends_on() -> None:
    data = {"width": 28, "height": 28, "color": "gray"}
    plain = rate_key({"network": "LeNet"}, data)
    assert plain == rate_key(TrainingRecipe(data="-", network="LeNet").model_dump(mode="json"), data)
    others = [{"batch_size": 8}, {"augmentation": {"rotation": 5}}, {"network": {"layers": []}}]
    assert len({plain, *(rate_key({"network": "LeNet", **more}, data) for more in others)}) == 4


def test_a_sweep_tells_how_many_models_it_makes(client: TestClient, studio: Studio) -> None:
    query = {**OWN, "dataset": studio.dataset, "optimizer.lr": "0.1, 0.01", "batch_size": "16; 32"}
    assert "This trains 4 models: 2 rates × 2 batch sizes." in client.get("/live/plan", params=query).text
    assert "This trains one model." in client.get("/live/plan", params={**query, **OWN, "optimizer.lr": ""}).text
    assert "Batch size: " in client.get("/live/plan", params={**query, "batch_size": "many"}).text


def test_the_plan_of_a_sweep_is_told_over_the_api(client: TestClient, studio: Studio) -> None:
    recipe = {"network": "Dense128", "epochs": 3}
    asked = {"dataset_id": studio.dataset, "recipe": recipe, "sweep": {"lr": [0.1, 0.01, 0.001], "batch_size": [9, 11]}}
    told = client.post("/api/v1/trials/plan", json=asked).json()
    assert told.pop("one")["kind"] == "reckoned", "nothing is measured for it"
    assert told == {"models": 6, "rates": 3, "sizes": 2}
    pace = {"learn": 0.01, "look": 0.001, "frozen": 0.01, "start": 50.0, "memory": 2**28, "device": "cpu"}
    key = rate_key({"network": "Dense128", "batch_size": 9}, {"width": 28, "height": 28, "color": "gray"})
    note_rate(studio.store, key, TRIAL, pace)
    one = client.post("/api/v1/trials/plan", json=asked).json()["one"]
    assert (one["memory"], one["kind"]) == (2**28, TRIAL) and one["seconds"] > 50, "of the first pair"
    alone = client.post("/api/v1/trials/plan", json={"dataset_id": studio.dataset, "recipe": recipe}).json()
    assert (alone["models"], alone["rates"], alone["sizes"]) == (1, 1, 1)
    for wrong, field in [({"sweep": {"lr": [0.1] * 13, "batch_size": [1, 2, 3, 4, 5]}}, "sweep"),
                         ({"recipe": {**recipe, "epochs": -1}}, "epochs"),
                         ({"recipe": {**recipe, "optimizer": "sgd"}}, "optimizer")]:  # fmt: skip
        answer = client.post("/api/v1/trials/plan", json={**asked, **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        answer = client.post("/api/v1/models", json={**asked, "name": "Swept", **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), "as when they are made"


def test_the_three_cards_are_told_over_the_api_as_the_page_shows_them(client: TestClient, studio: Studio) -> None:
    query, korean = {"dataset_id": studio.dataset}, {"accept-language": "ko"}
    cards = client.get("/api/v1/presets", params=query).json()
    assert [card["key"] for card in cards] == ["fast", "balanced", "accurate"]
    data = {"width": 28, "height": 28, "color": "gray"}
    pace = {"learn": 0.01, "look": 0.001, "frozen": 0.01, "start": 4000.0, "memory": 2**28, "device": "cpu"}
    note_rate(studio.store, rate_key(cards[0]["recipe"], data), TRIAL, pace)
    known = client.get("/api/v1/presets", params=query).json()
    assert [card["estimate"]["kind"] for card in known] == ["trial", "reckoned", "reckoned"], "others are augmented"
    assert known[0]["estimate"]["seconds"] > 4000
    for language in ({}, korean):
        page = client.get("/models/new", params={"dataset": studio.dataset}, headers=language).text
        told = client.get("/api/v1/presets", params=query, headers=language).json()
        shown = re.findall(r'name="preset" value="(fast|balanced|accurate)"[^>]*>([^<]*)</span>\s*'
                           r'<span>([^<]*)</span></label>\s*'
                           r'<span class="caption">(\w+) · [^<\d]*(\d+)', page)  # fmt: skip
        assert shown == [(card["key"], card["name"], card["about"], card["recipe"]["network"],
                          str(card["recipe"]["epochs"])) for card in told]  # fmt: skip
    assert told[0]["name"] == "빠르게"
    made = client.post("/api/v1/models", json={"name": "A card", **query, "recipe": cards[1]["recipe"]})
    assert made.status_code == 201, made.text
    assert client.get("/api/v1/presets", params={"dataset_id": "none"}).status_code == 404
    assert client.get("/api/v1/presets").json()["errors"][0]["field"] == "dataset_id"


def test_what_of_weights_fits_is_told_before_training(client: TestClient, studio: Studio) -> None:
    query = {"dataset": studio.dataset, "network": "Dense128", "weights": f"model:{studio.model}"}
    wrong = client.get("/live/weights", params={**query, "network": "LeNet"}).text
    assert 'class="wrong"' in wrong and "LeNet" in wrong
    upload = begin_upload(studio.store, "w")
    file = studio.store.path(get_model(studio.store, studio.model).folder) / "model" / "weights.safetensors"
    write_piece(studio.store, upload, "w.safetensors", 0, [file.read_bytes()])
    finish_upload(studio.store, upload)
    assert "Fits: 4 of 4" in client.get("/live/weights", params={**query, "weights": f"upload:{upload.id}"}).text
    asked = {"dataset_id": studio.dataset, "recipe": {"network": "Dense128", "weights": f"model:{studio.model}"}}
    assert client.post("/api/v1/trials/weights", json=asked).json()["loaded"] == 4
    for bad in ("/etc/passwd", "../../x", "model:none", f"model:{studio.model}:../../x"):
        assert 'class="wrong"' in client.get("/live/weights", params={**query, "weights": bad}).text
    form = {**OWN, "name": "From a file", "dataset": studio.dataset, "weights": f"upload:{upload.id}", "epochs": "-1"}
    text = client.post("/models/new", data=form).text
    assert f'<option value="upload:{upload.id}" selected>' in text, "an error keeps the uploaded file"


def test_checkpoints_of_earlier_models_can_be_chosen(client: TestClient, studio: Studio) -> None:
    text = client.get("/models/new").text
    assert f'<option value="model:{studio.model}:best.safetensors">' in text


def test_the_name_of_a_clone_fits(client: TestClient, studio: Studio) -> None:
    change_resource(studio.store, get_model(studio.store, studio.model), {"name": "n" * 120})
    assert f'value="{"n" * 118} 2"' in client.get(f"/models/new?clone={studio.model}").text
    change_resource(studio.store, get_model(studio.store, studio.model), {"name": "First try"})


def test_a_clone_makes_the_same_recipe_with_all_that_has_no_field(client: TestClient, studio: Studio) -> None:
    recipe = TrainingRecipe(
        data="-", network="LeNet", weights="../runs/abc/checkpoints/best.safetensors", epochs=3, ema_decay=0.9,
        augmentation={"rotation": 5, "fill": "wrap", "zoom": (0.9, 1.2)},
        schedule={"name": "multi-step", "milestones": (20, 60)}, early_stopping={"patience": 2, "min_delta": 0.1},
        objective={"class_weights": {"a": 1.0, "b": 2.0}},
    )  # fmt: skip
    form = {**filled_from(recipe.model_dump(mode="json")), "name": "again", "dataset": "d"}
    made = new_model(form, None)
    assert made.recipe["weights"] == "model:abc:best.safetensors"
    again = TrainingRecipe(**{**made.recipe, "data": "-", "weights": recipe.weights})
    assert again == recipe
    assert new_model({**form, "early_stopping.patience": ""}, None).recipe.get("early_stopping") is None
    assert json.loads(form["rest"])
    assert filled_from({**TrainingRecipe(data="-", network="LeNet").model_dump(mode="json")})["rest"] is not None


def test_every_setting_of_the_form_has_a_control(client: TestClient) -> None:
    names = Sent(client.get("/models/new").text).names
    assert set(FIELDS) - names == set()
    assert "schedule.milestones" in names


SELDOM = {
    "network": "Dense128", "epochs": 3, "batch_size": 8, "accumulate": 2, "freeze_epochs": 2, "clip_norm": 1.5,
    "sampling": "balanced", "normalize": "none", "precision": "mixed", "device": "cpu",
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
    "objective": {"label_smoothing": 0.1}, "ema_decay": 0.9,
}  # fmt: skip


@pytest.mark.parametrize(
    "schedule", [{"name": "multi-step", "milestones": [20, 60, 75], "gamma": 0.1}, {"name": "polynomial", "power": 2.5}]
)
def test_a_clone_sent_as_it_stands_trains_the_same_recipe(
    client: TestClient, studio: Studio, schedule: dict[str, object]
) -> None:
    (first,) = submit_models(studio.store, NewModel("Cloned", studio.dataset, {**SELDOM, "schedule": schedule}))
    client.post(f"/models/{first.id}/abort")
    form = Sent(client.get(f"/models/new?clone={first.id}").text).values
    sent = client.post("/models/new", data={**form, "name": "Once more"})
    assert sent.status_code == 303, sent.text
    key = sent.headers["location"].rpartition("/")[2]
    client.post(f"/models/{key}/abort")
    assert get_model(studio.store, key).recipe == get_model(studio.store, first.id).recipe


def test_steps_that_are_no_numbers_are_told_at_their_field(client: TestClient, studio: Studio) -> None:
    form = {**OWN, "name": "x", "dataset": studio.dataset, "schedule.name": "multi-step",
            "schedule.milestones": "half"}  # fmt: skip
    answer = client.post("/models/new", data=form)
    assert answer.status_code == 422
    assert 'id="wrong-schedule.milestones"' in answer.text


@pytest.mark.parametrize(
    ("path", "word"),
    [("../runs/a/model/weights.safetensors", "model:a"), ("../runs/a/checkpoints/last.safetensors",
      "model:a:last.safetensors"), ("../uploads/u/files/x.pth", "upload:u"), ("none", "none"), ("/w.pth", "/w.pth")],
)  # fmt: skip
def test_weights_of_a_recipe_become_the_words_of_the_form(path: str, word: str) -> None:
    assert weights_word(path) == word
    assert defaults()["weights"] == "none"


def test_fine_tuning_without_trained_weights_is_refused_as_features_are(client: TestClient, studio: Studio) -> None:
    for strategy in ("fine-tune", "features"):
        says = f"the strategy {strategy} needs a trained network"
        form = {**OWN, "name": "x", "dataset": studio.dataset, "strategy": strategy, "weights": "none"}
        page = client.post("/models/new", data=form)
        assert page.status_code == 422 and 'id="wrong-weights"' in page.text and says in page.text
        recipe = {"network": "Dense128", "strategy": strategy, "epochs": 1}
        asked = {"name": "x", "dataset_id": studio.dataset, "recipe": recipe}
        for path in ("/api/v1/models", "/api/v1/trials/estimate"):
            sent = asked if path.endswith("models") else {key: asked[key] for key in ("dataset_id", "recipe")}
            answer = client.post(path, json=sent)
            (error,) = answer.json()["errors"]
            assert answer.status_code == 422 and says in error["message"], path
            assert error["field"] == ("weights" if path.endswith("models") else error["field"])
    claimed = {**asked, "recipe": {**recipe, "strategy": "fine-tune", "fingerprint": "0"}}
    assert client.post("/api/v1/models", json=claimed).status_code == 422


def test_weights_that_are_not_there_are_the_only_problem(client: TestClient, studio: Studio) -> None:
    recipe = {"network": "Dense128", "strategy": "fine-tune", "weights": "model:gone"}
    answer = client.post("/api/v1/models", json={"name": "x", "dataset_id": studio.dataset, "recipe": recipe})
    (error,) = answer.json()["errors"]
    assert error["field"] == "weights" and "gone" in error["message"]


def test_time_is_told_at_once_and_measured_only_when_nothing_runs(studio: Studio) -> None:
    data = dataset_resource(studio.store, get_dataset(studio.store, studio.dataset))
    recipe = {"network": "LeNet", "strategy": "scratch", "weights": "none", "epochs": 7, "batch_size": 48}
    first = estimate(studio.store, recipe, data)
    assert first is not None and first.kind == "reckoned" and first.seconds > 0
    longer = estimate(studio.store, {**recipe, "epochs": 70}, data)
    assert longer is not None and longer.seconds > first.seconds
    deeper = estimate(studio.store, {**recipe, "network": "ConvNet4"}, data)
    assert deeper is not None and deeper.seconds > first.seconds and deeper.memory > first.memory
    key = rate_key(recipe, data.recipe)
    slow = {"learn": 10.0, "look": 5.0, "frozen": 7.0, "start": 5.0, "memory": 2**29, "device": "cpu"}
    note_rate(studio.store, key, TRIAL, slow)
    measured = estimate(studio.store, recipe, data)
    assert measured is not None and measured.kind == "trial"
    note_rate(studio.store, rate_key({**recipe, "batch_size": 8}, data.recipe), TRIAL, {**slow, "look": 1e-9})
    assert speed_here(studio.store) > 0, "of what was measured, the middle"


def test_own_settings_begin_with_a_card_and_networks_tell_their_true_size(client: TestClient, studio: Studio) -> None:
    cards = client.get("/api/v1/presets", params={"dataset_id": studio.dataset}).json()
    accurate = next(card["recipe"] for card in cards if card["key"] == "accurate")
    text = client.get("/models/new", params={"dataset": studio.dataset, "from": "accurate"}).text
    assert re.search(r'name="preset" value="own" checked', text)
    assert re.search(rf'id="field-epochs"[^>]*value="{accurate["epochs"]}"', text)
    assert re.search(rf'name="augmentation\.rotation"[^>]*value="{accurate["augmentation"]["rotation"]}', text)
    given = dict(re.findall(r'data-card="(\w+)" data-fields="([^"]*)"', text))
    assert set(given) == {"fast", "balanced", "accurate"}
    fields = json.loads(unescape(given["fast"]))
    assert fields["network"] == cards[0]["recipe"]["network"] and fields["epochs"] == str(cards[0]["recipe"]["epochs"])
    assert "What “Fast” will do" in text and "<dt>Network</dt>" in text
    assert re.search(r"LeNet – 0\.4 million weights", text) and "VGG16 – for larger pictures" in text


def test_the_side_card_expects_what_was_seen_before_what_an_example_reached(client: TestClient, studio: Studio) -> None:
    model = model_resource(studio.store, get_model(studio.store, studio.model))
    data = dataset_resource(studio.store, get_dataset(studio.store, studio.dataset))
    fast, balanced, accurate = presets_for(data.recipe)
    trained = replace(model, recipe={**model.recipe, **fast.recipe})
    found = expected_of([data, trained], data, (fast, balanced, accurate), None)
    seen = found["fast"]
    assert seen is not None and seen.model == trained and (seen.accuracy, seen.low) == (model.score, model.interval[0])
    assert found["balanced"] is None and found["search"] is None, "the example is of photographs"
    photos = replace(data, recipe={**data.recipe, "width": 224, "height": 224, "color": "rgb"})
    assert expected_of([], photos, presets_for(photos.recipe), "EfficientNetLite0")["search"] == PRETRAINED_START
    assert expected_of([], photos, presets_for(photos.recipe), None)["search"] == RANDOM_START
    text = client.get("/models/new").text
    assert text.count("data-final") == 1 and "stays sealed" in text and "<kbd>Ctrl</kbd>" in text
    assert "봉인된 채로 둡니다" in client.get("/models/new", headers={"Accept-Language": "ko"}).text


def test_a_choice_that_nobody_made_stays_open(client: TestClient, studio: Studio) -> None:
    """Else the first one would be sent: an engine half as fast as the card's own."""
    text = client.get(f"/models/new?from=fast&dataset={studio.dataset}").text
    for name in ("engine", "head"):
        select = re.search(rf'<select[^>]*name="{name}".*?</select>', text, re.S)
        assert select and '<option value=""' in select[0]
        assert not re.search(r'<option value="[^"]+" selected', select[0])
