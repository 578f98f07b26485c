"""Answers picture by picture: filters, orders, the surest of each class, openings; pages, API and tables."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.store.predictions import read_columns, read_rows
from glasshouse.store.results import SplitAnswers, result_place, write_answers
from glasshouse.store.submit import submit_classification
from glasshouse.web.app import create_app
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.models.mistakes import calibration, confidence, select, topmost
from glasshouse.web.results.class_counts import class_counts, count_lines
from studio_seed import Studio, finish, make_dataset, make_model

CLASSES = ("both", "left", "right <b>")


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="module")
def scored(studio: Studio) -> str:
    """A model with answers on the validation pictures: the first one is wrong and sure, all others right."""
    key = make_model(studio.store, studio.dataset, "Scored")
    run = studio.store.path(get_model(studio.store, key).folder)
    labels = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["val"].labels
    chances = np.full((len(labels), 3), 0.1, np.float32)
    chances[np.arange(len(labels)), (labels + (np.arange(len(labels)) == 0)) % 3] = 0.8
    write_answers(result_place(run, "val"), labels, chances)
    return key


@pytest.fixture(scope="module")
def classified(studio: Studio) -> str:
    """A classification of the source's folder with answers for three of its pictures and one that cannot be read."""
    job = submit_classification(studio.store, studio.model, str(studio.pictures), title="<b>Some</b>")
    paths = sorted(path.relative_to(studio.pictures).as_posix() for path in studio.pictures.glob("*/*.png"))[:3]
    folder = studio.store.path(f"work/{job.id}")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line(path, sure, truth) for path, sure, truth in zip(paths, (0.6, 0.9, 0.7), ("both", "left", None))]
    lines.append({"path": "../x.png", "label": None, "probability": None, "top": [], "error": "damaged", "truth": None})
    (folder / "predictions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines) + '{"path": "unfin')
    finish(studio.store, job.id)
    return job.id


def line(path: str, sure: float, truth: str | None) -> dict[str, object]:
    top = [{"label": "both", "probability": sure}, {"label": "right <b>", "probability": 1 - sure}]
    return {"path": path, "label": "both", "probability": sure, "top": top, "error": None, "truth": truth}


def answers(labels: list[int], top: list[list[int]], chances: list[list[float]]) -> SplitAnswers:
    return SplitAnswers(np.array(labels), np.array(top), np.array(chances, np.float32), np.zeros(len(labels)))


def test_unknown_truths_are_neither_right_nor_wrong_and_the_unread_come_last() -> None:
    found = answers([0, 1, -1, -1], [[0, 1], [0, 1], [0, 1], [-1, -1]], [[0.6, 0.4], [0.9, 0.1], [0.7, 0.3], [0, 0]])
    assert {kind: select(found, kind).tolist() for kind in ("wrong", "right", "unread")} == {
        "wrong": [1], "right": [0], "unread": [3]
    }  # fmt: skip
    assert select(found, "all", "unsure").tolist() == [0, 2, 1, 3]
    assert select(found, "all", "sure").tolist() == [1, 2, 0, 3]
    assert sum(one.right + one.wrong for one in confidence(found)) == 2


def test_the_surest_of_a_class_need_not_have_it_as_their_answer() -> None:
    found = answers([0, 0, 1], [[0, 1], [0, 1], [1, 0]], [[0.6, 0.4], [0.9, 0.1], [0.7, 0.3]])
    first, second = topmost(found, [0, 1], 2)
    assert [(one.row, one.answer) for one in first] == [(1, 0), (0, 0)]
    assert [(one.row, one.answer) for one in second] == [(2, 1), (0, 0)]
    assert second[1].probability == pytest.approx(0.4)


def test_calibration_is_the_weighted_distance_of_sureness_and_accuracy() -> None:
    found = answers([0, 0, 0, 0], [[0], [0], [0], [1]], [[0.95], [0.95], [0.55], [0.55]])
    sure, right, gap = calibration(confidence(found))
    assert (sure, right) == (pytest.approx(0.75), 0.75)
    assert gap == pytest.approx((2 * 0.05 + 2 * 0.05) / 4)


def test_only_whole_lines_are_answers(studio: Studio, classified: str) -> None:
    folder = studio.store.path(f"work/{classified}")
    columns = read_columns(folder, CLASSES)
    assert len(columns) == 4
    assert columns.answers.labels.tolist() == [0, 1, -1, -1]
    assert read_rows(folder, columns, [3])[0]["error"] == "damaged"
    assert len(read_columns(folder / "nothing", CLASSES)) == 0


def test_the_page_of_a_classification_filters_sorts_and_shows_pictures(
    client: TestClient, studio: Studio, classified: str
) -> None:
    page = f"/models/{studio.model}/many/{classified}"
    text = client.get(page, params={"show": "wrong"}).text
    assert "1 to 1 of 1" in text
    assert "&lt;b&gt;Some&lt;/b&gt;" in text
    assert "1 to 1 of 1" in client.get(page, params={"show": "unread"}).text
    assert "No picture fits" in client.get(page, params={"answer": "left"}).text
    unsure = client.get(page, params={"sort": "unsure"}).text
    assert unsure.index("60.0 %") < unsure.index("70.0 %") < unsure.index("90.0 %")
    assert client.get(f"{page}/pictures/0").headers["content-type"] == "image/png"
    assert client.get(f"{page}/pictures/3").status_code == 404, "it leads out of the folder"
    assert client.get(f"{page}/pictures/99").status_code == 404


def test_the_surest_of_each_class_are_shown_and_taken_away(
    client: TestClient, studio: Studio, scored: str, classified: str
) -> None:
    for place in (f"/models/{scored}/result/top?split=val&", f"/models/{studio.model}/many/{classified}/top?"):
        text = client.get(f"{place}n=2").text
        assert "right &lt;b&gt;</h3>" in text
        assert text.count("<h3") == 3
        assert client.get(f"{place}only=left").text.count("<h3") == 1
        rows = client.get(place.replace("/top?", "/top.csv?") + "n=2").text.splitlines()
        assert rows[0] == "\ufeffclass,place,path,probability,answer,truth"
        assert client.get(f"{place}n=0").status_code == 422
    assert "≠" in client.get(f"/models/{studio.model}/many/{classified}/top").text


def test_the_api_tells_answers_top_and_openings(
    client: TestClient, studio: Studio, scored: str, classified: str
) -> None:
    base = f"/api/v1/models/{scored}/results/val"
    wrong = client.get(f"{base}/answers", params={"show": "wrong"}).json()
    assert wrong["count"] == 1
    assert wrong["items"][0]["label"] != wrong["items"][0]["truth"]
    assert client.get(f"{base}/answers", params={"answer": "cow"}).status_code == 404
    assert client.get(f"/api/v1/models/{scored}/results/test/answers").status_code == 404, "the test is sealed"
    top = client.get(f"{base}/top", params={"n": 3}).json()["classes"]
    assert [one["name"] for one in top] == list(CLASSES)
    assert all(len(one["pictures"]) == 3 for one in top)
    told = client.get(f"/api/v1/jobs/{classified}/answers", params={"sort": "sure", "limit": 2}).json()
    assert [one["probability"] for one in told["items"]] == [0.9, 0.7]
    assert told["count"] == 4
    top = client.get(f"/api/v1/jobs/{classified}/top").json()["classes"]
    assert [len(one["pictures"]) for one in top] == [3, 0, 3]
    assert client.get(f"/api/v1/jobs/{classified}/top.csv").text.count("\n") == 7


def test_openings_tell_model_and_person(client: TestClient, studio: Studio) -> None:
    dataset = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder))
    dataset.open_test("evaluate <i>Mine</i>", "anna")
    dataset.open_test("evaluate Other")
    text = client.get(f"/models/{studio.model}/result", params={"split": "test"}).text
    assert "The sealed test of this dataset was opened 2 times" in text
    assert "&lt;i&gt;Mine&lt;/i&gt;" in text and ">anna<" in text and ">no account<" in text
    told = client.get(f"/api/v1/models/{studio.model}/openings").json()
    assert [(one["model"], one["person"]) for one in told] == [("<i>Mine</i>", "anna"), ("Other", None)]
    (dataset.path / "test-openings.jsonl").unlink()


