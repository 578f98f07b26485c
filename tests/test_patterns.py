"""Regular expressions from people: the same matches as Python's ``re``, in linear time, or a message."""

import html
import random
import re
import unicodedata
from pathlib import Path

import pytest

from glasshouse.recipe import DatasetRecipe, LabelRecipe
from glasshouse.recipe.letters import takes
from glasshouse.recipe.patterns import Pattern, PatternError, pattern_fault

ROOT = Path(__file__).resolve().parent.parent
NAMES = (
    "강아지_01.jpg",
    "고양이/고양이-3.png",
    "개 (12).jpg",
    "cat.17.jpg",
    "dog.4.jpg",
    "환자patient12_3.png",
    "표지판/00003_00017.ppm",
    "clip7_frame12.png",
    "class/clip7/0012.png",
    "٣_아.jpg",
    "x\n",
    "가나다\n라\n",
    "ſpaß_K.jpg",
    "İ_ı.png",
    "",
    "a b_1",
)
WORDS = (
    r"^(\w+)_\d+",
    r"^(\w+?)[_-]",
    r"(\D+)\d",
    r"([^/]+)/[^/]+$",
    r"(.+)_\d+\.jpg$",
    r"\b(\w+)\b",
    r"(강아지|고양이|개)",
    r"(?i)(CAT|dog|k|s|i)",
    r"(?P<kind>[가-힣]+)",
    r"([^\W\d_]+)",
    r"(?x) ( \w+ ) # the class",
    r"^(.*?)\s*\(",
    r"(\S+)\Z",
    r"(?a)(\w+)",
    r"(?s)(.+)$",
    r"(?m)^(.+)$",
    r"([[:alpha:]]+)",
    r"(a{,2})",
    r"(\x41|\uac15|\N{HANGUL SYLLABLE GA})",
)
LETTERS = "aAbB강지1٣_ -.\nſsKkİiıßµ"
SINGLE = (
    "a",
    "A",
    "b",
    "강",
    "1",
    "_",
    r"\.",
    r"\w",
    r"\d",
    r"\s",
    r"\W",
    r"\D",
    r"\S",
    ".",
    "[^a]",
    "[a-z]",
    r"[^\W\d]",
    "[강-힣]",
    r"[\s_]",
    "(?i:s)",
    "(?i:[a-k])",
    "(?i:[^İ])",
    r"(?a:\w)",
    "(?s:.)",
)
PLACES = ("^", "$", r"\Z", r"\A", r"\b", r"\B")


def by_python(pattern: str, text: str) -> tuple[str | None, ...] | None:
    found = re.search(pattern, text)
    return None if found is None else (found.group(), *found.groups())


def by_us(pattern: Pattern, text: str) -> tuple[str | None, ...] | None:
    found = pattern.search(text)
    return None if found is None else found.parts


def documented() -> list[str]:
    """The patterns of the README, the documents, the pages, and what the library advises."""
    found = []
    for place in (
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "src").rglob("*.html"),
        *(ROOT / "src").rglob("*.po"),
        *(ROOT / "src" / "glasshouse" / "data").rglob("*.py"),
        *(ROOT / "src" / "glasshouse" / "cli").rglob("*.py"),
    ):
        text = html.unescape(place.read_text(encoding="utf-8"))
        found += re.findall(r"(?:--pattern|--group|pattern=|group=)\s*r?['\"]([^'\"{}<>]*\([^'\"{}<>]*)['\"]", text)
        found += re.findall(r"\br?\"([^\"\s]*\([^\"\s]*(?:\\\\?[dw]|\|)[^\"\s]*\)[^\"\s]*)\"", text)
        found += [part.replace("\\\\", "\\") for part in re.findall(r"\(patient[^)]*\)|\(cat\|dog\)", text)]
    return sorted({one for one in found if _is_pattern(one)})


def _is_pattern(text: str) -> bool:
    try:
        return re.compile(text).groups > 0
    except re.error:
        return False


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")  # by Python's own engine
def test_documented_patterns_and_usual_ones_match_as_python_matches_them() -> None:
    known = documented()
    assert {r"(patient\d+)", "(cat|dog)"} <= set(known)
    for pattern in (*known, *WORDS):
        try:
            ours = Pattern(pattern)
        except PatternError as error:
            raise AssertionError(f"{pattern}: {error}") from None
        for name in NAMES:
            text = unicodedata.normalize("NFC", name)
            assert by_us(ours, name) == by_python(pattern, text), (pattern, name)


def made(draw: random.Random, depth: int) -> str:
    kind = draw.random()
    if depth == 0 or kind < 0.4:
        return draw.choice(SINGLE)
    if kind < 0.5:
        return draw.choice(PLACES)
    if kind < 0.65:
        return made(draw, depth - 1) + made(draw, depth - 1)
    if kind < 0.75:
        return f"({made(draw, depth - 1)}|{made(draw, depth - 1)})"
    if kind < 0.85:
        return f"({made(draw, depth - 1)})"
    return f"(?:{made(draw, depth - 1)}){draw.choice(('*', '+', '?', '{1,2}', '*?', '+?', '??', '{2}'))}"


