"""Pages of models: asked for, their curves, results, comparison, classified pictures."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model, list_models
from glasshouse.store.results import result_place, write_answers
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.home.jobs_api import prediction_lines
from studio_seed import Studio, alone, finish, make_model


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    made = TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False)
    with alone(), made:
        yield made


def test_a_model_needs_a_name_and_a_dataset(client: TestClient, studio: Studio) -> None:
    form = {"name": "Quick", "dataset": studio.dataset, "preset": "fast"}
    answer = client.post("/models/new", data=form)
    assert answer.status_code == 303
    key = answer.headers["location"].rpartition("/")[2]
    recipe = get_model(studio.store, key).recipe
    assert (recipe["network"], recipe["epochs"]) == ("LeNet", 4)
    assert "waits for its turn" in client.get(f"/models/{key}").text
    client.post(f"/models/{key}/abort")
    assert client.post("/models/new", data={**form, "name": ""}).status_code == 422


def test_lists_of_rates_and_batch_sizes_make_a_sweep(client: TestClient, studio: Studio) -> None:
    form = {"name": "Sweep", "dataset": studio.dataset, "preset": "own", "network": "Dense128", "epochs": "2"}
    answer = client.post("/models/new", data={**form, "optimizer.lr": "0.1, 0.01", "batch_size": "16 32"})
    assert answer.status_code == 303
    made = [one for one in list_models(studio.store) if one.name.startswith("Sweep")]
    assert len(made) == 4
    for one in made:
        client.post(f"/models/{one.id}/abort")


def test_wrong_settings_of_a_model_open_them_and_say_why(client: TestClient, studio: Studio) -> None:
    form = {"name": "Bad", "dataset": studio.dataset, "preset": "own", "network": "LeNet", "epochs": "-3"}
    answer = client.post("/models/new", data={**form, "augmentation.rotation": "900", "batch_size": "some"})
    assert answer.status_code == 422
    text = client.post("/models/new", data={**form, "augmentation.rotation": "900"}).text
    assert 'id="wrong-epochs"' in text
    assert 'id="wrong-augmentation.rotation"' in text
    assert "data-own open" in text


def test_the_schedule_is_drawn_for_the_values_of_the_form(client: TestClient) -> None:
    query = {"network": "LeNet", "epochs": "10", "schedule.name": "step", "optimizer.lr": "0.5"}
    text = client.get("/live/schedule", params=query).text
    assert 'class="series rate"' in text
    assert "note bad" in client.get("/live/schedule", params={**query, "optimizer.lr": "-1"}).text


def test_a_model_shows_curves_epochs_and_the_best(client: TestClient, studio: Studio) -> None:
    text = client.get(f"/models/{studio.model}").text
    for style in ("series train", "series valid", "series accuracy", "series rate"):
        assert f'class="{style}"' in text
    assert '<tr class="best">' in text
    assert "on 18 validation pictures, 95 % interval" in text


def test_a_failed_training_says_what_happened_was_kept_and_is_next(client: TestClient, studio: Studio) -> None:
    (model,) = submit_models(studio.store, NewModel("Broken", studio.dataset, {"network": "Dense128"}))
    finish(studio.store, model.job_id, "failed", reason="The loss became infinite.", detail="Traceback <x>")
    text = client.get(f"/models/{model.id}").text
    assert "The loss became infinite." in text
    assert "nothing was trained yet" in text
    assert "Next step:" in text
    assert "Traceback &lt;x&gt;" in text
    assert f'action="/models/{model.id}/resume"' in text


def test_a_result_has_interval_baselines_classes_and_matrix(client: TestClient, studio: Studio) -> None:
    text = client.get(f"/models/{studio.model}/result").text
    assert "right on 18 pictures that the model did not train on; 95 % interval" in text
    assert "Always the commonest class" in text
    assert '<table class="matrix">' in text
    assert "right &lt;b&gt;" in text


def test_mistakes_are_shown_where_single_answers_are_known(client: TestClient, studio: Studio) -> None:
    model = get_model(studio.store, studio.model)
    run = studio.store.path(model.folder)
    labels = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["val"].labels
    chances = np.full((len(labels), 3), 0.1, np.float32)
    chances[np.arange(len(labels)), (labels + (np.arange(len(labels)) == 0)) % 3] = 0.8
    place = result_place(run, "val")
    write_answers(place, labels, chances)
    place.with_suffix(".json").write_text((run / "report-val.json").read_text())
    text = client.get(f"/models/{studio.model}/result").text
    assert "Most confident mistakes" in text
    table = client.get(f"/models/{studio.model}/result/table.csv?split=val").text.splitlines()
    assert len(table) == 19
    first, said = int(labels[0]), (int(labels[0]) + 1) % 3
    cell = client.get(f"/models/{studio.model}/result/pictures?split=val&truth={first}&answer={said}")
    assert len(re.findall(r"<li>\s*<a href", cell.text)) == 1


def test_the_sealed_test_says_what_opening_means_and_queues_it(client: TestClient, studio: Studio) -> None:
    address = f"/models/{studio.model}/result"
    assert "Open the sealed test and write it down" in client.get(f"{address}?split=test").text
    answer = client.post(address, data={"split": "test"})
    assert answer.headers["location"] == f"{address}?split=test"
    assert "The scoring waits for its turn" in client.get(answer.headers["location"]).text


def test_models_are_compared_in_words_and_side_by_side(client: TestClient, studio: Studio) -> None:
    other = make_model(studio.store, studio.dataset, "Second try", epochs=3)
    both = [("chosen", f"models/{key}") for key in (studio.model, other)]
    assert "cannot be paired" in client.get("/compare", params=both).text
    labels = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["val"].labels
    for key, right in ((studio.model, 1.0), (other, 0.0)):
        chances = np.eye(3, dtype=np.float32)[(labels + int(right == 0.0)) % 3]
        write_answers(result_place(studio.store.path(get_model(studio.store, key).folder), "val"), labels, chances)
    text = client.get("/compare", params=both).text
    assert "They can be distinguished: on 18 pictures, 18 only the first got right, 0 only the second" in text
    assert text.index(">epochs<") < text.index(">batch_size<")
    assert "Choose two models" in client.get("/compare").text


def test_classifying_many_queues_a_job_and_shows_its_answers(client: TestClient, studio: Studio) -> None:
    address = f"/models/{studio.model}/many"
    refused = client.post(address, data={"source": "/etc"})
    assert refused.status_code == 422
    answer = client.post(address, data={"source": str(studio.pictures), "name": "All of them"})
    assert answer.status_code == 303
    page = answer.headers["location"]
    assert "waits for its turn" in client.get(page).text
    key = page.rpartition("/")[2]
    folder = studio.store.path(f"work/{key}")
    folder.mkdir(parents=True, exist_ok=True)
    top = [{"label": "both", "probability": 0.9}, {"label": "left", "probability": 0.1}]
    good = {"path": "<i>.png", "label": "both", "probability": 0.9, "top": top, "error": None, "truth": "left"}
    bad = {"path": "b.png", "label": None, "probability": None, "top": [], "error": "damaged", "truth": "left"}
    (folder / "predictions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (good, bad)))
    finish(studio.store, key)
    text = client.get(page).text
    assert "&lt;i&gt;.png" in text
    assert "Could not be read: damaged" in text
    assert "All of them" in client.get(address).text
    assert client.get(f"{page}/table.csv").text.count("\n") == 3
    named = [one.rstrip().split(",") for one in prediction_lines(studio.store, key, {"both": "Both corners"})]
    assert [one[-6:] for one in named] == [
        ["error", "name", "name2", "name3", "name4", "name5"], ["", "Both corners", "left", "", "", ""],
        ["damaged", "", "", "", "", ""],
    ]  # fmt: skip
    assert named[1][2] == "both"
    assert client.get(f"/models/{studio.model}/many/none").status_code == 404


def test_an_upload_without_scripts_comes_back_to_classify_many(client: TestClient, studio: Studio) -> None:
    picture = next(studio.pictures.rglob("*.png")).read_bytes()
    sent = {"files": [("files", ("one.png", picture))], "data": {"model": studio.model}}
    answer = client.post("/datasets/upload", **sent)
    assert answer.headers["location"].startswith(f"/models/{studio.model}/many?source=upload")
    assert "Classify them" in client.get(answer.headers["location"]).text
    elsewhere = client.post("/datasets/upload", **{**sent, "data": {"model": "../../evil"}})
    assert elsewhere.headers["location"].startswith("/datasets/new?")


def test_augmentation_is_shown_on_pictures_of_the_dataset(client: TestClient, studio: Studio) -> None:
    query = {"dataset": studio.dataset, "network": "LeNet", "augmentation.rotation": "20"}
    text = client.get("/live/augmented", params=query).text
    assert text.count('src="data:image/png') == 4 * 6
    assert "note bad" in client.get("/live/augmented", params={**query, "augmentation.rotation": "900"}).text


def test_a_model_and_a_table_of_pictures_can_be_taken_away(client: TestClient, studio: Studio, tmp_path: Path) -> None:
    from glasshouse.export.bundle import load_model

    answer = client.get(f"/api/v1/models/{studio.model}/download")
    (tmp_path / "taken.model").write_bytes(answer.content)
    assert load_model(tmp_path / "taken.model").classes == ("both", "left", "right <b>")
    table = client.get(f"/datasets/{studio.dataset}/table.csv").text.splitlines()
    assert len(table) == 91
    assert table[0] == "\ufeffpath,class,split,width,height,sha256,file"
