"""The catalogues: every text is there in Korean, with the same placeholders, and no English is left unmarked."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from babel.messages.extract import extract_from_dir

from glasshouse.cli.code import code
from glasshouse.ladder.comments import LANGUAGES as SCRIPTS
from glasshouse.recipe.fields import declared_texts
from glasshouse.web.framework.field_labels import field_labels
from glasshouse.web.framework.language import (
    LANGUAGES,
    WEB,
    catalogue,
    choose,
    count_roughly,
    duration,
    library_texts,
    percent,
    texts,
    time_left,
)
from glasshouse.web.models.code_api import show as show_code

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")  # a lone %: test_texts_of_templates_can_be_filled_in
LATIN = re.compile(r">[^<>{}]*[A-Za-z]{3,}[^<>{}]*<")
OTHERS = [language for language in LANGUAGES if language != "en"]
SAME = {"Glasshouse", "SHA-256", "Esc", "Delete", "Ctrl", "Enter", "AdamW"}


def in_sources() -> dict[str | tuple[str, ...], str]:
    """Return each text that a template or module asks for, or a field of a recipe declares, and where."""
    ways = [("**.py", "python"), ("**.html", "jinja2")]
    options = {"**.html": {"newstyle_gettext": "true"}}
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    found = extract_from_dir(WEB, ways, options_map=options, keywords=keywords)
    return {**{message: f"{file}:{line}" for file, line, message, _, _ in found},
            **dict.fromkeys(declared_texts(), "recipe/")}  # fmt: skip


def in_language(language: str) -> dict[str | tuple[str, ...], str]:
    return {m.id: m.string if isinstance(m.string, str) else m.string[0] for m in catalogue(language) if m.id}


def in_korean() -> dict[str | tuple[str, ...], str]:
    return in_language("ko")


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_there_in_every_language_and_none_is_left_over(language: str) -> None:
    wanted, there = in_sources(), in_language(language)
    assert len(wanted) > 300
    assert {key: place for key, place in wanted.items() if not there.get(key)} == {}
    assert set(there) - set(wanted) == set()


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_are_the_same(language: str) -> None:
    for key, translated in in_language(language).items():
        english = key if isinstance(key, str) else key[-1]
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(translated)), key


def test_the_library_and_the_scripts_speak_every_language_of_the_pages() -> None:
    assert {language for language in OTHERS if set(library_texts(language)) != set(library_texts("ko"))} == set()
    assert set(SCRIPTS) == set(LANGUAGES)
    for taken in (get_type_hints(show_code)["language"], get_type_hints(code)["language"]):
        assert set(get_args(taken)) == set(LANGUAGES)


class Anything(dict[str, int]):
    """Variables of every name."""

    def __missing__(self, name: str) -> int:
        return 1


def test_texts_of_templates_can_be_filled_in() -> None:
    """Jinja fills in every text of a template, also one without variables: a lone percent sign would end the page."""
    found = extract_from_dir(WEB, [("**.html", "jinja2")], options_map={"**.html": {"newstyle_gettext": "true"}},
                             keywords={"_": None, "ngettext": (1, 2)})  # fmt: skip
    korean, broken = in_korean(), []
    for _, _, message, _, _ in found:
        for text in (message if isinstance(message, tuple) else (message,), (korean.get(message, ""),)):
            try:
                filled = [one % Anything() for one in text]
            except (ValueError, TypeError) as error:
                broken.append(f"{text}: {error}")
            else:
                assert all(isinstance(one, str) for one in filled)
    assert broken == []


def test_no_korean_particle_is_glued_to_a_variable() -> None:
    glued = re.compile(r"(%\(\w+\)[sd]|\{\w+\})(은|는|이|가|을|를|와|과|로|으로)(?![가-힣])")
    assert [korean for korean in in_korean().values() if glued.search(korean)] == []


def test_percents_are_written_as_each_language_writes_them() -> None:
    number = r"(?:[\d}]|\)[sd])"
    spaced, glued = re.compile(number + r" %"), re.compile(number + r"%(?![(\w])")
    english = [key if isinstance(key, str) else key[-1] for key in in_sources()] + list(library_texts("ko"))
    korean = [*in_korean().values(), *library_texts("ko").values()]
    assert [text for text in english if spaced.search(text)], "nothing is looked at"
    assert [text for text in english if glued.search(text)] == []
    assert [text for text in korean if spaced.search(text)] == []
    assert (percent(0.29, "en"), percent(0.29, "ko"), percent(None, "ko")) == ("29.0 %", "29.0%", "–")


def test_problems_name_fields_by_the_labels_that_the_forms_have() -> None:
    field = re.compile(r"""(?:field|number|text|choice)\((?:form, problems, )?"([a-z_.]+)", _\("([^"]*)"\)""")
    forms = [next(WEB.glob(f"*/templates/{name}.html")).read_text(encoding="utf-8")
             for name in ("dataset_options", "model_new", "network_editor")]  # fmt: skip  # others: of one declaration
    shown = {found for form in forms for found in field.findall(form)}
    assert len(shown) > 15
    assert {name: label for name, label in shown if field_labels("en").get(name) != label} == {}
    assert field_labels("ko")["epochs"] == "에포크"


def test_no_template_or_module_writes_a_percent_sign_by_itself() -> None:
    by_hand = re.compile(r"\}\} ?%|\} ?%`|\} ?%\"")
    files = [*WEB.glob("*/templates/*.html"), *(WEB / "static").glob("*.js"), *WEB.glob("*/*page.py")]
    assert [file.name for file in files if by_hand.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("file", sorted(WEB.glob("*/templates/*.html")), ids=lambda file: file.name)
def test_templates_have_no_words_outside_of_the_catalogue(file: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", file.read_text(encoding="utf-8"), flags=re.S)
    words = [found.strip("<> \n·/") for found in LATIN.findall(text)]
    assert [word for word in words if word not in SAME] == []


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        (None, None, "en"),
        (None, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, "de,en;q=0.5,ko;q=0.4", "en"),
        ("ko", "en", "ko"),
        ("xx", "ko", "ko"),
        (None, "ko;q=0,en", "en"),
        (None, "ko;q=abc", "en"),
    ],
)
def test_language_is_the_choice_then_the_browsers(cookie: str | None, header: str | None, expected: str) -> None:
    assert choose(cookie, header) == expected


def test_large_numbers_are_grouped_as_each_language_counts() -> None:
    numbers = (431_080, 11_689_512, 138_357_544, 200_000_000, 7_850)
    assert [count_roughly(number, "ko") for number in numbers] == ["43만", "1,169만", "1억 3,836만", "2억", "1만"]
    assert [count_roughly(number, "en") for number in numbers[:3]] == ["0.4 million", "11.7 million", "138.4 million"]
    assert count_roughly(850, "ko") == "850"


def test_times_are_rounded_as_people_say_them() -> None:
    assert [time_left(s, "en") for s in (None, 4, 31, 700, 9000)] == [
        "estimating the time left",
        "a few seconds left",
        "about 30 s left",
        "about 12 min left",
        "about 2 h left",
    ]
    assert time_left(700, "ko") == "약 12분 남음"
    assert (duration(12, "en"), duration(125, "en"), duration(4320, "ko")) == ("12 s", "2 min 5 s", "1시간 12분")
    assert texts("ko").ngettext("%(num)d epoch", "%(num)d epochs", 1) == "%(num)d에포크"
