"""What the library says is told in Korean: every template has its text, and finds the messages that it is made for."""

import re

import pytest
from library_messages import templates

from glasshouse.web.framework.language import library_texts
from glasshouse.web.framework.translation import PLACEHOLDER, marked, told

KOREAN = library_texts("ko")
PLURAL = {"expected_plural"}


def test_every_message_has_a_korean_text_and_none_is_left_over() -> None:
    wanted = templates()
    assert len(wanted) > 500
    assert {text: place for text, place in wanted.items() if text not in KOREAN} == {}
    assert set(KOREAN) - set(wanted) == set()


def test_placeholders_are_the_same() -> None:
    for english, korean in KOREAN.items():
        assert set(PLACEHOLDER.findall(english)) - PLURAL == set(PLACEHOLDER.findall(korean)), english


def test_no_korean_particle_is_glued_to_a_placeholder() -> None:
    glued = re.compile(r"\{\w+\}['\"]?(은|는|이|가|을|를|와|과|로|으로)(?![가-힣])")
    assert [korean for korean in KOREAN.values() if glued.search(korean)] == []


def test_a_message_is_found_by_its_own_template() -> None:
    for english, korean in KOREAN.items():
        touching = set(re.findall(r"\}\{(\w+)\}", english))
        marks = {name: "" if name in touching else f"@{n}" for n, name in enumerate(PLACEHOLDER.findall(english))}
        message, expected = (PLACEHOLDER.sub(lambda name: marks[name[1]], text) for text in (english, korean))  # noqa: B023
        assert told(message, "ko") == expected


@pytest.mark.parametrize(
    ("message", "korean"),
    [
        ("not a picture", "이미지가 아닙니다"),
        ("expected greater than or equal to 1, got 0", "필요한 값: 1 이상. 입력된 값: 0"),
        ("expected 'a', 'b' or 'c', got \"d\"", "필요한 값: 'a', 'b' 또는 'c'. 입력된 값: \"d\""),
        ("pictures.csv cannot be read: Permission denied", "읽을 수 없습니다: pictures.csv: 권한이 없습니다"),
        ("epochs: needed, and not given", "epochs: 값을 입력하세요"),
        (
            "the training recipe has 1 problem:\n  epoch: no such field; did you mean epochs?",
            "학습 레시피: 문제 1개:\n  epoch: 없는 항목입니다. 혹시 이것인가요: epochs",
        ),
        (
            "The dataset Digits is failed: The disk cannot. Resume the dataset first, then this.",
            "데이터 세트 Digits: 상태가 '실패'입니다: The disk cannot. "
            "먼저 데이터 세트 작업을 이어서 한 다음 이것을 하세요.",
        ),
        (
            "pets has one class (cat, 3 files); a classifier needs two or more. Is the source the folder above it, or "
            "below?\nLeft out: not a picture (2); zero bytes (1); the first is a.txt",
            "pets: 클래스가 하나뿐입니다(cat, 파일 3개). 분류 모델에는 둘 이상이 필요합니다. 원본이 그 위나 아래 "
            "폴더인가요?\n제외됨: 이미지가 아닙니다 (2); 빈 파일입니다(0바이트) (1). 첫 번째: a.txt",
        ),
        (
            "step 12 (epoch 2): the loss is nan; the weights were not moved. Try a lower rate (--lr 0.01; it was 0.1), "
            "or precision float32",
            "스텝 12 (에포크 2): 손실: nan. 가중치는 움직이지 않았습니다. 더 낮은 학습률로 해 보세요(--lr 0.01, "
            "지금까지 0.1). 정밀도를 float32로 하는 방법도 있습니다",
        ),
        ("Digits is running; abort it first.", "Digits: 상태가 '실행 중'입니다. 먼저 작업을 취소하세요."),
    ],
)
def test_parts_of_a_message_are_told_too(message: str, korean: str) -> None:
    assert told(message, "ko") == korean


def test_what_has_no_text_stays_english_and_is_marked_as_such() -> None:
    assert told("A word nobody foresaw: x < y", "ko") == "A word nobody foresaw: x < y"
    assert marked("nobody foresaw x < y", "ko") == '<span lang="en">nobody foresaw x &lt; y</span>'
    assert marked("nobody foresaw x < y", "en") == "nobody foresaw x &lt; y"
    assert marked("이미 한국어", "ko") == "이미 한국어"
    assert marked("A\nB" * 5000, "ko")


def test_pages_name_their_fields_and_not_options_of_the_command_line() -> None:
    text = "Put them into folders, or give --pattern '(cat|dog)', --split random or --valid 0.25."
    assert marked(text, "en") == (
        "Put them into folders, or give “Label pattern” &#39;(cat|dog)&#39;, “Way of splitting” Random or "
        "“For validation” 25 %."
    )
    assert marked("try a lower rate (--lr 0.1; it was 1)", "en") == "try a lower rate (“Learning rate” 0.1; it was 1)"
    assert "“레이블 패턴”" in marked(text.replace("Put", "넣거나"), "ko")
    assert marked("started with --folder DIR", "en") == "started with --folder DIR"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_message_of_an_import_or_a_training_names_an_option_on_a_page(language: str) -> None:
    own = {"--out", "--data"}  # what the Studio has no field for
    rooms = ("data/", "training/", "networks/")
    messages = [text for text, place in templates().items() if place.startswith(rooms) and "--" in text]
    assert len(messages) > 10
    left = {found for text in messages for found in re.findall(r"--[a-z][a-z-]+", str(marked(text, language)))}
    assert left - own == set()


def test_an_upload_is_named_without_its_place_on_the_server() -> None:
    place = "/srv/studio/uploads/20261121-161220-b12ac720/files"
    assert marked(f"{place}/notes.txt has no picture", "en") == "notes.txt has no picture"
    assert marked(f"{place} has one class", "en") == "your upload has one class"
    assert "/srv" not in marked(f"{place}/notes.txt cannot be read: Permission denied", "ko")


def test_what_a_message_names_is_escaped() -> None:
    assert marked("<b>.csv cannot be read: <i>", "ko") == "읽을 수 없습니다: &lt;b&gt;.csv: &lt;i&gt;"