def test_the_table_of_classes_is_sorted_by_any_column(client: TestClient, studio: Studio) -> None:
    text = client.get(f"/models/{studio.model}/result", params={"sort": "-recall"}).text
    assert 'aria-sort="descending"' in text
    assert "sort=recall#classes" in text


def test_models_are_compared_over_the_api_and_different_datasets_are_told(
    client: TestClient, studio: Studio, scored: str
) -> None:
    other = make_model(studio.store, studio.dataset, "Third", epochs=3)
    dataset = make_dataset(studio.store, "Elsewhere", studio.pictures)
    foreign = make_model(studio.store, dataset, "Foreign")
    labels = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder)).splits["val"].labels
    place = result_place(studio.store.path(get_model(studio.store, other).folder), "val")
    write_answers(place, labels, np.eye(3, dtype=np.float32)[labels])
    told = client.get("/api/v1/compare", params={"model": [scored, other, foreign]}).json()
    same, *apart = told["pairs"]
    assert (same["only_first"], same["only_second"], same["changed"], same["told_apart"]) == (0, 1, [0], False)
    assert all("different datasets" in one["reason"] for one in apart)
    assert {one["name"]: one["differ"] for one in told["settings"]}["epochs"] is True
    assert client.get("/api/v1/compare", params={"model": [scored]}).json()["errors"][0]["field"] == "model"
    text = client.get("/compare", params=[("chosen", f"models/{key}") for key in (scored, other, foreign)]).text
    assert "These models learnt from different datasets." in text
    assert "They cannot be distinguished with 18 pictures" in text
    assert text.count("Not comparable picture by picture") == 2


