"""Regular expressions from people, matched in linear time: no pattern can keep a process busy.

A pattern means what Python's ``re`` makes of it: its parser reads it. RE2 does the matching, whose time grows with
the length of the text alone, but whose ``\\w``, ``\\d``, ``\\s`` and ``\\b`` know ASCII only. So texts and patterns are
put into a small alphabet first: letters that no part of the pattern distinguishes share a symbol, letters of words get
symbols that are letters of words to RE2, and every class becomes a list of symbols. Texts are compared in the Unicode
form NFC, as Glasshouse keeps names.
"""

import importlib
import re
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import re2

from glasshouse.errors import InputError
from glasshouse.messages import Message
from glasshouse.recipe.letters import is_word, takes

__all__ = ["Found", "Pattern", "PatternError", "pattern_fault"]

LONGEST = 10_000  # characters of a pattern
_SINGLE = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_WORDS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_OTHERS = "".join(chr(code) for code in (*range(1, 10), *range(11, 128)) if chr(code) not in _WORDS)
_ANCHORS = {"AT_BEGINNING_STRING": r"\A", "AT_END_STRING": r"\z", "AT_BOUNDARY": r"\b", "AT_NON_BOUNDARY": r"\B"}
_INSTEAD = {
    "ASSERT": Message(
        "(?=...) and (?<=...) look around; put parentheses around the part that counts instead, "
        r"such as (.+)_\d+ for .+(?=_\d+)"
    ),
    "ASSERT_NOT": Message(
        "(?!...) and (?<!...) look around; name what may be there instead, such as [^_]+ for (?:(?!_).)+"
    ),
    "GROUPREF": Message(r"\1 and (?P=name) refer to a group; write the part once more instead"),
    "GROUPREF_EXISTS": Message("(?(1)...) depends on a group; write both cases instead, with | between them"),
    "ATOMIC_GROUP": Message("(?>...) never gives back; write (?:...) instead"),
    "POSSESSIVE_REPEAT": Message("*+, ++, ?+ and {1,2}+ never give back; write *, +, ? or {1,2} instead"),
}
_EMPTY = Message("a group is repeated that may be empty; give it at least one letter, such as (a)* for (a?)*")


class PatternError(InputError):
    """A regular expression cannot be used; the text says why, and what to write instead."""


@dataclass(frozen=True)
class Found:
    """A match: the text of the whole and of each group (None if a group took no part)."""

    parts: tuple[str | None, ...]

    def group(self, number: int = 0) -> str | None:
        """Return the text of a group; 0 is the whole."""
        return self.parts[number]


def pattern_fault(pattern: str, groups: int = 0) -> str | None:
    """Return what is wrong with a regular expression as such, None if it is one with ``groups`` groups."""
    try:
        found = _parsed(pattern).state.groups - 1
    except PatternError as error:
        return str(error)
    return (
        None
        if found >= groups
        else Message("expected a group in parentheses around the part that counts, got {pattern}", pattern=pattern)
    )


class Pattern:
    """A regular expression, ready to be searched in names.

    Raises:
        PatternError: it is none, or needs what cannot be matched in linear time.
    """

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self._tree = _parsed(pattern)
        self._engines: dict[bool, tuple[int, Any]] = {}
        self._lock = Lock()
        try:
            self._alphabet = _Alphabet(self._tree)
            self.search("")
        except RecursionError:
            raise PatternError(
                "not a regular expression (nested too deeply): {pattern}", pattern=pattern[:200]
            ) from None

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._tree.state.groups) - 1

    def search(self, text: str) -> Found | None:
        """Return the first match in ``text``, None if there is none."""
        name = text if text.isascii() else unicodedata.normalize("NFC", text)
        with self._lock:
            ends = self._alphabet.ends and name.endswith(
                "\n"
            )  # $ matches before it too, which RE2 knows with lines only
            symbols = name.translate(self._alphabet)
            if ends:
                symbols = symbols[:-1].replace("\n", self._alphabet.inner) + "\n"
            found = self._engine(ends).search(symbols)
        if found is None:
            return None
        spans = [found.span(number) for number in range(self.groups + 1)]
        return Found(tuple(None if span[0] < 0 else name[span[0] : span[1]] for span in spans))

    def _engine(self, ends: bool) -> Any:
        size = len(self._alphabet.letters)
        before, engine = self._engines.get(ends, (-1, None))
        if before != size:
            engine = self._compiled(ends)
            self._engines[ends] = size, engine
        return engine

    def _compiled(self, ends: bool) -> Any:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 26
        try:
            return re2.compile(_Writer(self._alphabet, ends).sequence(self._tree, self._tree.state.flags), options)
        except re2.error:
            raise PatternError(
                "too large to be matched: {text}; repeat less often than 1,000 times", text=self.text[:200]
            ) from None


