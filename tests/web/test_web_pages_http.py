"""Every page answers, in both languages, says what it must, and keeps what was typed."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset, list_datasets
from glasshouse.store.models import get_model, list_models
from glasshouse.store.results import result_place, write_answers
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.explorer import opened
from studio_seed import Studio, finish, make_dataset, make_model

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def paths(studio: Studio) -> list[str]:
    data, model = f"/datasets/{studio.dataset}", f"/models/{studio.model}"
    return [
        "/", "/?q=corners&sort=name", "/bin", "/sign-in", "/datasets/new", "/datasets/new?from=folder",
        "/datasets/new?from=sample", f"/datasets/new?from=folder&source={studio.pictures}",
        f"/datasets/new?clone={studio.dataset}", data, f"{data}/explore", f"{data}/explore?split=val&class=both&q=1",
        f"{data}/left-out", f"{data}/twins", f"{data}/recipe", f"{data}/pictures/train/0", "/models/new",
        f"/models/new?clone={studio.model}", model, f"{model}/details", f"{model}/result", f"{model}/result?split=test",
        f"{model}/classify", f"{model}/many", f"/compare?chosen=models/{studio.model}", "/compare",
    ]  # fmt: skip


class Checker(HTMLParser):
    """Collects what a page must not have, and whether its tags are closed."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "rect", "circle", "line", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if "id" in held:
            self.ids.append(str(held["id"]))
        if "style" in held or any(name.startswith("on") for name in held) or (tag == "script" and "src" not in held):
            self.wrong.append(f"inline code in <{tag}>")
        if tag == "img" and "alt" not in held:
            self.wrong.append("img without alt")
        for name in ("src", "href", "action"):
            if str(held.get(name) or "").startswith(("http:", "https:", "//")):
                self.wrong.append(f"<{tag}> leads outside: {held[name]}")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        else:
            self.wrong.append(f"</{tag}> closes nothing")


@pytest.mark.parametrize("number", range(26))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_answers_and_is_sound(client: TestClient, studio: Studio, number: int, language: str) -> None:
    address = paths(studio)[number]
    answer = client.get(address, headers={**HTML, "accept-language": language})
    assert answer.status_code == 200, answer.text[-500:]
    assert f'<html lang="{language}"' in answer.text
    checker = Checker()
    checker.feed(answer.text)
    assert checker.wrong == []
    assert sorted(checker.ids) == sorted(set(checker.ids))
    assert "right <b>" not in answer.text
    assert "{}" not in re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.S)
    if language == "ko":
        assert re.search("[가-힣]", answer.text)


def test_there_is_a_path_for_every_number(studio: Studio) -> None:
    assert len(paths(studio)) == 26


def test_an_empty_studio_has_one_button_that_fills_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with TestClient(create_app(tmp_path_factory.mktemp("empty")), base_url="http://localhost") as client:
        text = client.get("/").text
        assert text.count('class="button primary"') == 1
        assert 'href="/datasets/new">New dataset</a>' in text
        assert "First, a dataset" in client.get("/models/new").text


def test_home_tells_the_accuracy_with_interval_and_count(client: TestClient) -> None:
    text = client.get("/").text
    assert re.search(r"\d+\.\d %", text)
    assert re.search(r"[\d.]+ % to [\d.]+ % on 18", text)


def test_search_finds_by_name_and_by_network(client: TestClient) -> None:
    assert "First try" in client.get("/?q=dense128").text
    assert "First try" not in client.get("/?q=resnet").text


def test_explorer_pages_by_key_and_filters(client: TestClient, studio: Studio) -> None:
    base = f"/datasets/{studio.dataset}/explore"
    first = client.get(base).text
    assert first.count("<li><a href") == 54
    only = client.get(base, params={"class": "both"}).text
    assert "1 to 18 of 18 pictures" in only
    assert "No picture fits" in client.get(base, params={"q": "nothing-like-this"}).text


def test_a_picture_is_kept_for_ever_under_its_fingerprint(client: TestClient, studio: Studio) -> None:
    text = client.get(f"/datasets/{studio.dataset}/explore").text
    address = re.search(r'src="(/datasets/[^"]+/images/[^"]+)"', text)
    assert address is not None
    answer = client.get(address[1])
    assert answer.content[:4] == b"\x89PNG"
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(address[1].replace("/images/", "/images/0")).status_code == 404


def test_preview_tells_counts_examples_and_problems(client: TestClient, studio: Studio) -> None:
    query = {"from": "folder", "source": str(studio.pictures), "width": "28", "height": "28", "sent": "1"}
    text = client.get("/datasets/new", params=query).text
    assert "91 pictures in 3 classes" in text
    assert text.count('src="data:image/png') >= 11
    sample = {"from": "sample", "source": "sample:digits", "width": "28", "height": "28", "color": "gray"}
    assert "1,797 pictures in 10 classes" in client.get("/datasets/new", params=sample).text


