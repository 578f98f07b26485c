"""What the library says is read in Korean: every template has its text, and its values are filled in."""

import ast
import re

import pytest
from library_messages import calls, constants, templates, trees

from glasshouse.messages import PLACEHOLDER, Foreign, Message, Option, joined
from glasshouse.web.framework.language import catalogue, library_texts
from glasshouse.web.framework.options import FIELDS
from glasshouse.web.framework.translation import translated, translated_html

KOREAN, PAGES = library_texts("ko"), library_texts("en")
PLURAL = {"expected_plural"}
TERMINAL = re.compile(r"(?<![\w-])--[a-z]+|glasshouse [a-z]+|(?<!the )dataset show|train --")
STARTING = re.compile(  # how the Studio is started, which no page can change
    r"glasshouse studio[^.;)]*|start it with --allow-host|--allow-host로 시작|glasshouse users add NAME"
)
PYTHONS = ("ValueError", "TypeError", "AttributeError", "IndexError", "RuntimeError", "NotImplementedError")
NO_PAGE = (
    "store/database.py", "store/local_token.py", "store/migrations.py",  # said before there is any page
    "training/pack", "training/reproduction.py",  # of the command line and Python alone
)  # fmt: skip


def test_every_message_has_a_korean_text_and_none_is_left_over() -> None:
    wanted = templates()
    assert len(wanted) > 900
    assert {text: place for text, place in wanted.items() if text not in KOREAN} == {}
    assert set(KOREAN) - set(wanted) == set()
    assert set(PAGES) - set(wanted) == set(), "English texts of pages for what nobody says"


def test_placeholders_are_the_same() -> None:
    """Where a page says something else than a terminal, it may leave out what only a terminal needs."""
    for english, korean in KOREAN.items():
        wanted, found = (set(PLACEHOLDER.findall(text)) - PLURAL for text in (english, korean))
        assert found == wanted or (english in PAGES and found < wanted), english
    for english, page in PAGES.items():
        assert set(PLACEHOLDER.findall(page)) <= set(PLACEHOLDER.findall(english)), english


def test_no_korean_particle_is_glued_to_a_placeholder() -> None:
    glued = re.compile(r"\{\w+\}['\"]?(은|는|이|가|을|를|와|과|로|으로)(?![가-힣])")
    assert [korean for korean in KOREAN.values() if glued.search(korean)] == []


def test_each_call_gives_the_values_of_its_template_and_none_is_put_in_before() -> None:
    """An f-string has lost its template, so no page could translate it."""
    wrong = []
    for name, tree in trees():
        for call in calls(tree):
            place, ours = f"{name}:{call.lineno}", ast.unparse(call.func) not in PYTHONS
            wrong += [place for text in call.args if ours and isinstance(text, ast.JoinedStr) and _has_words(text)]
            given = {one.arg for one in call.keywords}
            found = [set(PLACEHOLDER.findall(text)) for node in call.args for text in constants(node)]
            wrong += [place for names in found if names and None not in given and not names <= given]
    assert wrong == []


def _has_words(text: ast.JoinedStr) -> bool:
    own = " ".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))
    return " " in own.strip() and re.search("[A-Za-z]{3}", own) is not None


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_message_advises_a_command_on_a_page(language: str) -> None:
    texts = library_texts(language)
    said = {text: texts.get(text, text) for text, place in templates().items() if not place.startswith(NO_PAGE)}
    assert {text for text, shown in said.items() if TERMINAL.search(STARTING.sub("", shown))} == set()


def test_no_page_advises_a_command() -> None:
    """But for the one that a person sees who just started the Studio in a terminal and has lost its token."""
    texts = [text for message in catalogue("ko") for text in (message.id, message.string)]
    shown = [one for text in texts for one in ((text,) if isinstance(text, str) else text)]
    assert len(shown) > 2000
    assert [text for text in shown if TERMINAL.search(text) and "--home DIR" not in text] == []