class _Alphabet(dict[int, str]):
    """Symbols for letters, given when a letter is met first; letters that no part distinguishes have the same."""

    def __init__(self, tree: Any) -> None:
        super().__init__({ord("\n"): "\n"})
        self.parts: list[tuple[tuple[Any, Any], int]] = []
        self.bounded: set[int] = set()  # the flags of \b, which must agree
        self.literals: set[int] = set()
        self.lines: set[tuple[bool, bool]] = set()  # the ^ and $ that there are: whether $, whether of every line
        _collect(tree, tree.state.flags, self)
        if len(self.bounded) > 1:
            raise PatternError(r"\b with and without the flag (?a) in one pattern; write (?a) at its beginning")
        self.ends = (True, False) in self.lines  # $ that is only the text's end
        if self.ends and self.lines & {(False, True), (True, True)}:
            raise PatternError(r"(?m) beside a $ that is the end of the whole text; write \Z for that one")
        self._kinds: dict[tuple[Any, ...], str] = {}
        self.inner = _OTHERS[0]  # a line's end that is not the text's
        self.letters: dict[str, str] = {"\n": "\n", self.inner: "\n"}  # symbol: a letter that it is for
        self._free = {True: list(reversed(_WORDS)), False: list(reversed(_OTHERS[1:]))}
        for code in (*range(128), *self.literals):
            self[code]

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        word = is_word(letter, next(iter(self.bounded), 0))
        kind = (code if code in self.literals else None, word and bool(self.bounded),
                *(takes(part, flags, letter) for part, flags in self.parts))  # fmt: skip
        if kind not in self._kinds:
            self._kinds[kind] = self._new(word)
            self.letters[self._kinds[kind]] = letter
        self[code] = self._kinds[kind]
        return self[code]

    def _new(self, word: bool) -> str:
        if self._free[word]:
            return self._free[word].pop()
        if word and self.bounded:
            raise PatternError(
                "\\b beside more than {WORDS} different letters; leave \\b away, or name fewer", WORDS=len(_WORDS)
            )
        return chr(0x100 + len(self.letters))

    def taken(self, part: tuple[Any, Any], flags: int) -> list[str]:
        """Return the symbols of the letters that a part takes."""
        return [symbol for symbol, letter in self.letters.items() if takes(part, flags, letter)]


def _collect(tree: Any, flags: int, alphabet: _Alphabet) -> None:
    """Note the parts of a pattern that take a letter; refuse what RE2 cannot do."""
    for operation, argument in tree:
        name = str(operation)
        if name in _INSTEAD:
            raise PatternError("cannot be matched quickly on every name: {INSTEAD}", INSTEAD=_INSTEAD[name])
        if name == "LITERAL" and not flags & re.IGNORECASE:
            alphabet.literals.add(argument)
        elif name in _SINGLE and ((operation, argument), flags) not in alphabet.parts:
            alphabet.parts.append(((operation, argument), flags))
        elif name == "AT" and str(argument) in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            alphabet.bounded.add(flags & re.ASCII)
        elif name == "AT" and str(argument) in ("AT_BEGINNING", "AT_END"):
            alphabet.lines.add((str(argument) == "AT_END", bool(flags & re.MULTILINE)))
        for inner, own in _inside(name, argument, flags):
            if (
                name in ("MAX_REPEAT", "MIN_REPEAT")
                and argument[1] > 1
                and not inner.getwidth()[0]
                and _has_group(inner)
            ):
                raise PatternError("cannot be matched quickly on every name: {INSTEAD}", INSTEAD=_EMPTY)
            _collect(inner, own, alphabet)


