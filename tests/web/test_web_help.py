"""Help in place: a "?" beside every field that asks for something and beside every chart.

A field's help has at least one sentence, a chart's at least two.
"""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from glasshouse.web.app import create_app
from studio_seed import Studio, alone

FIELD = re.compile(r'<(?:div|form method="get") class="field[ "]')
CONTROL = re.compile(r"<(?:input(?![^>]*type=\"(?:file|hidden|search)\")|select|textarea)[^>]*\bname=\"([^\"]+)\"")
FORMS = ["/datasets/new?from=folder", "/datasets/new?from=list", "/datasets/new?from=folder&source={pictures}",
         "/models/new", "/models/{model}/classify", "/models/{model}/many"]  # fmt: skip
CHARTS = {
    "/datasets/{dataset}": ["Pictures of each class", "Mean picture", "Sizes of the originals"],
    "/models/{model}": ["Loss", "Accuracy", "Learning rate", "Computer", "Epochs"],
    "/models/{model}/result": ["Validation", "Confusion matrix", "Classes"],
}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost") as made:
        yield made


def shown(client: TestClient, studio: Studio, address: str) -> str:
    asked = address.format(pictures=studio.pictures, dataset=studio.dataset, model=studio.model)
    answer = client.get(asked)
    assert answer.status_code == 200
    return answer.text


def sentences(text: str) -> int:
    return len(re.findall(r"[.:;](?= |$)", unescape(text).strip()))


@pytest.mark.parametrize("address", FORMS)
def test_every_field_has_help(client: TestClient, studio: Studio, address: str) -> None:
    fields = FIELD.split(shown(client, studio, address))[1:]
    asking = {found[1]: field for field in fields if (found := CONTROL.search(field))}
    assert asking
    assert [name for name, field in asking.items() if 'class="help"' not in field] == []
    helped = {name: re.search(r'class="help">.*?role="note">(.*?)</div>', one, re.S) for name, one in asking.items()}
    assert [name for name, found in helped.items() if not found or sentences(found[1]) < 1] == []


@pytest.mark.parametrize("address", CHARTS)
def test_every_chart_has_help_of_two_sentences(client: TestClient, studio: Studio, address: str) -> None:
    text = shown(client, studio, address)
    for name in CHARTS[address]:
        helped = re.search(rf'<h2[^>]*>{name}</h2>\s*<details class="help">.*?role="note">(.*?)</div>', text, re.S)
        assert helped, name
        assert sentences(helped[1]) >= 2, name


def test_home_has_one_help_for_its_filters_and_one_for_the_columns_of_each_list(
    client: TestClient, studio: Studio
) -> None:
    text = shown(client, studio, "/")
    filters = re.search(r'<form class="filters".*?</form>', text, re.S)
    choices = re.findall(r'<form method="post" action="/columns".*?</form>', text, re.S)
    assert filters
    assert len(choices) == 2
    for part, name in [(filters[0], "Search"), *((choice, "Columns") for choice in choices)]:
        assert part.count('class="help"') == 1
        helped = re.search(rf'aria-label="Help: {name}">.*?role="note">(.*?)</div>', part, re.S)
        assert helped, name
        assert len(re.findall(r"\.(?= |$)", unescape(helped[1]).strip())) == 3, name