def test_a_source_outside_of_the_folders_is_refused_in_words(client: TestClient) -> None:
    for place in ("/etc", "../../etc", "upload:../x", "/proc/self"):
        answer = client.get("/datasets/new", params={"source": place})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_a_wrong_form_keeps_what_was_typed_and_names_the_fields(client: TestClient, studio: Studio) -> None:
    form = {"name": "My <i>name</i>", "source": str(studio.pictures), "width": "many", "valid": "80", "test": "40"}
    answer = client.post("/datasets/new", data=form)
    assert answer.status_code == 422
    assert "My &lt;i&gt;name&lt;/i&gt;" in answer.text
    assert 'value="many" aria-invalid="true"' in answer.text


def test_a_dataset_is_queued_and_can_be_aborted(client: TestClient, studio: Studio) -> None:
    form = {"name": "Queued", "source": str(studio.pictures), "width": "28", "height": "28", "valid": "20", "test": "0"}
    answer = client.post("/datasets/new", data=form)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert "waits for its turn" in page.text
    key = answer.headers["location"].rpartition("/")[2]
    recipe = get_dataset(studio.store, key).recipe
    assert (recipe["width"], recipe["valid"], recipe["twins"]) == (28, 0.2, False)
    since = re.search(r'data-since="(\w+)"', page.text)
    assert since is not None
    assert client.get(f"/datasets/{key}/live", params={"since": since[1]}).status_code == 204
    assert client.get(f"/datasets/{key}/live", params={"since": "old"}).status_code == 200
    client.post(f"/datasets/{key}/abort")
    assert "aborted" in client.get(f"/datasets/{key}").text.lower()
    client.post(f"/datasets/{key}/delete")


def test_an_upload_becomes_a_source(client: TestClient, studio: Studio) -> None:
    files = [
        ("files", (f"pets/{path.parent.name}/{path.name}", path.read_bytes()))
        for path in sorted(studio.pictures.glob("both/*.png"))[:6] + sorted(studio.pictures.glob("left/left*.png"))[:6]
    ]
    answer = client.post("/datasets/upload", files=files)
    assert answer.status_code == 303
    text = client.get(answer.headers["location"], follow_redirects=True).text
    assert "12 pictures in 2 classes" in text
    assert 'value="pets"' in text


@pytest.mark.parametrize("name", ["../escape.png", "/etc/passwd", "a/../../b.png"])
def test_an_upload_cannot_lead_elsewhere(client: TestClient, name: str) -> None:
    answer = client.post("/datasets/upload", files=[("files", (name, b"x"))], headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_deleting_offers_undo_and_the_bin(client: TestClient, studio: Studio) -> None:
    key = make_dataset(studio.store, "To delete", studio.pictures)
    answer = client.post(f"/datasets/{key}/delete")
    home = client.get(answer.headers["location"]).text
    assert "Moved to the bin." in home
    assert "To delete" in client.get("/bin").text
    at = re.search(r'name="at" value="([\d.]+)"', home)
    assert at is not None
    assert client.post("/bin/undo", data={"at": at[1]}).headers["location"] == f"/datasets/{key}"
    assert get_dataset(studio.store, key).deleted_at is None
    assert "Moved to the bin." not in client.get(answer.headers["location"]).text, "it was undone"
    client.post(f"/datasets/{key}/delete")


def test_a_dataset_in_use_is_not_deleted_and_the_model_is_named(client: TestClient, studio: Studio) -> None:
    answer = client.post(f"/datasets/{studio.dataset}/delete", headers=HTML)
    assert answer.status_code == 409
    assert "First try" in answer.text


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
    assert "right on 18 validation pictures" in text


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
    assert "Surest mistakes" in text
    table = client.get(f"/models/{studio.model}/result/table.csv?split=val").text.splitlines()
    assert len(table) == 19
    first, said = int(labels[0]), (int(labels[0]) + 1) % 3
    cell = client.get(f"/models/{studio.model}/result/pictures?split=val&truth={first}&answer={said}")
    assert cell.text.count("<li><a href") == 1


def test_the_sealed_test_says_what_opening_means_and_queues_it(client: TestClient, studio: Studio) -> None:
    address = f"/models/{studio.model}/result"
    assert "Open the sealed test and write it down" in client.get(f"{address}?split=test").text
    answer = client.post(address, data={"split": "test"})
    assert answer.headers["location"] == f"{address}?split=test"
    assert "The scoring waits for its turn" in client.get(answer.headers["location"]).text


def test_language_and_colours_are_kept_and_go_back(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "ko", "back": "/datasets/new?from=folder"})
    assert answer.headers["location"] == "/datasets/new?from=folder"
    assert "language=ko" in answer.headers["set-cookie"]
    dark = client.post("/language", data={"theme": "dark", "back": "//evil.example"})
    assert dark.headers["location"] == "/"
    assert 'data-theme="dark"' in client.get("/", headers={"cookie": "theme=dark"}).text
    client.cookies.clear()