def _has_group(tree: Any) -> bool:
    return any(
        (str(operation) == "SUBPATTERN" and argument[0] is not None)
        or any(_has_group(inner) for inner, _ in _inside(str(operation), argument, 0))
        for operation, argument in tree
    )


def _inside(name: str, argument: Any, flags: int) -> Sequence[tuple[Any, int]]:
    if name == "BRANCH":
        return [(tree, flags) for tree in argument[1]]
    if name == "SUBPATTERN":
        return [(argument[3], (flags | argument[1]) & ~argument[2])]
    return [(argument[2], flags)] if name in ("MAX_REPEAT", "MIN_REPEAT") else []


class _Writer:
    """Writes a parsed pattern for RE2, in symbols."""

    def __init__(self, alphabet: _Alphabet, ends: bool) -> None:
        self.alphabet = alphabet
        self.ends = ends

    def sequence(self, tree: Any, flags: int) -> str:
        return "".join(
            self._one(str(operation), argument, (operation, argument), flags) for operation, argument in tree
        )

    def _one(self, name: str, argument: Any, part: tuple[Any, Any], flags: int) -> str:
        if name in _SINGLE:
            return _class(self.alphabet.taken(part, flags))
        if name == "AT":
            return self._anchor(str(argument), flags)
        inside = [self.sequence(tree, own) for tree, own in _inside(name, argument, flags)]
        if name == "BRANCH":
            return f"(?:{'|'.join(inside)})"
        if name == "SUBPATTERN":
            return f"({'?:' if argument[0] is None else ''}{inside[0]})"
        if name not in ("MAX_REPEAT", "MIN_REPEAT"):
            return _class([])  # an empty choice, which matches nothing
        low, high = int(argument[0]), argument[1]
        times = f"{{{low},{'' if str(high) == 'MAXREPEAT' else int(high)}}}"
        short = {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}.get(times, times)
        return f"(?:{inside[0]}){short}{'?' if name == 'MIN_REPEAT' else ''}"

    def _anchor(self, name: str, flags: int) -> str:
        lines = bool(flags & re.MULTILINE)
        if name == "AT_BEGINNING":
            return "(?m:^)" if lines else r"\A"
        if name == "AT_END":
            return "(?m:$)" if lines or self.ends else r"\z"
        return _ANCHORS[name]


def _class(symbols: Sequence[str]) -> str:
    if not symbols:
        return r"[^\x00-\x{10FFFF}]"
    return "[" + "".join(f"\\x{{{ord(symbol):X}}}" for symbol in symbols) + "]"


def _parsed(pattern: str) -> Any:
    """Return what Python's parser makes of a pattern."""
    if len(pattern) > LONGEST:
        raise PatternError(
            "a regular expression of {pattern} characters; at most {LONGEST} are read",
            pattern=f"{len(pattern):,}",
            LONGEST=f"{LONGEST:,}",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that another engine would read in another way
            return importlib.import_module("re._parser").parse(unicodedata.normalize("NFC", pattern))
    except (re.error, OverflowError) as error:
        raise PatternError(
            "not a regular expression ({error}): {pattern}", error=error, pattern=pattern[:200]
        ) from None
    except RecursionError:
        raise PatternError("not a regular expression (nested too deeply): {pattern}", pattern=pattern[:200]) from None
