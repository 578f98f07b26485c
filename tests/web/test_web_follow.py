"""Follow one picture on the page and over the API, with the predictor's answers made in this process."""

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

import glasshouse as gh
from glasshouse.explanation.layers.activations import split_activations
from glasshouse.explanation.sentences import ACTIVATION, SENTENCES
from glasshouse.jobs.predictor import Predictor
from glasshouse.store import predictor as asking
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from glasshouse.web.follow.view import View, drawn, sentences, stems
from studio_seed import Studio


@pytest.fixture
def client(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Pages whose questions are answered by the predictor's own code, without a process of its own."""
    predictor = Predictor(studio.store)

    def exchange(store: Any, question: bytes, picture: bytes) -> bytes:
        return json.dumps(predictor.answer(json.loads(question), picture)).encode()

    monkeypatch.setattr(asking, "_exchange", exchange)
    with TestClient(create_app(studio.store), base_url="http://127.0.0.1") as made:
        yield made


def told(client: TestClient, address: str, **query: Any) -> dict[str, Any]:
    for _ in range(120):
        found: dict[str, Any] = client.get(address, params=query).json()
        if found.get("state") != "working":
            return found
        time.sleep(0.05)
    raise AssertionError("the answer did not come")


def shown(client: TestClient, address: str) -> str:
    for _ in range(120):
        page = client.get(address).text
        if "data-live" not in page:
            return page
        time.sleep(0.05)
    raise AssertionError("the page did not come")


def test_the_api_tells_what_torch_computes_on_the_same_picture(client: TestClient, studio: Studio) -> None:
    found = told(client, f"/api/v1/models/{studio.model}/follow", split="val", row=3, layer="dense", index="190,7")
    record = get_model(studio.store, studio.model)
    model = gh.load_model(studio.store.path(record.folder))
    data = gh.open_dataset(studio.store.path("datasets") / studio.dataset)
    row, label = data.splits["val"].rows(np.array([3])), int(data.splits["val"].labels[3])
    p = model.preprocessing
    x = torch.from_numpy((row / 255.0 - np.asarray(p.mean)) / np.asarray(p.std)).permute(0, 3, 1, 2)
    module = model.module.double()
    loss = torch.nn.functional.cross_entropy(module(x), torch.tensor([label]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert found["label"] == data.classes[label]
    assert found["loss"] == pytest.approx(loss.item(), abs=1e-10)
    assert found["agreement"] < 1e-5
    weight = found["weight"]
    gradient = dict(module.named_parameters())["dense.weight"].grad[7, 190]  # type: ignore[index]
    assert weight["gradient"] == pytest.approx(float(gradient), abs=1e-10)
    (use,) = weight["uses"]
    parts = sum(term["product"] for term in use["chain"]["terms"]) + use["chain"]["rest"]
    assert parts == pytest.approx(use["chain"]["total"], abs=1e-14)
    assert use["chain"]["total"] == pytest.approx(weight["gradient"], abs=1e-12)
    assert weight["slope"] == pytest.approx(weight["gradient"], rel=1e-4, abs=1e-8)
    assert weight["update"]["after"] == weight["update"]["lines"][-1]["value"]
    assert [step["name"] for step in found["steps"]] == ["input_layer", "flatten", "dense", "dense_1"]


def test_the_page_has_the_apis_numbers(client: TestClient, studio: Studio) -> None:
    query = {"split": "train", "row": 5, "layer": "dense_1", "weight": "bias", "index": "1", "moment": "initial"}
    found = told(client, f"/api/v1/models/{studio.model}/follow", **query)
    page = shown(client, f"/models/{studio.model}/follow?" + View(**query).query())
    text = re.sub(r"<[^>]+>", "", page).replace("\N{MINUS SIGN}", "-")
    weight = found["weight"]
    numbers = [weight["uses"][0]["chain"]["total"], weight["slope"], weight["update"]["after"]]
    for written in [f"w = {weight['value']:.7g}", *(f"{value:.8g}" for value in numbers)]:
        assert written in text
    assert "dense_1/bias[1]" in text
    assert found["moment"] == {"name": "initial", "epoch": 0}
    assert f"{found['loss']:.4f}" in text
    korean = client.get(
        f"/models/{studio.model}/follow?" + View(**query).query(), headers={"accept-language": "ko"}
    ).text
    assert "연쇄 법칙으로 구한 미분" in korean


def test_a_picture_that_was_brought_is_followed_by_its_key(client: TestClient, studio: Studio) -> None:
    file = sorted(studio.pictures.glob("both/*.png"))[0].read_bytes()
    key = client.post(f"/api/v1/models/{studio.model}/follow/upload", content=file).json()["picture"]
    found = told(client, f"/api/v1/models/{studio.model}/follow", picture=key)
    best = found["classes"][0]
    assert found["label"] == best["name"]
    found = told(client, f"/api/v1/models/{studio.model}/follow", picture=key, label="left")
    assert found["label"] == "left"
    posted = client.post(
        f"/models/{studio.model}/follow/upload", files={"picture": ("a.png", file)}, follow_redirects=False
    )
    assert posted.headers["location"] == f"/models/{studio.model}/follow?picture={key}"
    assert "Back to the dataset" in shown(client, posted.headers["location"])
    wrong = client.post(f"/models/{studio.model}/follow/upload", files={"picture": ("a.png", b"none")})
    assert wrong.status_code == 422
    assert client.get(f"/models/{studio.model}/follow?picture=../../x").status_code == 422


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("split=test", 422, "val"),
        ("row=-1", 422, "row"),
        ("row=100000", 422, "there is no picture 100000"),
        ("layer=nothing", 422, "there is no layer"),
        ("layer=dense&index=1,2,3", 422, "expected 2 whole numbers"),
        ("layer=dense&index=a", 422, "whole numbers with commas"),
        ("label=horse", 422, "there is no class"),
    ],
)
def test_what_cannot_be_followed_is_told(
    client: TestClient, studio: Studio, query: str, status: int, words: str
) -> None:
    for _ in range(100):
        answer = client.get(f"/api/v1/models/{studio.model}/follow?{query}")
        if '"working"' not in answer.text:
            break
        time.sleep(0.05)
    assert answer.status_code == status
    assert words in answer.text


def test_a_network_of_a_library_is_refused_with_the_next_step(client: TestClient, studio: Studio) -> None:
    from sqlalchemy import update

    from glasshouse.store.tables import models
    from studio_seed import make_model

    other = make_model(studio.store, studio.dataset, "Not open", epochs=1)
    record = get_model(studio.store, other)
    with studio.store.write() as connection:
        recipe = {**record.recipe, "network": "resnet10t"}
        connection.execute(update(models).where(models.c.id == other).values(recipe=recipe))
    page = client.get(f"/models/{other}/follow").text
    assert "This network cannot be followed" in page
    assert f"/models/new?clone={other}" in page
    refused = client.get(f"/api/v1/models/{other}/follow")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "network"


def test_the_graph_is_drawn_and_told(client: TestClient, studio: Studio) -> None:
    found = told(client, f"/api/v1/models/{studio.model}/graph")
    assert [box["kinds"] for box in found["boxes"]] == [["Input"], ["Flatten"], ["Dense + relu"], ["Dense + softmax"]]
    assert found["boxes"][2]["parameters"] == 784 * 128 + 128
    page = shown(client, f"/models/{studio.model}/follow/graph")
    assert 'class="gh-graph"' in page
    assert "4 layers in 4 boxes" in page
    assert "<script" not in found["svg"]


def test_the_graph_is_drawn_in_the_words_of_the_page(client: TestClient, studio: Studio) -> None:
    found = told(client, f"/api/v1/models/{studio.model}/graph")
    assert drawn(found, lambda text: text) == found["svg"], "in English it is the library's own drawing"
    client.cookies.set("language", "ko")
    page = shown(client, f"/models/{studio.model}/follow/graph")
    said = re.findall(r'<text class="soft"[^>]*>([^<]*)', page)
    assert {"입력", "Flatten", "Dense + relu", "가중치 100,480개"} <= set(said)
    assert not {text for text in said if "weights" in text or "Input" in text}
    assert "층 4개, 상자 4개" in page


def test_a_long_network_folds_by_stages_and_opens_where_a_layer_is_chosen(
    client: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "each output is the sum of all inputs times its weights"
    short = shown(client, f"/models/{studio.model}/follow?row=1")
    assert 'class="stages"' not in short
    assert short.count(sentence) == 3, "two layers, and the layer that is looked at"
    assert "layer=input_layer#at-0" in short, "each small picture is a link to its channel"
    monkeypatch.setattr("glasshouse.explanation.stages.LONG", 3)
    folded = shown(client, f"/models/{studio.model}/follow?row=2")
    ways = re.findall(r'<ol class="stages".*?</section>', folded, re.DOTALL)
    assert len(ways) == 2
    for way in ways:
        assert "<details>" in way
        assert "<details open>" not in way
    assert folded.count(sentence) == 2, "once for all layers, and at the layer that is looked at"
    opened = shown(client, f"/models/{studio.model}/follow?row=2&layer=dense_1")
    assert opened.count("<details open>") == 2, "forward and back"
    assert 'id="at-3" class="chosen"' in opened
    assert told(client, f"/api/v1/models/{studio.model}/follow", row=2)["stages"] == [
        {"number": 1, "size": [28, 28], "steps": ["input_layer"]},
        {"number": 2, "size": [1, 1], "steps": ["flatten", "dense", "dense_1"]},
    ]
    input_chosen = shown(client, f"/models/{studio.model}/follow?row=2&layer=input_layer")
    assert input_chosen.count('class="large-map pixels"') == 4, "in both rows, and twice at the layer"


def test_without_a_predictor_the_page_says_that_it_is_started(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any) -> bytes:
        raise OSError

    monkeypatch.setattr(asking, "_exchange", nobody)
    with TestClient(create_app(studio.store), base_url="http://127.0.0.1") as client:
        page = client.get(f"/models/{studio.model}/follow").text
        assert "The process that computes is being started" in page
        assert "data-live" in page
        live = client.get(f"/models/{studio.model}/follow/live")
        assert (live.status_code, live.headers.get("x-live")) == (200, None)
        assert client.get(f"/api/v1/models/{studio.model}/follow").json()["state"] == "working"


def test_only_who_may_see_the_model_sees_its_inside(client: TestClient, studio: Studio) -> None:
    assert client.get("/models/none/follow").status_code == 404
    assert client.get("/api/v1/models/none/follow").status_code == 404
    assert client.get("/api/v1/models/none/graph").status_code == 404


def test_the_sentences_of_pages_are_those_of_the_notebook() -> None:
    assert sentences(lambda text: text) == SENTENCES
    template = (Path(gh.__file__).parent / "web" / "follow" / "templates" / "follow.html").read_text(encoding="utf-8")
    assert ACTIVATION in template


def test_bars_stand_on_their_zero_line() -> None:
    up, down, none = stems([3.0, -1.0, 0.0])
    assert (up.y, up.height, up.negative) == (0, 75, False)
    assert (down.y, down.height, down.negative) == (75, 25, True)
    assert none.height < 1
    assert stems([0.0])[0].height < 1


def test_an_address_leaves_out_what_is_usual() -> None:
    view = View(row=3, layer="dense", channel=2)
    assert view.query() == "row=3&layer=dense&channel=2"
    assert view.query(channel=0, all=True) == "row=3&layer=dense&all=true"


def test_a_broken_picture_is_told_as_one(client: TestClient, studio: Studio) -> None:
    grey = io.BytesIO()
    Image.new("L", (5, 5)).save(grey, "PNG")
    answer = client.post(f"/api/v1/models/{studio.model}/follow/upload", content=grey.getvalue()[:40])
    assert answer.status_code == 422


def test_one_pictures_numbers_in_every_layer_stand_beside_the_splits(client: TestClient, studio: Studio) -> None:
    folder, data = (studio.store.path(one) for one in (f"runs/{studio.model}", f"datasets/{studio.dataset}"))
    address = f"/models/{studio.model}/layers/statistics"
    assert f"{address}/picture?split=val&amp;row=3" in client.get(address).text
    found = told(client, f"/api/v1/models/{studio.model}/activations", split="val", row=3)
    rows = gh.open_dataset(data).splits["val"].rows(np.array([3]))
    expected = gh.activations(gh.load_model(folder), rows[0])
    assert found["layers"] == [one.to_dict() for one in expected.layers]
    page = shown(client, f"{address}/picture?split=val&row=3")
    assert page.count('<rect class="frame"') == len(found["layers"]), "a block a layer"
    assert "in grey: the whole split" not in page
    over_split = split_activations(folder, data=data).layers
    page = re.sub(r"\s+", " ", shown(client, f"{address}/picture?split=val&row=3"))
    mean = f"{over_split[-1].mean:.3g}".replace("-", "\N{MINUS SIGN}")
    assert f'<span class="quiet caption">{mean}</span>' in page
    wrong = client.get(f"{address}/picture?split=val&row=99999")
    assert (wrong.status_code, "there is no picture 99999" in wrong.text) == (422, True)
