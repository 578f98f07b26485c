"""The lessons: every block runs and prints what is below it; the Korean ones have the same code and print Korean."""

import ast
import builtins
import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

LESSONS = Path(__file__).resolve().parent.parent / "docs" / "lessons"
NAMES = sorted(path.name for path in (LESSONS / "en").glob("*.md"))
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```", re.M | re.S)
NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]\d+)?")
HANGUL = re.compile("[가-힣]")
LANGUAGES = ("en", "ko")


def blocks(language: str, name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((LESSONS / language / name).read_text(encoding="utf-8"))


def same(shown: str, told: str) -> bool:
    """Whether two outputs have the same words, and numbers as near as two machines' arithmetic is."""
    if NUMBER.sub("", shown).split() != NUMBER.sub("", told).split():
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(told), strict=True)
    return all(abs(float(a) - float(b)) <= 0.03 + 0.1 * abs(float(a)) for a, b in pairs)


def is_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


class Together(ast.NodeTransformer):
    """Puts each print of the Korean block beside that of the English one; what they compute must be the same."""

    def __init__(self, korean: ast.Module) -> None:
        self.prints = [node for node in ast.walk(korean) if is_print(node)]
        self.prints.sort(key=lambda node: node.lineno)  # type: ignore[attr-defined]

    def visit_Expr(self, node: ast.Expr) -> Any:
        if not is_print(node.value):
            return self.generic_visit(node)
        korean = self.prints.pop(0)
        assert isinstance(node.value, ast.Call) and isinstance(korean, ast.Call)
        assert shown_values(node.value) == shown_values(korean)
        return [ast.Expr(spoken(node.value, "en")), ast.Expr(spoken(korean, "ko"))]


def spoken(call: ast.Call, language: str) -> ast.Call:
    return ast.Call(ast.Name(f"print_{language}", ast.Load()), call.args, call.keywords)


def shown_values(call: ast.Call) -> list[str]:
    """Return what a print computes, without its words."""
    parts = [part for one in call.args for part in (one.values if isinstance(one, ast.JoinedStr) else [one])]
    return sorted(ast.dump(part) for part in parts if not isinstance(part, ast.Constant))


def said(call: ast.AST) -> list[str]:
    """Return the words of a print, without what it computes."""
    assert isinstance(call, ast.Call)
    parts = [part for one in call.args for part in (one.values if isinstance(one, ast.JoinedStr) else [one])]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def without_prints(block: str) -> tuple[ast.AST, list[str]]:
    """Return a block without its prints and texts, and these texts."""
    tree = ast.parse(block)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and is_print(node.value):
            node.value = ast.Constant(None)
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    words = [str(node.value) for node in texts]
    for node in texts:
        node.value = ""
    return tree, words


def labels(english: str, korean: str) -> dict[str, str]:
    """Return the words outside of prints that the Korean block says otherwise; all other code must be the same."""
    (ours, words), (theirs, their_words) = without_prints(english), without_prints(korean)
    assert ast.dump(ours) == ast.dump(theirs)
    found = {a: b for a, b in zip(words, their_words, strict=True) if a != b}
    assert all(HANGUL.search(text) for text in found.values())
    return found


class Heard(StringIO):
    """A standard output of which both languages hear what is no print of a lesson, such as a summary."""

    def __init__(self) -> None:
        super().__init__()
        self.said = {language: StringIO() for language in LANGUAGES}

    def write(self, text: str) -> int:
        for out in self.said.values():
            out.write(text)
        return len(text)

    def words(self) -> dict[str, object]:
        return {f"print_{language}": self._printer(out) for language, out in self.said.items()}

    def take(self) -> dict[str, str]:
        found = {language: out.getvalue() for language, out in self.said.items()}
        for out in self.said.values():
            out.seek(0)
            out.truncate()
        return found

    @staticmethod
    def _printer(out: StringIO) -> Any:
        return lambda *values: builtins.print(*values, file=out)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_what_stands_there(name: str) -> None:
    """Each block runs once, with the prints of both languages beside each other."""
    heard, told = Heard(), {"en": "", "ko": ""}
    words = heard.words()
    for english, other in zip_longest(blocks("en", name), blocks("ko", name)):
        assert english[0] == other[0]
        if english[0] == "python":
            korean = labels(english[1], other[1])
            tree = ast.fix_missing_locations(Together(ast.parse(other[1])).visit(ast.parse(english[1])))
            with redirect_stdout(heard):
                exec(compile(tree, f"{name}: {english[1][:40]!r}", "exec"), words)
            told = heard.take()
            for word, said in korean.items():
                told["ko"] = re.sub(rf"^{re.escape(word)}\b", said, told["ko"], flags=re.M)
        else:
            for language, shown in (("en", english[1]), ("ko", other[1])):
                assert same(shown, told[language]), f"{name} shows\n{shown}but this was printed:\n{told[language]}"
    assert sys.stdout is not heard


def test_the_comparison_can_fail() -> None:
    assert same("loss 0.50 at 3", "loss 0.51 at 3")
    assert not same("loss 0.50 at 3", "loss 0.70 at 3")
    assert not same("loss 0.50 at 3", "loss 0.50 at 4")
    assert not same("[0 1]", "[1 1]")
    for korean in ("x = 2\nprint('손실', x)", "x = 1\nprint('손실', y)"):
        with pytest.raises(AssertionError):
            labels("x = 1\nprint('loss', x)", korean)
            Together(ast.parse(korean)).visit(ast.parse("x = 1\nprint('loss', x)"))


@pytest.mark.parametrize("name", NAMES)
def test_a_korean_lesson_is_korean_and_prints_korean(name: str) -> None:
    korean = (LESSONS / "ko" / name).read_text(encoding="utf-8")
    assert len(HANGUL.findall(korean)) > 300
    trees = [ast.parse(block) for kind, block in blocks("ko", name) if kind == "python"]
    texts = [text for tree in trees for node in ast.walk(tree) if is_print(node) for text in said(node)]
    words = [text for text in texts if re.search("[a-z]{4}", text) and not HANGUL.search(text)]
    assert texts and set(words) <= {"backward() ", " tanh: ", "   relu: "}
    assert not HANGUL.search((LESSONS / "en" / name).read_text(encoding="utf-8").replace("한국어", ""))


def test_the_index_names_every_lesson() -> None:
    assert len(NAMES) == 7
    for index, language in (("README.md", "en"), ("README.ko.md", "ko")):
        text = (LESSONS / index).read_text(encoding="utf-8")
        assert all(f"({language}/{name})" in text for name in NAMES)