def test_what_is_not_there_is_told_in_words(client: TestClient) -> None:
    for address in ("/datasets/none", "/models/none/result", "/nowhere", "/static/x/../app.py"):
        answer = client.get(address, headers=HTML)
        assert answer.status_code == 404
    assert "This is not here" in client.get("/models/none").text


def test_notes_and_names_change(client: TestClient, studio: Studio) -> None:
    record = submit_dataset(studio.store, NewDataset("Old", {"source": str(studio.pictures)}))
    client.post(f"/datasets/{record.id}/describe", data={"name": "New name", "notes": "Seen"})
    assert get_dataset(studio.store, record.id).notes == "Seen"
    client.post(f"/datasets/{record.id}/abort")
    assert len(list_datasets(studio.store)) > 1


def test_models_are_compared_in_words_and_side_by_side(client: TestClient, studio: Studio) -> None:
    other = make_model(studio.store, studio.dataset, "Second try", epochs=3)
    both = [("chosen", f"models/{key}") for key in (studio.model, other)]
    assert "cannot be paired" in client.get("/compare", params=both).text
    labels = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["val"].labels
    for key, right in ((studio.model, 1.0), (other, 0.0)):
        chances = np.eye(3, dtype=np.float32)[(labels + int(right == 0.0)) % 3]
        write_answers(result_place(studio.store.path(get_model(studio.store, key).folder), "val"), labels, chances)
    text = client.get("/compare", params=both).text
    assert "They can be told apart: on 18 pictures, 18 only the first got right, 0 only the second" in text
    assert text.index(">epochs<") < text.index(">batch_size<")
    assert "Choose two models" in client.get("/compare").text


def test_several_are_aborted_and_binned_at_once(client: TestClient, studio: Studio) -> None:
    made = submit_models(
        studio.store, NewModel("Many", studio.dataset, {"network": "Dense128"}, sweep={"lr": [0.1, 0.2]})
    )
    chosen = {"chosen": [f"models/{one.id}" for one in made]}
    client.post("/chosen/abort", data=chosen)
    assert [str(get_model(studio.store, one.id).state) for one in made] == ["aborted", "aborted"]
    assert client.post("/chosen/delete", data=chosen).headers["location"].startswith("/?binned=")
    assert "Many lr 0.1" in client.get("/bin").text


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
    assert client.get(f"/models/{studio.model}/many/none").status_code == 404


def test_augmentation_is_shown_on_pictures_of_the_dataset(client: TestClient, studio: Studio) -> None:
    query = {"dataset": studio.dataset, "network": "LeNet", "augmentation.rotation": "20"}
    text = client.get("/live/augmented", params=query).text
    assert text.count('src="data:image/png') == 4 * 6
    assert "note bad" in client.get("/live/augmented", params={**query, "augmentation.rotation": "900"}).text


def test_each_way_of_resizing_is_shown_on_a_picture_that_is_no_square(client: TestClient, studio: Studio) -> None:
    query = {"from": "folder", "source": str(studio.pictures), "width": "20", "height": "28"}
    assert "One picture in each way of resizing" in client.get("/datasets/new", params=query).text
    assert "Sign in" in client.get("/sign-in").text


def test_a_model_and_a_table_of_pictures_can_be_taken_away(client: TestClient, studio: Studio, tmp_path: Path) -> None:
    from glasshouse.export.bundle import load_model

    answer = client.get(f"/api/v1/models/{studio.model}/download")
    (tmp_path / "taken.model").write_bytes(answer.content)
    assert load_model(tmp_path / "taken.model").classes == ("both", "left", "right <b>")
    table = client.get(f"/datasets/{studio.dataset}/table.csv").text.splitlines()
    assert len(table) == 91
    assert table[0] == "path,class,split,width,height,sha256,file"


def test_what_is_in_the_bin_can_be_deleted_for_good(client: TestClient, studio: Studio) -> None:
    key = make_dataset(studio.store, "For good", studio.pictures)
    folder = studio.store.path(get_dataset(studio.store, key).folder)
    assert client.post(f"/datasets/{key}/empty").status_code == 409
    client.post(f"/datasets/{key}/delete")
    assert client.post(f"/datasets/{key}/empty").status_code == 303
    assert not folder.exists()
