"""The card of a model, its report and the log of its job, on a Korean page and in every kind: no English sentence."""

import html
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.evaluation.report import Report
from glasshouse.events import event_from_json
from glasshouse.export.card import card
from glasshouse.export.card_file import read_card
from glasshouse.export.description import Description
from glasshouse.jobs.job_log import line_of
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from glasshouse.web.framework.translation import translated
from studio_seed import Studio, alone

ENGLISH = re.compile(r"\b[A-Za-z]+(?: [a-z]{2,}){1,}\b")  # two words of English beside each other


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    made = TestClient(create_app(studio.store), base_url="http://localhost", headers={"cookie": "language=ko"})
    with alone(), made:
        yield made


@pytest.fixture(scope="module")
def model(studio: Studio) -> Path:
    return studio.store.path(get_model(studio.store, studio.model).folder) / "model"


@pytest.fixture(scope="module")
def dataset(studio: Studio) -> Dataset:
    return open_dataset(studio.store.path(get_dataset(studio.store, studio.dataset).folder))


def block(page: str, name: str) -> str:
    found = re.search(rf'<pre id="{name}"[^>]*>(.*?)</pre>', page, re.S)
    assert found is not None
    return html.unescape(re.sub(r"</?span[^>]*>", "", found[1]))


def test_card_report_and_log_have_no_english_sentence(client: TestClient, studio: Studio, model: Path) -> None:
    job = get_model(studio.store, studio.model).job_id
    events = (model.parent / "events.jsonl").read_text().splitlines()
    lines = [line for event in events if (line := line_of(event_from_json(event)))]
    place = studio.store.path(f"work/{job}")
    place.mkdir(parents=True, exist_ok=True)
    (place / "log.txt").write_text("".join(f"2026-11-30 08:02:44 {line}\n" for line in lines))
    text = client.get(f"/models/{studio.model}/details").text
    shown = block(text, "card")
    assert "# Dense128, 클래스 3개" in shown and "## 알려진 한계" in shown
    number = r"[\d.]+"
    assert re.search(rf"\| 정확도 \| {number}%  \(95% 신뢰 구간 {number}~{number}%, 검증 이미지 \d+장 가운데 ", shown)
    assert "| 클래스 | 정밀도 | 재현율 | 95% 신뢰 구간 | F1 | 이미지 수 |" in shown
    assert ENGLISH.findall(shown) == [] and " %" not in shown
    assert len(lines) > 4 and ENGLISH.findall(block(text, "log")) == []
    assert "영어로 저장되어" not in text


def test_the_card_in_english_is_the_file(client: TestClient, studio: Studio, model: Path) -> None:
    text = client.get(f"/models/{studio.model}/details", headers={"cookie": "language=en"}).text
    assert block(text, "card") == (model / "card.md").read_text() == read_card(model)


def test_a_card_of_an_older_model_and_one_edited_by_hand_are_shown_as_they_are(
    client: TestClient, studio: Studio, model: Path
) -> None:
    written = (model / "card.md").read_bytes()
    (model / "card.md").write_text("# My own words\n")
    text = client.get(f"/models/{studio.model}/details").text
    (model / "card.md").write_bytes(written)
    assert '<span lang="en"># My own words\n</span>' in text and "영어로 저장되어" in text
    assert read_card(model.parent) == ""


def recipes() -> Iterator[TrainingRecipe]:
    changes: dict[str, Any] = {"rotation": 10, "zoom": (0.8, 1.2), "horizontal_flip": True, "fill": "wrap"}
    for values in (
        {"network": "MobileNetV2", "weights": "w.safetensors", "strategy": "features", "augmentation": changes},
        {"network": "MobileNetV2", "weights": "w", "strategy": "features", "head": "steps"},
        {"network": "ResNet18", "weights": "pretrained", "strategy": "fine-tune", "learn_from": "train+val"},
        {"network": "LeNet", "learn_from": "fold 1/5", "schedule": {"name": "cosine"}},
    ):
        yield TrainingRecipe.model_validate({"data": "d", **values})


@pytest.mark.parametrize("recipe", [*recipes()], ids=lambda recipe: f"{recipe.strategy} {recipe.learn_from}")
def test_every_sentence_of_a_card_has_its_korean(recipe: TrainingRecipe, dataset: Dataset, model: Path) -> None:
    report = Report.from_dict(json.loads((model.parent / "report-val.json").read_text()))
    poor = tuple(replace(score, recall=0.5) for score in report.per_class)
    reports = [replace(report, per_class=poor, openings=opened, split="test") for opened in (0, 1, 2)]
    description = Description({"name": "LeNet"}, dataset.classes, dataset.preprocessing, recipe)
    for how in ({}, {"group": "(\\d+)"}, {"twins": False}, *({"split": way} for way in ("ordered", "time", "auto"))):
        changed = cast(Dataset, _seen_as(dataset, how))
        text = card(description, changed, reports, "2026-11-21")
        assert isinstance(text, Message)
        assert ENGLISH.findall(translated(text, "ko").replace("Apache 2.0", "")) == []
        assert ENGLISH.findall(str.__str__(text)) != []
    bare = translated(card(replace(description, recipe=None), dataset), "ko")
    assert "평가하지 않았습니다" in bare and ENGLISH.findall(bare) == []


def _seen_as(dataset: Dataset, how: dict[str, Any]) -> SimpleNamespace:
    """Return the dataset with another recipe, of which a card tells more."""
    names = ("fingerprint", "width", "height", "channels", "classes", "warnings", "summary")
    recipe = dataset.recipe.model_copy(update=how)
    return SimpleNamespace(recipe=recipe, **{name: getattr(dataset, name) for name in names})


def test_parts_survive_the_file(dataset: Dataset, model: Path, tmp_path: Path) -> None:
    """What ``read_card`` returns is the message that was written, and a file of somebody else's parts is no danger."""
    text = read_card(model)
    assert isinstance(text, Message) and translated(text, "ko") != text
    for parts in (None, 3, {"template": "{a}", "values": {}}, {"template": "{a}{a}", "values": {"a": "x" * 10**6}}):
        (tmp_path / "card.md").write_text("# Other\n")
        (tmp_path / "model.json").write_text(json.dumps({"card_parts": parts}))
        assert read_card(tmp_path) == "# Other\n"
    (tmp_path / "model.json").write_bytes(os.urandom(30))
    assert read_card(tmp_path) == "# Other\n"
