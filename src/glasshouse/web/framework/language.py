"""Which language a page speaks, and its texts: the English ones are the keys, a catalogue has every other language."""

import gettext
import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

__all__ = [
    "LANGUAGES",
    "WEB",
    "catalogue",
    "choose",
    "count",
    "count_roughly",
    "duration",
    "interval",
    "library_texts",
    "percent",
    "roughly",
    "texts",
    "time_left",
    "when",
]

LANGUAGES = {"en": "English", "ko": "한국어"}
WEB = Path(__file__).parent.parent


@cache
def texts(language: str) -> gettext.NullTranslations:
    """Return the texts of a language of ``LANGUAGES``; the ``.po`` files are read as they are, not compiled."""
    if language == "en":
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue(language: str) -> Catalog:
    """Return all texts of a language, put together: each subject has its ``texts/<language>/*.po``.

    Raises:
        ValueError: two files hold the same text.
    """
    return _together(language, "*/texts/{language}/*.po")


def library_texts(language: str) -> dict[str, str]:
    """Return the texts for what the library says, by their English templates (see ``translation.py``)."""
    found = _together(language, "framework/texts/{language}/library/*.po")
    return {str(message.id): str(message.string) for message in found if message.id and message.string}


def _together(language: str, files: str) -> Catalog:
    whole = Catalog(locale=language)
    for path in sorted(WEB.glob(files.format(language=language))):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.id in whole:
                    raise ValueError(f"{path.name}: {message.id!r} stands in another file already; keep one")
                if message.id:
                    whole[message.id] = message
    return whole


def choose(chosen: str | None, accepted: str | None) -> str:
    """Return the language that was chosen, else the best of ``Accept-Language`` that there is, else English."""
    if chosen in LANGUAGES:
        return chosen
    wishes: list[tuple[float, str]] = []
    for part in (accepted or "").split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    return next((name for weight, name in sorted(wishes) if name in LANGUAGES and weight < 0), "en")


def count(number: int, language: str) -> str:
    """Return a whole number with the language's separators."""
    return str(format_decimal(number, locale=language))


def count_roughly(number: int, language: str) -> str:
    """Return a large number as it is said: ``138.4 million``; Korean counts in ten thousands, ``1억 3,836만``."""
    if language != "ko":
        return f"{number / 1e6:.1f} million"
    hundred_millions, rest = divmod(round(number / 1e4), 10_000)
    parts = [f"{hundred_millions:,}억"] if hundred_millions else []
    parts += [f"{rest:,}만"] if rest else []
    return " ".join(parts) or count(number, language)


def percent(part: float | None, language: str) -> str:
    """Return a part of 1 as the language writes it: ``29.0 %``, in Korean ``29.0%``; a dash if it is not known."""
    return "–" if part is None else texts(language).gettext("{value} %").format(value=f"{100 * part:.1f}")


def interval(ends: Sequence[float], language: str) -> str:
    """Return an interval of parts of 1 as the language writes it: ``97.2 to 99.6 %``, in Korean ``97.2~99.6%``."""
    low, high = (f"{100 * end:.1f}" for end in ends)
    return texts(language).gettext("{low} to {high} %").format(low=low, high=high)


def when(moment: datetime, language: str, *, seconds: bool = False) -> str:
    """Return date and time, short, in the server's time zone; ``seconds``: exactly."""
    pattern = "M월 d일 HH:mm" if language == "ko" else "d MMM HH:mm"
    if seconds:
        pattern = "y-MM-dd HH:mm:ss"
    elif moment.year != datetime.now(moment.tzinfo).year:
        pattern = "y년 M월 d일" if language == "ko" else "d MMM y"
    return str(format_datetime(moment.astimezone(), pattern, locale=language))


def duration(seconds: float, language: str) -> str:
    """Return how long something took: ``8.2 s``, ``34 s``, ``2 min 5 s``, ``1 h 12 min``."""
    _ = texts(language).gettext
    whole = max(0, round(seconds))
    if seconds < 9.95:
        return _("{seconds} s").format(seconds=f"{max(0.0, seconds):.1f}")
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    if whole < 3600:
        return _("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)
    return _("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)


def roughly(seconds: float, language: str) -> str:
    """Return how long something may take, rounded as people say it: ``20 s``, ``12 min``, ``3 h``."""
    _ = texts(language).gettext
    if seconds < 55:
        return _("{seconds} s").format(seconds=max(5, 5 * round(seconds / 5)))
    if seconds < 5400:
        return _("{minutes} min").format(minutes=max(1, round(seconds / 60)))
    return _("{hours} h").format(hours=round(seconds / 3600))


def time_left(seconds: float | None, language: str) -> str:
    """Return the time left, rounded as people say it: ``about 12 min left``; None is not known yet."""
    _ = texts(language).gettext
    if seconds is None:
        return _("estimating the time left")
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 55:
        return _("about {seconds} s left").format(seconds=round(seconds / 10) * 10 or 10)
    if seconds < 5400:
        return _("about {minutes} min left").format(minutes=max(1, round(seconds / 60)))
    return _("about {hours} h left").format(hours=round(seconds / 3600))
