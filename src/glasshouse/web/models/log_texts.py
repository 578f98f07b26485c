"""The log of a job in the language of a page; the file is English, a line for each event (``jobs/job_log.py``)."""

import re
from collections.abc import Callable

from glasshouse.web.framework.job_kinds import kind_words, stage_words
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.translation import translated

__all__ = ["log_in_words"]

Words = Callable[[str], str]
TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )(.*)")
PLACE = re.compile(r"\\\{(\w+)\\\}")


def log_in_words(log: str, language: str) -> str:
    """Return the log with its lines in ``language``; what is no line of an event, such as a traceback, stays."""
    if language == "en":
        return log
    return "\n".join(_line(line, language) for line in log.split("\n"))


def _line(line: str, language: str) -> str:
    timed = TIME.fullmatch(line)
    return timed[1] + _event_text(timed[2], language) if timed else line


def _event_text(text: str, language: str) -> str:
    _ = texts(language).gettext
    if text in _words(language):
        return _words(language)[text]
    if epoch := re.fullmatch(r"epoch (\d+): (.+)", text):
        parts = ", ".join(_filled(part, _parts, language) for part in epoch[2].split(", "))
        return _("epoch {epoch}: {parts}").format(epoch=epoch[1], parts=parts)
    return _filled(text, _events, language)


def _filled(text: str, forms: Callable[[Words], tuple[str, ...]], language: str) -> str:
    """Return the text of the form that ``text`` has, with its values; a value that is a message is translated too."""
    _ = texts(language).gettext
    for english, said in zip(forms(str), forms(_), strict=True):
        found = re.fullmatch(PLACE.sub(r"(?P<\1>.+?)", re.escape(english)), text)
        if found:
            return said.format(**{name: _value(value, language) for name, value in found.groupdict().items()})
    notice = re.fullmatch(r"[a-z-]+: (.+)", text)
    return (
        _("notice: {message}").format(message=translated(notice[1], language)) if notice else translated(text, language)
    )


def _value(value: str, language: str) -> str:
    return _words(language).get(value) or translated(value, language)


def _words(language: str) -> dict[str, str]:
    """Return the words for kinds of jobs, stages and reasons."""
    _ = texts(language).gettext
    kinds = {kind.value: words for kind, words in kind_words(language).items()}
    return {**stage_words(language), **kinds, "done": _("done"), "early-stopping": _("stopped early")}


def _events(_: Words) -> tuple[str, ...]:
    return (
        _("start {attempt} of the job {job} ({kind}), process {process}"),
        _("{network} on {device} begins: {weights} weights ({trained} trained), {epochs} epochs of {steps} steps"),
        _("{network} on {device} goes on after step {step}: {weights} weights ({trained} trained), {epochs} epochs of "
          "{steps} steps"),
        _("kept {path} (step {step})"),
        _("{stage}: {total} to do"),
        _("the dataset is ready, fingerprint {fingerprint}"),
        _("the training ended ({reason}) after {epochs} epochs, {seconds} s; the best epoch is {best}"),
        _("failed: {reason}"),
    )  # fmt: skip


def _parts(_: Words) -> tuple[str, ...]:
    return (
        _("training loss {value}"), _("training accuracy {value}"), _("validation loss {value}"),
        _("accuracy {value}"), _("rate {value}"),
        _("{seconds} s"), _("the best so far"),
    )  # fmt: skip
