"""A search in the Studio: asked for by the card and over the API, its page, stopped with the best kept, prolonged."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from glasshouse.store.models import get_model, list_models
from glasshouse.store.records import JobKind
from glasshouse.store.searches import read_found, write_found
from glasshouse.web.app import create_app
from glasshouse.web.framework.language import texts
from glasshouse.web.searches.board import board, candidate_words
from studio_seed import Studio, alone, make_search


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="module")
def ended(studio: Studio, client: TestClient) -> str:
    return make_search(studio.store, studio.dataset, studio.model, "The best")


def shown(client: TestClient, address: str, language: str = "en") -> str:
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text[-300:]
    return re.sub(r"\s+", " ", answer.text)


def test_the_card_and_the_api_ask_for_the_same_search(client: TestClient, studio: Studio) -> None:
    form = {"preset": "search", "name": "S", "dataset": studio.dataset, "minutes": "60"}
    answer = client.post("/models/new", data=form)
    assert answer.status_code == 303
    address = answer.headers["location"]
    by_page = get_model(studio.store, address.split("/")[2])
    body = {"name": "S", "dataset_id": studio.dataset, "minutes": 60}
    by_api = client.post("/api/v1/searches", json=body).json()
    assert address == f"/models/{by_page.id}/search" and by_page.job.kind is JobKind.SEARCH
    assert by_page.job.arguments == by_api["job"]["arguments"]
    assert client.get(f"/models/{by_page.id}").headers["location"] == address, "until there is a model"
    assert "waits for its turn" in shown(client, address)
    endless = client.post("/models/new", data={**form, "minutes": ""}).headers["location"].split("/")[2]
    assert get_model(studio.store, endless).job.arguments["minutes"] is None
    counted = client.post("/models/new", data={**form, "candidates": "2"}).headers["location"].split("/")[2]
    assert get_model(studio.store, counted).job.arguments | {"refit": 0} == {
        "minutes": None, "candidates": 2, "refit": 0, "seed": 42}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"), [({"name": ""}, "name"), ({"minutes": "soon"}, "minutes"), ({"dataset": ""}, "dataset")]
)
def test_a_search_that_cannot_be_shows_the_form_again(
    client: TestClient, studio: Studio, wrong: dict[str, str], field: str
) -> None:
    form = {"preset": "search", "name": "S", "dataset": studio.dataset, "minutes": "2", **wrong}
    answer = client.post("/models/new", data=form)
    assert answer.status_code == 422 and 'role="alert"' in answer.text


def test_its_page_says_the_corrected_score_first_and_every_candidate(client: TestClient, ended: str) -> None:
    text = shown(client, f"/models/{ended}/search")
    assert re.search(r'class="big">89.0 %</p>', text)
    assert text.index("89.0 %") < text.index("Uncorrected 92.0 %")
    assert "24 validation pictures, which chose nothing: 90.0 %" in text
    rows = re.findall(r'id="candidate-(\d)"', text)
    assert rows == ["2", "3", "1", "4"], "the leader first, what was dropped early last"
    assert "1 candidate cannot be distinguished from the leading one on 60 pictures (paired test, p = 0.50)" in text
    assert f'class="button primary" href="/models/{ended}/classify"' in text, "its own model, when it has ended"
    assert f'action="/models/{ended}/search/prolong"' in text
    assert "89.0%" in shown(client, f"/models/{ended}/search", "ko")


def test_while_it_runs_the_leader_can_be_used(client: TestClient, studio: Studio) -> None:
    key = make_search(studio.store, studio.dataset, studio.model, "Going on", "running")
    text = shown(client, f"/models/{key}/search")
    leader = next(c["model"] for c in read_found(studio.store, key)["candidates"] if c["number"] == 2)
    assert f'class="button primary" href="/models/{leader}/classify"' in text
    assert f'action="/models/{key}/search/stop"' in text and "about 6 min left" in text
    assert ">Training<" not in text.split('aria-label="Views of the model"')[1].split("</nav>")[0]
    mark = re.search(r'data-since="(\w+)"', text)
    assert mark and client.get(f"/models/{key}/search/live?since={mark[1]}").status_code == 204
    write_found(studio.store, key, {**read_found(studio.store, key), "seconds": 260.0})
    fresh = client.get(f"/models/{key}/search/live?since={mark[1]}")
    assert fresh.status_code == 200 and 'data-piece="candidates"' in fresh.text


def test_the_api_tells_what_the_page_shows(client: TestClient, ended: str, studio: Studio) -> None:
    told = client.get(f"/api/v1/searches/{ended}").json()
    assert told["best"]["corrected"] == 0.89 and told["ended"] == "time" and told["valid_accuracy"] == 0.9
    assert [one["number"] for one in told["candidates"]] == [1, 2, 3, 4]
    assert {one["model_id"] for one in told["candidates"]} == {
        one.id for one in list_models(studio.store, search_id=ended)}  # fmt: skip
    assert ended in {one["id"] for one in client.get("/api/v1/searches").json()["items"]}
    assert client.get(f"/api/v1/searches/{studio.model}").status_code == 404
    assert client.get(f"/models/{studio.model}/search").status_code == 404


def test_a_candidate_is_a_model_that_leads_back_and_whose_clone_learns_from_all(
    client: TestClient, ended: str, studio: Studio
) -> None:
    candidate = list_models(studio.store, search_id=ended)[0].id
    text = shown(client, f"/models/{candidate}")
    assert f'href="/models/{ended}/search"' in text and "candidate of a search" in text
    form = client.get(f"/models/new?clone={candidate}").text
    assert re.findall(r'name="learn_from"[^>]*value="([^"]*)"', form) == ["train"]
    home = shown(client, "/")
    assert f"/models/{ended}" in home and f"/models/{candidate}" not in home


def test_the_dot_of_each_candidate_is_drawn_and_words_say_what_it_does(studio: Studio, ended: str) -> None:
    seen = board(str, read_found(studio.store, ended), 10)
    assert seen is not None and seen.drawing is not None
    dots = {line.style: len(line.dots) for line in seen.drawing.lines}
    assert dots["kept"] == 2 and dots["dropped"] == 2
    assert 0 <= seen.on_axis(seen.low) == 0 and seen.on_axis(1.0) == 1
    endless = board(str, read_found(studio.store, ended), None)
    assert endless is not None and endless.drawing is not None
    ends = [float(x) for line in endless.drawing.lines for x in re.findall(r"[ML]([\d.]+) ", line.path)]
    assert max(ends) <= endless.drawing.right, "the lines end with the axis"
    ko = texts("ko").gettext
    views = {"strategy": "features", "views": 4, "augmentation": {"horizontal_flip": True, "crop_scale": [0.6, 1.0]}}
    assert candidate_words(str, views) == "Frozen features, mirror images and crops, 4 views of each picture"
    assert candidate_words(str, {"strategy": "fine-tune", "epochs": 3, "augmentation": {"horizontal_flip": True}}) == (
        "Fine-tuning, 3 epochs, augmentation"
    )
    assert "특성" in candidate_words(ko, views)


def test_the_first_score_is_shown_before_its_model_can_be_used(client: TestClient, studio: Studio) -> None:
    key = make_search(studio.store, studio.dataset, studio.model, "First", "running")
    found, address = read_found(studio.store, key), f"/models/{key}/search"
    scored = {"number": 1, "network": "EfficientNetLite0", "strategy": "features", "accuracy": 0.973, "low": 0.94,
              "high": 0.988, "pictures": 150, "side": None}  # fmt: skip
    write_found(studio.store, key, {**found, "candidates": [], "best": None})
    mark = re.search(r'data-since="([^"]*)"', client.get(address).text)
    write_found(studio.store, key, {**found, "candidates": [], "best": None, "scored": scored})
    fresh = client.get(f"{address}/live", params={"since": mark[1] if mark else ""})
    text = re.sub(r"\s+", " ", fresh.text)
    assert (
        '<p class="big">97.3 %</p>' in text and "EfficientNetLite0 (Frozen features), on 150 training pictures" in text
    )
    assert "첫 결과입니다" in shown(client, address, "ko")
    write_found(studio.store, key, {**found, "scored": scored})
    assert "The first answer" not in shown(client, address), "the board says it from then on"
    assert candidate_words(texts("ko").gettext, {"strategy": "features"}, 288) == "고정된 특성, 288x288픽셀"


def test_it_says_which_candidate_is_tried_now(client: TestClient, studio: Studio) -> None:
    key = make_search(studio.store, studio.dataset, studio.model, "Trying", "running")
    found, address = read_found(studio.store, key), f"/models/{key}/search"
    assert "Being tried now" not in shown(client, address)
    mark = re.search(r'data-since="([^"]*)"', client.get(address).text)
    assert mark is not None and client.get(f"{address}/live", params={"since": mark[1]}).status_code == 204
    trying = {"number": 5, "network": "ResNet18", "strategy": "fine-tune", "pictures": 48, "expected": 95.0}
    write_found(studio.store, key, {**found, "trying": trying})
    fresh = client.get(f"{address}/live", params={"since": mark[1]})
    assert fresh.status_code == 200, "it has changed, though nothing was scored"
    text = re.sub(r"\s+", " ", fresh.text)
    assert "Candidate 5: <strong>ResNet18</strong>, Fine-tuning, learning from 48 pictures · about" in text
    assert "지금 시험 중" in shown(client, address, "ko") and "이미지 48장으로 학습" in shown(client, address, "ko")
    write_found(studio.store, key, {**found, "trying": None, "phase": "winner"})
    assert "The winner learns from all training pictures." in shown(client, address)
