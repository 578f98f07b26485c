"""People, where the Studio has accounts: your own account, all accounts and the audit log for admins."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from glasshouse.errors import ConflictError, MissingError, RecipeError
from glasshouse.store.audit import page_of_audit
from glasshouse.store.paging import Page
from glasshouse.store.people import (
    add_token,
    add_user,
    begin_session,
    change_user,
    count_sessions,
    end_sessions,
    list_tokens,
    list_users,
    remove_token,
)
from glasshouse.store.records import AuditEntry, Role, TokenRecord, UserRecord
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.session_cookie import delete_session, set_session
from glasshouse.web.framework.form_values import problems_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of, page
from glasshouse.web.people.api import admin, new_password, someone
from glasshouse.web.people.audit_texts import AuditLine, audit_line

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
LOGGED = 100  # lines of the log a page
Word = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True)
class AccountPage:
    """Your own account; ``found`` is what is wrong by field, ``made`` a new token with its secret, ``done`` an act."""

    me: UserRecord
    tokens: Sequence[TokenRecord]
    found: Mapping[str, str]
    made: tuple[TokenRecord, str] | None
    done: str
    sessions: int


@dataclass(frozen=True)
class PeoplePage:
    """All accounts, and the form of a new one as it was filled in."""

    people: Sequence[UserRecord]
    found: Mapping[str, str]
    done: str
    form: Mapping[str, str]
    roles: Sequence[Role]


@dataclass(frozen=True)
class PersonPage:
    """One account: if it is signed in, and its tokens."""

    one: UserRecord
    found: Mapping[str, str]
    roles: Sequence[Role]
    sessions: int
    tokens: Sequence[TokenRecord]


@dataclass(frozen=True)
class AuditPage:
    """A page of who did what, searched by ``q``; ``lines`` say it in words."""

    q: str
    found: Page[AuditEntry]
    lines: Sequence[AuditLine]


@router.get("/account", response_class=HTMLResponse)
def account(request: Request, context: Context, done: str = "") -> HTMLResponse:
    """Show your own account: password, tokens, where one is signed in."""
    return _account(request, context, {}, done=done)


@router.post("/account/password")
async def password(request: Request, context: Context, old: Word = "", new: Word = "", again: Word = "") -> Response:
    """Change your own password: all other browsers are signed out."""
    if new != again:
        return await run_in_threadpool(_account, request, context, {"again": "differs"}, 422)
    try:
        tried = await new_password(request, context, old, new)
    except RecipeError as error:
        found = {one.field: one.field for one in error.problems}
        return await run_in_threadpool(_account, request, context, found, 422)
    if tried.wait:
        found = {"crowded" if tried.crowded else "wait": str(math.ceil(tried.wait))}
        shown = await run_in_threadpool(_account, request, context, found, 503 if tried.crowded else 429)
        shown.headers["Retry-After"] = str(math.ceil(tried.wait))
        return shown
    answer = RedirectResponse("/account?done=password", 303)
    set_session(answer, context.settings, await run_in_threadpool(begin_session, context.store, someone(context)))
    return answer


@router.post("/account/tokens", response_class=HTMLResponse)
def make_token(request: Request, context: Context, name: Annotated[str, Form(max_length=120)] = "") -> HTMLResponse:
    """Make a token for scripts; its text is on this page once, and never again."""
    token, secret = add_token(context.store, someone(context), name.strip() or "token")
    return _account(request, context, {}, made=(token, secret))


@router.post("/account/tokens/{key}/delete")
def drop_token(context: Context, key: str) -> RedirectResponse:
    """Make a token worthless."""
    remove_token(context.store, someone(context), key)
    return RedirectResponse("/account?done=token", 303)


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(context: Context) -> RedirectResponse:
    """End all sessions of the account, this one too; tokens stay."""
    end_sessions(context.store, someone(context))
    answer = RedirectResponse("/sign-in", 303)
    delete_session(answer, context.settings)
    return answer


@router.get("/people", response_class=HTMLResponse)
def people(request: Request, context: Context, done: str = "") -> HTMLResponse:
    """List the accounts; for admins."""
    return _people(request, context, {}, done=done)


@router.post("/people")
def add(
    request: Request,
    context: Context,
    name: Word = "",
    password: Word = "",
    role: Annotated[Role, Form()] = Role.MEMBER,
) -> Response:
    """Add an account; for admins."""
    boss = admin(context)
    try:
        add_user(context.store, name.strip(), password, role, by=boss)
    except RecipeError as error:
        return _people(request, context, problems_of(error), 422, name=name, role=role)
    except ConflictError:
        return _people(request, context, {"name": "taken"}, 409, name=name, role=role)
    return RedirectResponse("/people?done=added", 303)


@router.get("/people/{name}", response_class=HTMLResponse)
def person(request: Request, context: Context, name: str) -> HTMLResponse:
    """Show one account and what an admin can do with it."""
    admin(context)
    return _person(request, context, name, {})


@router.post("/people/{name}/role")
def change_role(request: Request, context: Context, name: str, role: Annotated[Role, Form()]) -> Response:
    """Give an account another role."""
    return _changed(request, context, name, "role", role=role)


@router.post("/people/{name}/password")
def reset_password(request: Request, context: Context, name: str, password: Word = "") -> Response:
    """Give an account another password: its browsers are signed out."""
    return _changed(request, context, name, "password", password=password)


@router.post("/people/{name}/disabled")
def disable(request: Request, context: Context, name: str, disabled: Annotated[bool, Form()] = True) -> Response:
    """Disable an account, or let it sign in again; what it owns stays."""
    return _changed(request, context, name, "disabled", disabled=disabled)


@router.get("/audit", response_class=HTMLResponse)
def audit(request: Request, context: Context, q: str = "", after: str = "", before: str = "") -> HTMLResponse:
    """Show who did what, the latest first; for admins."""
    admin(context)
    found = page_of_audit(context.store, q[:200], after=after, before=before, limit=LOGGED)
    _ = texts(language_of(request)).gettext
    lines = [audit_line(_, entry) for entry in found.items]
    return page(request, "audit.html", AuditPage(q, found, lines))


def _account(
    request: Request,
    context: RequestContext,
    found: dict[str, str],
    status: int = 200,
    *,
    made: tuple[TokenRecord, str] | None = None,
    done: str = "",
) -> HTMLResponse:
    me = someone(context)
    sessions = count_sessions(context.store, me)
    shown = AccountPage(me, list_tokens(context.store, me), found, made, done, sessions)
    answer = page(request, "account.html", shown, status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _people(
    request: Request, context: RequestContext, found: dict[str, str], status: int = 200, *, done: str = "", **form: str
) -> HTMLResponse:
    admin(context)
    filled = {"name": "", "role": Role.MEMBER, **form}
    return page(
        request, "people.html", PeoplePage(list_users(context.store), found, done, filled, list(Role)), status=status
    )


def _person(
    request: Request, context: RequestContext, name: str, found: dict[str, str], status: int = 200
) -> HTMLResponse:
    one = _named(context, name)
    shown = PersonPage(one, found, list(Role), count_sessions(context.store, one), list_tokens(context.store, one))
    return page(request, "person.html", shown, status=status)


def _named(context: RequestContext, name: str) -> UserRecord:
    for one in list_users(context.store):
        if one.name == name:
            return one
    raise MissingError("There is no account {name}.", name=name)


def _changed(request: Request, context: RequestContext, name: str, field: str, **changes: Any) -> Response:
    boss = admin(context)
    try:
        change_user(context.store, name, by=boss, **changes)
    except ConflictError:
        return _person(request, context, name, {field: "last"}, 409)
    except RecipeError as error:
        return _person(request, context, name, {field: error.problems[0].message}, 422)
    return RedirectResponse("/people?done=changed", 303)
