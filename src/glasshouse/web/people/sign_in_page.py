"""The door: signing in and out, where the Studio has accounts, and else its token."""

import math
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.web.context.local_access import is_allowed, is_token, set_token, token_in_query
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.session_cookie import set_session
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.sign_in_attempts import Attempts
from glasshouse.web.framework.templating import language_of, page
from glasshouse.web.home.page import inside
from glasshouse.web.people.api import sign_in, sign_out

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class SignInPage:
    """The form of the door: where to go then, the name as typed, and what was ``wrong``."""

    next: str
    name: str = ""
    wrong: str = ""


@dataclass(frozen=True)
class TokenPage:
    """The question for the token; ``wrong``: the one that was given does not open."""

    next: str
    wrong: bool


@router.get("/sign-in", response_class=HTMLResponse)
def show(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002  (the guard's word in the address)
    """Ask for name and password."""
    return page(request, "sign_in.html", SignInPage(inside(next)))


@router.post("/sign-in")
async def begin(
    request: Request,
    context: Context,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Begin a session and go where the person wanted to."""
    _ = texts(language_of(request)).gettext
    tried = await sign_in(request, context, name, password)
    if tried.user is not None:
        answer = RedirectResponse(inside(next), 303)
        set_session(answer, context.settings, tried.secret)
        return answer
    seconds, status = math.ceil(tried.wait), 401
    wrong = _("The name or the password is wrong.")
    if tried.crowded:
        status = 503
        wrong = _("Too many people are signing in at this moment; try again in {seconds} s.").format(seconds=seconds)
    elif tried.wait:
        status = 429
        wrong = _("Too many wrong tries; try again in {seconds} s.").format(seconds=seconds)
    shown = page(request, "sign_in.html", SignInPage(inside(next), name, wrong), status=status)
    if seconds:
        shown.headers["Retry-After"] = str(seconds)
    return shown


@router.post("/sign-out")
def finish(request: Request, context: Context) -> Response:
    """End the session of this browser."""
    answer = RedirectResponse("/sign-in", 303)
    sign_out(request, context, answer)
    return answer


@router.get("/token", response_class=HTMLResponse)
def show_token(request: Request, context: Context, next: str = "/", wrong: bool = False) -> Response:  # noqa: A002
    """Ask for the token that opens a Studio without accounts."""
    if context.accounts or is_allowed(context.settings, request.headers):
        return RedirectResponse(inside(next), 303)
    return _form_page(request, inside(next), wrong=wrong)


@router.post("/token")
def take_token(
    request: Request,
    context: Context,
    token: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Take the token that a person pasted, or the whole address with it."""
    if context.accounts or context.settings.token is None:
        return RedirectResponse(inside(next), 303)
    pasted = token.strip()
    if "token=" in pasted:
        pasted = token_in_query("/", urlsplit(pasted).query)[0] or pasted
    if not is_token(context.settings, pasted):
        attempts: Attempts = request.app.state.attempts
        wait = attempts.wrong_token(request.client.host if request.client else "-")
        answer = _form_page(request, inside(next), wrong=True, status=429 if wait else 401)
        if wait:
            answer.headers["Retry-After"] = f"{wait:.0f}"
        return answer
    went = RedirectResponse(inside(next), 303)
    set_token(went, context.settings)
    return went


def _form_page(request: Request, where: str, *, wrong: bool, status: int = 401) -> Response:
    answer = page(request, "token.html", TokenPage(where, wrong), status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
