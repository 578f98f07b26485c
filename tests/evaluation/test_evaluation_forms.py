"""The three forms of a report say the same numbers: every row and cell, the mean, what was left out, the colours."""

import re

import numpy as np

from glasshouse.evaluation import report_html, report_markdown, report_text
from glasshouse.evaluation.confusion_table import GREEN, RED
from glasshouse.evaluation.report import Report, measure
from glasshouse.evaluation.wording import confusions, pad, worst

NAMES = ("ant", "bee", "cow")
TRUTH = [0] * 8 + [1] * 4 + [2] * 2
TAKEN = [0] * 6 + [1, 2] + [1] * 4 + [0, 0]  # ant 6 of 8, bee 4 of 4, cow 0 of 2


def report(names: tuple[str, ...] = NAMES, truth: list[int] = TRUTH, taken: list[int] = TAKEN) -> Report:
    probabilities = np.full((len(truth), len(names)), 0.1 / max(1, len(names) - 1))
    probabilities[np.arange(len(truth)), taken] = 0.9
    return measure(probabilities, np.array(truth), names, "val")


def many(classes: int) -> Report:
    """Class k has k + 1 pictures, one of them taken for the class before it; the last class has none."""
    truth = [k for k in range(classes - 1) for _ in range(k + 1)]
    taken = [max(k - 1, 0) if n == 0 else k for k in range(classes - 1) for n in range(k + 1)]
    return report(tuple(f"class {k:03}" for k in range(classes)), truth, taken)


def test_as_text() -> None:
    lines = [re.split(r"  +", line.strip()) for line in str(report()).splitlines()]
    assert lines[0] == ["Accuracy", "71.4 %", "(95 % interval 45.4–88.3 %; 10 of 14 val pictures)"]
    assert ["ant", "75.0 %", "75.0 %", "40.9–92.9 %", "0.750", "8"] in lines
    assert ["bee", "80.0 %", "100.0 %", "51.0–100.0 %", "0.889", "4"] in lines
    assert ["cow", "0.0 %", "0.0 %", "0.0–65.8 %", "0.000", "2"] in lines
    assert ["(mean)", "51.7 %", "58.3 %", "0.546"] in lines
    assert ["cow", "2", "·", "·"] in lines


def test_as_markdown() -> None:
    text = report().to_markdown()
    assert "| Accuracy | 71.4 %  (95 % interval 45.4–88.3 %; 10 of 14 val pictures) |" in text
    assert "### Classes\n\n| Class | Precision | Recall | 95 % interval | F1 | Pictures |\n| --- | ---: |" in text
    assert "| ant | 75.0 % | 75.0 % | 40.9–92.9 % | 0.750 | 8 |" in text
    assert "| *mean* | 51.7 % | 58.3 % |  | 0.546 |  |" in text
    assert "### Confusion" in text and "| cow | 2 | 0 | 0 |" in text and "left out" not in text
    assert "50 classes with a higher recall are left out." in many(150).to_markdown()


def test_as_html_right_and_wrong_have_their_colours_and_more_is_darker() -> None:
    html = report()._repr_html_()
    cells = re.findall(
        r'<td title="label (\w+), predicted (\w+): (\d+)" style="[^"]*rgba\(([^)]*), ([\d.]+)\)">(\d*)<', html
    )
    assert len(cells) == 9
    colors: dict[bool, set[str]] = {True: set(), False: set()}
    for truth, taken, count, color, shade, shown in cells:
        colors[truth == taken].add(color)
        row = TRUTH.count(NAMES.index(truth))
        assert float(shade) == (0 if count == "0" else round(0.15 + 0.4 * int(count) / row, 2))
        assert shown == ("" if count == "0" else count)
    assert (colors[True], colors[False]) == ({GREEN}, {RED}) and GREEN != RED
    assert set(re.findall(r"text-align: (\w+)", html)) == {"left", "right"}
    left = re.findall(r'text-align: left">([^<]*)', html)
    assert left[4:] == ["Class", *NAMES, *NAMES], "the first cell of each row"
    assert re.search(r">ant</td><td[^>]*>75\.0 %</td><td[^>]*>75\.0 %</td><td[^>]*>40\.9–92\.9 %</td>", html)


def test_top_5_is_said_where_it_is_known() -> None:
    assert "Top 5" not in str(report())
    assert "Top 5" in str(many(6)) and "| Top 5 |" in many(6).to_markdown() and "Top 5" in many(6)._repr_html_()


def test_the_worst_have_the_least_recall_and_who_has_none_comes_last() -> None:
    data = many(6).to_dict()  # recalls: 0 of 1 is taken right, as 0 has no class before it; then 1/2, 2/3, 3/4, 4/5
    assert [row["name"] for row in worst(data, 6)] == data["classes"]
    assert [row["name"][-1] for row in worst(data, 5)] == ["1", "2", "3", "4", "0"]
    assert [row["recall"] for row in worst({**data, "per_class": data["per_class"][::-1]}, 5)][-1] is not None


def test_the_commonest_mistakes_come_first() -> None:
    assert confusions(report().to_dict()) == [("cow", "ant", 2), ("ant", "bee", 1), ("ant", "cow", 1)]
    assert confusions(report().to_dict(), 1) == [("cow", "ant", 2)]


def test_columns_are_filled_on_the_side_that_is_asked_for() -> None:
    assert (pad("ab", 4), pad("ab", 4, right=True), pad("말", 4), pad("abcd", 2)) == ("ab  ", "  ab", "말  ", "abcd")


def test_names_with_quotes_stay_within_their_attribute() -> None:
    html = report(('a" onclick="x', "b'c", "d"))._repr_html_()
    assert 'title="label a&quot; onclick=&quot;x, predicted b&#x27;c: 1"' in html and 'onclick="' not in html


def test_the_matrix_is_shown_as_long_as_it_can_be_read() -> None:
    for form, limit, whole in ((str, report_text.MATRIX, "Confusion (row"),
                               (Report.to_markdown, report_markdown.MATRIX, "### Confusion (row"),
                               (Report._repr_html_, report_html.MATRIX, "<caption>Confusion")):  # fmt: skip
        assert whole in form(many(limit))
        assert whole not in form(many(limit + 1))


def test_every_class_is_told_as_long_as_they_are_not_too_many() -> None:
    forms = ((str, report_text.CLASSES, "least recall"), (Report.to_markdown, report_markdown.CLASSES, "left out"))
    for form, limit, words in forms:
        whole, cut = form(many(limit)), form(many(limit + 1))
        assert words not in whole and all(f"class {k:03}" in whole for k in range(limit))
        assert words in cut
