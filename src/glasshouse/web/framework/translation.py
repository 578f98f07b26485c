"""What the library says (errors, reasons, findings), in the language of a page: the library itself knows no language.

``texts/<language>/library/*.po`` hold the templates of messages and what they become. English has some too: what a
page says otherwise than a terminal does. What has no text stays English, and is marked as such on other pages.
"""

import re
from collections.abc import Iterator
from functools import cache

from markupsafe import Markup

from glasshouse.messages import PLACEHOLDER, Foreign, Message, Option, Value
from glasshouse.recipe.fields import declared_texts
from glasshouse.web.framework.language import library_texts, texts
from glasshouse.web.framework.options import field_of, without_place

__all__ = ["translated", "translated_html"]

ENGLISH = re.compile(r"[^가-힣]*[A-Za-z]{3}[^가-힣]*")  # what a page says in Korean itself passes here too
Piece = tuple[str, bool]  # a text, and whether it is English on a page of another language


def translated(message: str, language: str) -> str:
    """Return a message of the library in ``language``; what has no text there stays English."""
    return "".join(text for text, _ in _pieces(message, language))


def translated_html(message: object, language: str) -> Markup:
    """Return :func:`translated` as HTML, escaped; what stays English on another page is marked as such."""
    found = Markup()
    for text, english in _joined(_pieces(message if isinstance(message, str) else str(message), language)):
        found += Markup('<span lang="en">{}</span>').format(text) if english else Markup.escape(text)
    return found


def _pieces(message: str, language: str) -> Iterator[Piece]:
    """Yield the text of a message, and that of each value in its place."""
    template, values = (message.template, message.values) if isinstance(message, Message) else (str(message), {})
    text = _texts(language).get(template)
    own = PLACEHOLDER.sub("", template) if values else template
    english = text is None and language != "en" and ENGLISH.fullmatch(own) is not None
    shown = template if text is None else text
    pieces = PLACEHOLDER.split(shown) if values else [shown]
    for literal, name in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        yield (without_place(literal, language), english)
        if name:
            yield from _of_value(values[name], language)


def _of_value(value: Value, language: str) -> Iterator[Piece]:
    """Yield a value: messages and options in the language, names and numbers as they are.

    A text of some words may be one of the system's, such as ``Permission denied``; a single word is a name.
    """
    if isinstance(value, Message):
        yield from _pieces(value, language)
    elif isinstance(value, Option):
        yield field_of(value, language), False
    else:
        text = str(value)
        known = _texts(language).get(text) if " " in text else None
        yield known or without_place(text, language), isinstance(value, Foreign) and not known and language != "en"


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Return the pieces with neighbours of one kind put together."""
    found: list[Piece] = []
    for text, english in pieces:
        if found and found[-1][1] == english:
            found[-1] = (found[-1][0] + text, english)
        elif text:
            found.append((text, english))
    return found


@cache
def _texts(language: str) -> dict[str, str]:
    """Return the texts of the library's messages, and of what the recipe declares, which messages name too."""
    declared = {text: texts(language).gettext(text) for text in declared_texts()}
    return {**{text: said for text, said in declared.items() if said != text}, **library_texts(language)}
