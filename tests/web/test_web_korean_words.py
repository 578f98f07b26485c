"""The Korean of the whole product keeps to one glossary: one term one word, polite -세요, no word that was given up."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasshouse.ladder.comments import sentences
from glasshouse.web.framework.language import catalogue, library_texts

ROOT = Path(__file__).parents[2]
TERMS = {  # English as it stands in a text: the Korean words of which one stands in its translation
    "datasets?": "데이터 세트", "class(?:es)?": "클래스", "labels?": "레이블", "pictures?": "이미지|[0-9}s]장|^장$",
    "grey": "회색", "fingerprints?": "지문", "networks?": "신경망", "layers?": "층", "filters?": "필터",
    "kernels?": "커널",
    "strides?": "스트라이드", "padding": "패딩", "channels?": "채널", "batch normali[sz]ation": "배치 정규화",
    "units?": "유닛", "activations?": "활성화", "features": "특성", "weights?": "가중치", "bias": "편향",
    "frozen": "고정", "shapes?": "모양", "columns?": "열", "rows?": "행", "epochs?": "에포크",
    "batch(?:es)?": "배치", "loss": "손실",
    "cross-entropy": "교차 엔트로피", "gradients?": "그래디언트", "derivatives?": "미분",
    "optimi[sz]ers?": "옵티마이저", "momentum": "모멘텀", "weight decay": "가중치 감쇠",
    "learning rates?": "학습률", "schedules?": "스케줄",
    "warm-up": "워밍업", "dropout": "드롭아웃", "label smoothing": "레이블 스무딩", "augmentation": "데이터 증강",
    "pretrained": "사전 학습", "strategy": "학습 방식|‘미세 조정’|‘특성 추출’|미세 조정", "checkpoints?": "체크포인트",
    "seed": "시드", "recipes?": "레시피", "devices?": "장치", "precision": "정밀도", "scor(?:e|es|ed|ing)": "평가|점수",
    "evaluat(?:e|ed|ion)": "평가", "accurac(?:y|ies)": "정확도", "confusion matrix": "혼동 행렬", "recall": "재현율",
    "baselines?": "기준 모델", "deviation": "표준편차", "threshold": "임계값", "paired test": "짝지은 검정",
    "jobs?": "작업", "queued?": "대기", "workers?": "워커", "slots?": "슬롯", "uploads?": "업로드", "bin": "휴지통",
    "owner": "소유자", "admins?": "관리자", "members?": "구성원", "viewers?": "열람자", "dictionary": "딕셔너리",
    "regular expression": "정규식", "levels?": "레벨", "validation": "검증", "sealed": "봉인", "truth": "정답",
    "overfitting": "과대적합", "interval": "구간", "Put back": "복원|되돌려", "Undo": "되돌리기",
    "initiali[sz]er": "초기화", "convolutions?": "합성곱",
    "twins?": "중복 이미지|같은 이미지|이미지 묶음|같아 보이는|같아 보이거나",
}  # fmt: skip
EXCEPT = {  # how an English text begins, or a part of it: the terms that its Korean may say otherwise, and why
    "rey level": ("levels?|grey", "brightness, not a level of the ladder"),
    "a network connection": ("networks?", "the internet"),
    "dataset create": ("datasets?", "a command"), "dataset show": ("datasets?", "a command, left out in Korean"),
    "The dataset has no picture": ("datasets?", "the split says it"),
    "ImageNet-1k": ("class(?:es)?", "a name"), "The right class": ("class(?:es)?", "the answer is 정답"),
    "classes is": ("class(?:es)?", "a key"), "path,label": ("labels?", "a line of a file"),
    "such as label or class": ("labels?|class(?:es)?", "names of columns"), "images and labels": ("labels?", "keys"),
    "for a folder of pictures, run": ("pictures?", "the page says otherwise"),
    "one path per line. The true": ("pictures?", "of the paths"), "deals out the same": ("pictures?", "plain"),
    "in each way of resizing": ("pictures?", "plain"), "as a picture": ("pictures?", "a drawing"),
    "Picture of the network": ("pictures?", "a drawing"), "Makes the picture a fixed size": ("pictures?", "plain"),
    "what the picture is": ("pictures?", "plain"), "single pictures": ("pictures?", "이미지별"),
    "of a Network": ("networks?", "a name in code"), "of the Network": ("networks?", "a name in code"),
    "level layers": ("layers?", "레이어, the level"),
    "levels layers": ("layers?", "레이어, the level"), 'under "layers"': ("layers?", "a key"),
    "Learner is a few lines": ("layers?", "레이어, the level"), "divisor of filters": ("filters?", "a key"),
    '"shape": [28': ("shapes?", "a key"), "Each column counts": ("columns?", "막대"), "no row": ("rows?", "a number"),
    "one row of numbers": ("rows?", "한 줄"), "a short row": ("rows?", "한 줄"),
    "Most schedules": ("schedules?", "plain"), "nothing is loaded from the network": ("networks?", "the internet"),
    "strides and dilation_rate": ("strides?", "keys"), "'pretrained'": ("pretrained", "a value"),
    "--weights pretrained": ("pretrained", "an option"),
    "give pretrained or": ("pretrained", "a value"), "Each card is a recipe": ("recipes?", "설정"),
    "The fields of both recipes": ("recipes?", "설정"), "No space left on device": ("devices?", "the system"),
    "queue its evaluation": ("queued?", "a verb"), "after validation": ("validation", "pydantic"),
    "classifier": ("class(?:es)?", "분류 모델"),
}  # fmt: skip
GIVEN_UP = re.compile(
    r"십시오|하시오|입니까|됩니까|[을를로] 주세요|채점|작업자|쌍둥이|까닭|견주|거듭 |이곳|낱말|보폭|문턱값|미리 보기|"
    r"표준 편차|사전\(객체|전략|특징|얼린|몸통|머리 층|가중치 감소|이동 통계|최적화기|활성값|처음 가중치|기울기 한도|"
    r"만든 때|바꾼 때|에포크 [0-9%{(a-z)}]+번|"
    r"백만 개|[0-9}] 픽셀|니다 \(|[0-9}s]–[0-9{%]"
)
PLACES = re.compile(r"\{\w+\}|%\(\w+\)[sd]")
DOCUMENTS = sorted([ROOT / "README.ko.md", *(ROOT / "docs").rglob("*.ko.md"), *(ROOT / "docs").rglob("ko/*")])


def pairs() -> Iterator[tuple[str, str]]:
    """Yield English and Korean of all pages and of all that the library says."""
    for message in catalogue("ko"):
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[-1]
            yield english, message.string if isinstance(message.string, str) else message.string[0]
    yield from library_texts("ko").items()


def excepted(term: str, english: str) -> bool:
    return any(term in terms.split("|") for part, (terms, _) in EXCEPT.items() if part in english)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_has_its_word(term: str) -> None:
    found, word = re.compile(rf"(?<![\w({{./-])(?:{term})(?![\w}}./=-])", re.I), re.compile(TERMS[term])
    of_term = [(english, korean) for english, korean in pairs() if found.search(PLACES.sub(" ", english))]
    assert [(e, k) for e, k in of_term if not word.search(k) and not excepted(term, e)] == []


def test_no_word_that_was_given_up_comes_back() -> None:
    texts = [korean for _, korean in pairs()] + list(sentences("ko").values())
    assert len(texts) > 1900
    assert [text for text in texts if GIVEN_UP.search(text)] == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_documents_keep_to_the_words_too(file: Path) -> None:
    text = re.sub(r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.S | re.M)
    assert [line for line in text.splitlines() if GIVEN_UP.search(line)] == []
    assert not re.search(r"실행과 (?:비트|마지막)|[1-4]단계 자동 미분|사진 \(N", text)
