"""Templates keep the rules of the Python: lines that can be read, nothing decided in them, no white space sent."""

import re
from pathlib import Path

import pytest

from glasshouse.web.framework.language import WEB
from glasshouse.web.framework.templating import environment

TEMPLATES = sorted(WEB.glob("*/templates/*.html"))
TAG = re.compile(r"\{[%{].*?[%}]\}", re.DOTALL)
DECIDED = re.compile(r"[<>]=? *0?\.\d|\b0?\.\d+ *\*|\* *\(\w+\|sum\)|interval\[\d\] *[-<>]")


def named(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.name}"


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_template_has_lines_of_at_most_120_characters(template: Path) -> None:
    assert [n for n, line in enumerate(template.read_text(encoding="utf-8").splitlines(), 1) if len(line) > 120] == []


@pytest.mark.parametrize(
    "decided", ["{% if low - x > 0.1 %}", "{{ 0.1 * (row|sum) }}", "{% if r.interval[0] <= best %}"]
)
def test_what_templates_must_not_decide_is_seen(decided: str) -> None:
    assert DECIDED.search(decided)


def test_no_threshold_or_statistic_stands_in_a_template() -> None:
    tags = [(named(path), tag) for path in TEMPLATES for tag in TAG.findall(path.read_text(encoding="utf-8"))]
    assert [tag for tag in tags if DECIDED.search(tag[1])] == []


def test_the_indentation_of_a_template_is_not_sent_but_values_stay_as_they_are() -> None:
    template = environment("en").from_string("<ul>\n    <li>a   b</li>\n\n</ul>\n<pre>{{ log }}</pre>")
    assert template.render(log="x\n    y") == "<ul>\n<li>a b</li>\n</ul>\n<pre>x\n    y</pre>"
