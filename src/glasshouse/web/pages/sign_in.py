"""Signing in and out, where the Studio has accounts."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.web.api.context import Here
from glasshouse.web.api.people import set_session, sign_in, sign_out
from glasshouse.web.language import texts
from glasshouse.web.pages.home import inside
from glasshouse.web.templating import language_of, page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/sign-in", response_class=HTMLResponse)
def show(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002  (the guard's word in the address)
    """Ask for name and password."""
    return page(request, "sign_in.html", next=inside(next), name="", wrong="")


@router.post("/sign-in")
def begin(
    request: Request,
    here: Here,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Begin a session and go where the person wanted to."""
    _ = texts(language_of(request)).gettext
    secret, wait = sign_in(request, here, name, password)
    if secret is not None:
        answer = RedirectResponse(inside(next), 303)
        set_session(answer, here, secret)
        return answer
    wrong = _("The name or the password is wrong.")
    if wait:
        wrong = _("Too many wrong tries; wait {minutes} min.").format(minutes=round(wait / 60) or 1)
    return page(request, "sign_in.html", 429 if wait else 401, next=inside(next), name=name, wrong=wrong)


@router.post("/sign-out")
def finish(request: Request, here: Here) -> Response:
    """End the session of this browser."""
    answer = RedirectResponse("/sign-in", 303)
    sign_out(request, here, answer)
    return answer