@pytest.mark.parametrize("seed", range(4))
def test_generated_patterns_match_as_python_matches_them(seed: int) -> None:
    draw, compared = random.Random(seed), 0
    for _ in range(400):
        pattern = draw.choice(("", "", "(?i)", "(?m)")) + made(draw, 4)
        try:
            ours = Pattern(pattern)
        except PatternError:
            continue
        for _ in range(6):
            text = unicodedata.normalize("NFC", "".join(draw.choices(LETTERS, k=draw.randrange(9))))
            if text or r"\B" not in pattern:  # Python before 3.14 finds no \B in an empty text
                assert by_us(ours, text) == by_python(pattern, text), (pattern, text)
                compared += 1
    assert compared > 2000


@pytest.mark.parametrize(
    "pattern", ["(?i)s", "(?i)[k-ſ]", "(?i)[^a]", r"\w", r"\d", r"\s", r"(?a)\W", "(?i)ß", "(?ia)[K]"]
)
def test_single_letters_are_taken_as_python_takes_them(pattern: str) -> None:
    (part,), flags = (tree := re._parser.parse(pattern)).data, tree.state.flags  # type: ignore[attr-defined]
    python = re.compile(pattern)
    argument = part if str(part[0]) != "IN" else (part[0], part[1])
    for code in (*range(0x600), *range(0x1E00, 0x2200), *range(0xAC00, 0xAC40), *range(0xFF00, 0xFFF0), 0x1D7D8):
        assert takes(argument, flags, chr(code)) is bool(python.match(chr(code))), hex(code)


@pytest.mark.parametrize("pattern", ["^((?:a+)+)b", r"^(\w+\s?)*$(x)", "((a*)*)*b", "(a|aa)+$(b)", "(.*)*(.*)*(.*)*x"])
def test_no_pattern_takes_long(pattern: str) -> None:
    """Python's engine would not come back from these within a lifetime; that this test ends is what it shows."""
    try:
        search = Pattern(pattern).search
    except PatternError:
        return
    for _ in range(200):
        assert search("a" * 5000 + "!") is None


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("(.+)(?=_)", "parentheses around the part"),
        (r"(?<=_)(\d)", "parentheses around the part"),
        ("((?:(?!_).)+)", "name what may be there"),
        (r"(a)\1", "write the part once more"),
        ("(?P<n>a)(?P=n)", "once more"),
        ("(a)(?(1)b|c)", "write both cases"),
        ("(?>a+)(b)", "write (?:...)"),
        ("(a++)", "write *, +"),
        ("(a?)*", "at least one letter"),
        ("((?:(?:a{900}){900}){900})", "repeat less often"),
        ("(a{2000})", "repeat less often"),
    ],
)
def test_what_cannot_be_matched_says_what_to_write_instead(pattern: str, advice: str) -> None:
    recipe = DatasetRecipe(source="s", labels=LabelRecipe(by="pattern", pattern=pattern), group=pattern)
    problems = recipe.unsearchable()
    assert {one.field for one in problems} == {"labels.pattern", "group"}
    assert all(advice in one.message for one in problems), problems


@pytest.mark.parametrize(
    "pattern", ["(", "(" * 3000 + ")" * 3000, "(a{99999999999999999999})", "(" + "a" * 20_000 + ")", "[z-a]", "*"]
)
def test_what_is_no_pattern_is_told(pattern: str) -> None:
    fault = pattern_fault(pattern, groups=1)
    assert fault is not None
    assert len(fault) < 400


def test_composed_and_decomposed_names_are_the_same() -> None:
    name = unicodedata.normalize("NFD", "강아지_01.jpg")
    assert by_us(Pattern("(강아지)_"), name) == ("강아지_", "강아지")
    assert by_us(Pattern(unicodedata.normalize("NFD", "(강아지)_")), "강아지_1") == ("강아지_", "강아지")


def test_many_different_letters_are_told_apart() -> None:
    letters = [chr(0xAC00 + k) for k in range(500)]
    ours = Pattern(f"({'|'.join(letters)})$")
    assert all(by_us(ours, f"x{one}") == (one, one) for one in letters)
    assert by_us(ours, "x힣") is None
    with pytest.raises(PatternError, match="leave"):
        Pattern(rf"\b({'|'.join(f'{one}{one}' for one in letters)})")


def test_the_library_itself_matches_no_pattern_of_a_person_in_another_way() -> None:
    for place in (
        "data/splitting/groups.py",
        "data/checking/series.py",
        "data/sources/patterns.py",
        "recipe/dataset.py",
    ):
        text = (ROOT / "src" / "glasshouse" / place).read_text(encoding="utf-8")
        assert "import re\n" not in text
