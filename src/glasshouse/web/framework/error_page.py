"""The page that says in words what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from glasshouse.errors import Problem
from glasshouse.messages import Message, joined
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of, page

__all__ = ["error_page"]


@dataclass(frozen=True)
class MessagePage:
    """What went wrong: its kind, what to do next, and in which fields."""

    title: str
    message: str
    details: str


def error_page(request: Request, status: int, message: str, problems: Sequence[Problem]) -> Response:
    """Answer with a page that names what went wrong and the next step."""
    _ = texts(language_of(request)).gettext
    titles = {
        403: _("This is not allowed"),
        404: _("This is not here"),
        409: _("This cannot be done now"),
        422: _("Something in the request cannot be used"),
    }
    advice = {
        404: _("It may have been deleted, or the address is mistyped. What there is, is at home."),
        500: _("Something went wrong inside the Studio. What was saved is kept, and jobs go on. Try again; if it "
               "happens again, tell who runs this Studio: its log has the details."),
    }  # fmt: skip
    found = [Message("{field}: {problem}", field=problem.field, problem=problem.message) for problem in problems]
    shown = advice.get(status, message) if message in (Message("Not Found"), "") or status == 404 else message
    title = titles.get(status, _("That did not work"))
    return page(request, "message.html", MessagePage(title, shown, joined("\n", found)), status=status)
