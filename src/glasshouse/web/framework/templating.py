"""Templates: one environment a language, escaping always; a page's context is declared beside its route."""

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from glasshouse.data.sources.lookup import CHOOSABLE
from glasshouse.evaluation.reliability import too_wide
from glasshouse.store.discretion import without_home
from glasshouse.store.records import Role
from glasshouse.web.framework.field_labels import field_labels
from glasshouse.web.framework.job_kinds import kind_words, stage_words
from glasshouse.web.framework.language import (
    LANGUAGES,
    WEB,
    choose,
    count,
    count_roughly,
    duration,
    interval,
    percent,
    roughly,
    texts,
    time_left,
    when,
)
from glasshouse.web.framework.translation import translated_html

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["STATIC", "environment", "language_of", "page", "render", "static"]

STATIC = WEB / "static"
THEMES = ("light", "dark")
COARSE = 64  # pixels
SPACES = re.compile(r"\s+")


class OneSpace(Extension):
    """The indentation of a template is for its readers: a page has one space or line break instead."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Shorten white space between and within tags; values, such as a log in its ``<pre>``, stay as they are."""
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, "data", SPACES.sub(_shortest, token.value))
            else:
                yield token


def _shortest(found: re.Match[str]) -> str:
    after_a_tag = found.string[: found.start()].endswith(">")
    return "\n" if after_a_tag and "\n" in found.group() else " "


@cache
def environment(language: str) -> Environment:
    """Return the environment whose texts, numbers and times are of ``language``."""
    env = Environment(
        loader=FileSystemLoader(sorted(WEB.glob("*/templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", OneSpace],
    )
    env.install_gettext_translations(texts(language), newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(lang=language, languages=LANGUAGES, static=static, too_wide=too_wide, coarse=coarse)
    env.globals["choosable"] = CHOOSABLE
    env.globals["field_label"] = lambda name: field_labels(language).get(name, name)
    env.globals["fields_of"] = lambda names: ", ".join(field_labels(language).get(name, name) for name in names)
    env.globals.update(kind_words=kind_words(language), stage_words=stage_words(language))
    env.globals["percent_words"] = texts(language).gettext("{value} %")
    env.filters.update(
        number=lambda value: count(value, language),
        roughly_counted=lambda value: count_roughly(value, language),
        when=lambda moment: when(moment, language),
        at=lambda moment, seconds=False: when(datetime.fromtimestamp(moment, UTC), language, seconds=seconds),
        duration=lambda seconds: duration(seconds, language),
        time_left=lambda seconds: time_left(seconds, language),
        roughly=lambda seconds: roughly(seconds, language),
        percent=lambda value: percent(value, language),
        interval=lambda ends: interval(ends, language),
        loss=lambda value: "–" if value is None else f"{value:.4f}",
        size=lambda size: _size(size),
        named=lambda name, names: names.get(name, name),
        translated=lambda message: translated_html(message, language),
    )
    return env


@cache
def static(name: str) -> str:
    """Return the address of a static file; its digest (of all modules, if it is one) lets it be kept for ever."""
    files = sorted(STATIC.glob("*.js")) if name.endswith(".js") else [STATIC / name]  # modules load one another
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def language_of(request: Request) -> str:
    """Return the language of a request: the cookie's, else the browser's."""
    return choose(request.cookies.get("language"), request.headers.get("accept-language"))


def render(request: Request, template: str, *contexts: "DataclassInstance") -> str:
    """Return a template (a page or a part of one) in the language of the request.

    Each context is a frozen dataclass, declared beside its route; its fields are what the template may name.
    """
    theme = request.cookies.get("theme")
    query = f"?{request.url.query}" if request.url.query else ""
    user = getattr(request.state, "user", None)
    frame = {
        "user": user,
        "maker": user is None or user.role is not Role.VIEWER,
        "theme": theme if theme in THEMES else "",
        "here": request.url.path,
        "address": request.url.path + query,
    }
    shown = {one.name: getattr(context, one.name) for context in contexts for one in fields(context)}
    text = environment(language_of(request)).get_template(template).render(**frame, **shown)
    if user is None or user.role is Role.ADMIN:
        return text
    return without_home(text, request.app.state.store.home)  # also in what a page says of an error


def page(request: Request, template: str, *contexts: "DataclassInstance", status: int = 200) -> HTMLResponse:
    """Answer with a whole page; it is never stored by what lies between, since it may show private pictures."""
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding, Cookie"}
    return packed(request, HTMLResponse(render(request, template, *contexts), status, headers))


def packed(request: Request, answer: HTMLResponse) -> HTMLResponse:
    """Return the answer, packed by gzip where the browser takes it."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        answer.body = gzip.compress(bytes(answer.body), compresslevel=5)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


def coarse(width: int) -> bool:
    """Say whether a picture of so few pixels is shown with square pixels, not smoothed."""
    return width <= COARSE


def _size(size: int) -> str:
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