def test_every_option_that_a_message_names_has_a_field() -> None:
    named = {
        str(ast.literal_eval(node.args[0]))
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Option"
        if isinstance(node.args[0], ast.Constant)
    }
    named = {name for name in named if not name.startswith("-")}  # the command line declares its own
    assert len(named) > 10 and named <= set(FIELDS)


@pytest.mark.parametrize(
    ("message", "korean"),
    [
        ("not a picture", "이미지가 아닙니다"),
        (
            Message("{path} cannot be read: {strerror}", path="pictures.csv", strerror="Permission denied"),
            "읽을 수 없습니다: pictures.csv: 권한이 없습니다",
        ),
        (Message("There is no model {key}.", key="not a picture"), None),
        (
            joined("; ", [Message("zero bytes"), Message("{reason} ({count})", reason=Message("zero bytes"), count=2)]),
            "빈 파일입니다(0바이트); 빈 파일입니다(0바이트) (2)",
        ),
        (Message("{name} is {state}; abort it first.", name="running", state=Message("running")), "running: 상태가"),
    ],
)
def test_values_are_told_too(message: str, korean: str | None) -> None:
    assert korean is None or translated(message, "ko").startswith(korean)
    assert translated(message, "en") == message


def test_what_has_no_text_stays_english_and_is_marked_as_such() -> None:
    assert translated("A word nobody foresaw: x < y", "ko") == "A word nobody foresaw: x < y"
    assert translated_html("nobody foresaw x < y", "ko") == '<span lang="en">nobody foresaw x &lt; y</span>'
    assert translated_html("nobody foresaw x < y", "en") == "nobody foresaw x &lt; y"
    assert translated_html("이미 한국어", "ko") == "이미 한국어"
    pillow = Message("damaged: {message}", message=Foreign("broken data stream"))
    assert translated_html(pillow, "ko").endswith('<span lang="en">broken data stream</span>')
    assert translated_html(pillow, "en") == "damaged: broken data stream"


def test_pages_name_their_fields_and_not_options_of_the_command_line() -> None:
    rate = Message("Try a lower rate ({lr}; it was {rate})", lr=Option("lr", 0.1), rate=1)
    assert rate == "Try a lower rate (--lr 0.1; it was 1)"
    assert translated_html(rate, "en") == "Try a lower rate (“Learning rate” 0.1; it was 1)"
    assert "“학습률” 0.1" in translated_html(rate, "ko") and "--" not in translated_html(rate, "ko")
    part = Message("The dataset at {path} has no test split; make one with {part}.", path="x", part=Option("test", 0.1))
    assert "make one with “For the sealed test” 10 %." in translated_html(part, "en")
    way = Message("{way}", way=Option("split", "random"))
    assert (way, translated_html(way, "en")) == ("--split random", "“Way of splitting” Random")
    assert translated_html("started with --folder DIR", "en") == "started with --folder DIR"


def test_a_page_leaves_out_what_only_a_terminal_can_do() -> None:
    run = Message("The run at {place} has no model yet; finish it with: glasshouse resume {place}", place="a/b")
    assert run.endswith("glasshouse resume a/b")
    assert translated(run, "en") == "The run at a/b has no model yet; resume it first"
    table = Message("There is a table, {tables}: give it as the source.", tables="a.csv")
    assert "“Labels come from”" in translated(table, "en")


def test_an_upload_is_named_without_its_place_on_the_server() -> None:
    place = "/srv/studio/uploads/20261121-161220-b12ac720/files"
    assert translated_html(Message("{name} is damaged", name=f"{place}/notes.txt"), "en") == "notes.txt is damaged"
    assert translated_html(f"{place} has one class", "en") == "your upload has one class"


def test_what_a_message_names_is_escaped() -> None:
    said = Message("{path} cannot be read: {strerror}", path="<b>.csv", strerror="<i>")
    assert translated_html(said, "ko") == "읽을 수 없습니다: &lt;b&gt;.csv: &lt;i&gt;"
