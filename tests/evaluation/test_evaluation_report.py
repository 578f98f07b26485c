"""The report: its words, its three forms, what it warns of, and the way there and back through JSON."""

import json
from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from glasshouse.errors import InputError
from glasshouse.evaluation.baselines import Baseline
from glasshouse.evaluation.intervals import wilson
from glasshouse.evaluation.report import Report, measure

FIXED = {"accuracy", "interval", "loss", "count", "split", "baselines", "seconds", "run"}
ODD = ("고양이", "a|b_*c*", "<script>alert(1)</script>", "x\x1b[31m", "&lt;", "f")


def report(classes: tuple[str, ...] = ODD, count: int = 80, hit: float = 0.7, seed: int = 0) -> Report:
    random = np.random.default_rng(seed)
    labels = random.integers(0, len(classes), count)
    probabilities = random.dirichlet(np.ones(len(classes)), count)
    probabilities[random.random(count) < hit] *= 0
    probabilities[np.arange(count), labels] += 0.01
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    baseline = Baseline("commonest class", 0.2, wilson(16, 80), "always <b>f</b>, the class of 3 training pictures")
    return replace(measure(probabilities, labels, classes, "val"), baselines=(baseline,), seconds=1.5, run="runs/a|b")


class Strict(HTMLParser):
    """Collects tags and texts, and fails where tags are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_its_numbers_are_those_of_the_arrays() -> None:
    random = np.random.default_rng(3)
    labels, probabilities = random.integers(0, 7, 50), random.dirichlet(np.ones(7), 50)
    found = measure(probabilities, labels, list("abcdefg"), "test")
    assert found.accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert found.interval == wilson(round(found.accuracy * 50), 50)
    assert (found.count, found.split, len(found.per_class)) == (50, "test", 7)
    assert sum(map(sum, found.confusion)) == 50
    assert found.top5 is not None and found.top5 >= found.accuracy


def test_top_5_is_told_only_where_it_can_fail() -> None:
    assert report(tuple("abcde")).top5 is None
    assert report(tuple("abcdef")).top5 is not None


def test_its_dictionary_has_the_fixed_words_and_comes_back_through_json() -> None:
    one = report()
    data = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert set(data) >= FIXED | {"per_class", "confusion", "classes", "top5", "openings", "dataset"}
    assert data["interval"] == list(one.interval)
    assert Report.from_dict(data) == one
    assert Report.from_dict(data).to_dict() == one.to_dict()


@pytest.mark.parametrize("change", [{"interval": None}, {"per_class": [{}]}, {"interval": [0.5]}, {"classes": 3}])
def test_a_dictionary_that_is_no_report_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="no report"):
        Report.from_dict({**report().to_dict(), **change})
    with pytest.raises(InputError, match="no report"):
        Report.from_dict({})


def test_as_text_it_is_plain_and_aligned() -> None:
    text = str(report())
    assert text.startswith("Accuracy   ")
    assert "95 % interval" in text and "val pictures)" in text
    assert "\x1b" not in text
    assert "Class  " in text and "Confusion" in text
    header = next(line for line in text.splitlines() if line.startswith("Class"))
    row = next(line for line in text.splitlines() if line.startswith("a|b"))
    assert len(header) == len(row)


SCORES = {f.name for f in fields(Report) if f.type in ("float", "float | None", float, float | None)}


@pytest.mark.parametrize("name", sorted(SCORES - {"seconds"}))
def test_a_score_is_told_in_all_three_forms(name: str) -> None:
    one = report(tuple("abcdef"))
    other = replace(one, **{name: 0.98765})  # type: ignore[arg-type]
    for form in (str, Report.to_markdown, Report._repr_html_):
        assert form(one) != form(other), form


def test_as_html_names_are_escaped_and_tags_are_closed() -> None:
    html = report()._repr_html_()
    seen = Strict()
    seen.feed(html)
    seen.close()
    assert not seen.open
    assert seen.tags <= {"div", "table", "tr", "td", "th", "p", "caption", "thead", "tbody"}
    assert "<script>alert(1)</script>" in seen.texts
    assert "&lt;" in seen.texts
    assert (
        "rgba(" in html and "color: #" not in html and "color: inherit" in html
    )  # laid over the page's own colours, dark or light


def test_as_markdown_names_are_escaped_and_rows_have_equal_cells() -> None:
    text = report().to_markdown()
    assert "<script>" not in text and "\x1b" not in text
    assert "&lt;script&gt;" in text and "a\\|b\\_\\*c\\*" in text
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1


def test_many_classes_are_shortened_to_the_worst_ones() -> None:
    one = report(tuple(f"class {k:03}" for k in range(150)), count=600)
    text, markdown, html = str(one), one.to_markdown(), one._repr_html_()
    assert "30 of 150 classes with the least recall" in text
    assert "The commonest confusions" in text and "The commonest confusions" in markdown
    assert max(map(len, text.splitlines())) < 200
    assert len(html) < 60_000
    Strict().feed(html)


def test_few_pictures_and_a_score_near_a_baseline_are_told() -> None:
    assert any("Few pictures: with 80" in text for text in report().warnings)
    assert not any("Few pictures" in text for text in report(count=3000, hit=1.0).warnings)
    weak = replace(report(), baselines=(Baseline("b", 0.99, (0.9, 1.0), "words"),))
    assert any("Not clearly better than a simple baseline (b: 99.0 %)" in text for text in weak.warnings)
    assert "Note: Not clearly" in str(weak)


def test_a_class_without_pictures_is_told_and_has_no_scores() -> None:
    one = measure(np.array([[0.9, 0.1]]), np.array([0]), ("a", "b"), "val")
    assert any("No pictures in this split of: b" in text for text in one.warnings)
    assert one.per_class[1].recall is None
    assert "–" in str(one)
    json.dumps(one.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("before", "words"), [(0, "for the first time"), (1, "once before"), (3, "3 times before")])
def test_openings_of_the_test_split_are_told(before: int, words: str) -> None:
    one = replace(report(), openings=before)
    for form in (str(one), one.to_markdown(), one._repr_html_()):
        assert words in form


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"expected probabilities \(3, 2\)"):
        measure(np.zeros((3, 4)), np.zeros(3, int), ("a", "b"), "val")
    with pytest.raises(InputError, match="no picture"):
        measure(np.zeros((0, 2)), np.zeros(0, int), ("a", "b"), "val")