def test_many_classes_long_names_and_html_are_shown_whole(client: TestClient, studio: Studio) -> None:
    source = studio.pictures.parent / "many classes"
    names = [f"class {number:03d}" for number in range(98)] + ["<script>alert(1)", "x" * 200]
    noise = np.random.default_rng(1)
    for name in names:
        (source / name).mkdir(parents=True)
        for number in range(5):
            Image.fromarray(noise.integers(0, 256, (8, 8), np.uint8)).save(source / name / f"{number}.png")
    dataset = make_dataset(studio.store, "Many classes", source)
    model = make_model(studio.store, dataset, "Many", epochs=1)
    val = opened(studio.store.path(get_dataset(studio.store, dataset).folder)).splits["val"]
    chances = np.eye(100, dtype=np.float32)[(val.labels + 1) % 100]
    write_answers(result_place(studio.store.path(get_model(studio.store, model).folder), "val"), val.labels, chances)
    text = client.get(f"/models/{model}/result").text
    assert "There are too many classes for a table; these were mixed up most often." in text
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text and "x" * 200 in text
    assert "It is too sure of itself" in text
    first, second = (client.get(f"/models/{model}/result/top", params={"after": place}).text for place in (0, 75))
    assert first.count("<h3") == second.count("<h3") == 25, "25 classes a page"
    assert 'rel="next"' in first and 'rel="next"' not in second
    assert len(client.get(f"/api/v1/models/{model}/results/val/top").json()["classes"]) == 100


def test_answers_are_counted_by_class_whether_their_truth_is_known_or_not(
    client: TestClient, studio: Studio, classified: str
) -> None:
    counts = client.get(f"/api/v1/jobs/{classified}/counts").json()
    answers = client.get(f"/api/v1/jobs/{classified}/answers", params={"limit": 1000}).json()["items"]
    said = [one["label"] for one in answers if one["error"] is None]
    assert counts["answered"] == len(said) and counts["unread"] == len(answers) - len(said)
    for one in counts["classes"]:
        assert one["count"] == said.count(one["name"])
        right = [a for a in answers if a["truth"] == a["label"] == one["name"] and a["error"] is None]
        assert one["right"] == len(right)
    numbers = [one["count"] for one in counts["classes"]]
    assert numbers == sorted(numbers, reverse=True)
    assert sum(one["share"] for one in counts["classes"]) == pytest.approx(1.0)
    lines = client.get(f"/models/{studio.model}/many/{classified}/counts.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "class,pictures,share,mean probability,with known truth,right"
    assert [line.rsplit(",", 5)[1] for line in lines[1:]] == [str(one["count"]) for one in counts["classes"]]
    assert client.get(f"/api/v1/jobs/{classified}/counts.csv").text.splitlines() == ["\ufeff" + lines[0], *lines[1:]]
    page = client.get(f"/models/{studio.model}/many/{classified}").text
    assert "Answers by class" in page and "could not be read and has no answer" in page
    assert "클래스별 예측" in client.get(
        f"/models/{studio.model}/many/{classified}", headers={"Accept-Language": "ko"}
    ).text  # fmt: skip


def test_a_class_that_nothing_was_said_to_be_is_counted_too() -> None:
    top = np.array([[1, 0], [1, 0], [-1, -1]])
    answers = SplitAnswers(np.array([-1, 0, -1]), top, np.array([[0.75, 0.25], [0.5, 0.5], [0.0, 0.0]]), np.zeros(3))
    found = class_counts(answers, ["=a", "b", "c"])
    assert [(one.name, one.count, one.sure, one.known, one.right) for one in found] == [
        ("b", 2, 0.625, 1, 0), ("=a", 0, None, 0, 0), ("c", 0, None, 0, 0),
    ]  # fmt: skip
    assert "'=a,0,0.000000,,0,0\r\n" in list(count_lines(found))
