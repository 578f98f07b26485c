"""People over the API: signing in and out, tokens, accounts, the audit log."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from glasshouse.errors import MissingError, Problem, RecipeError, RefusedError
from glasshouse.messages import Message
from glasshouse.store.audit import page_of_audit
from glasshouse.store.people import (
    add_token,
    add_user,
    begin_session,
    change_own_password,
    change_user,
    check_password,
    end_session,
    end_sessions,
    list_tokens,
    list_users,
    log_failed_sign_in,
    remove_token,
)
from glasshouse.store.records import Role, UserRecord
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.session_cookie import delete_session, secret_in, set_session
from glasshouse.web.context.shapes import Shape
from glasshouse.web.framework.faults import fault_response
from glasshouse.web.framework.sign_in_attempts import Attempts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.people.passwords import PasswordQueue, QueueFullError

__all__ = ["Tried", "admin", "new_password", "router", "set_session", "sign_in", "sign_out", "someone"]

router = APIRouter(tags=["people"])
CROWDED_SECONDS = 5.0


class SignIn(Shape):
    name: str = Field(max_length=64)
    password: str = Field(max_length=1000)


class Passwords(Shape):
    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class NewToken(Shape):
    name: str = Field("token", max_length=120)


class NewUser(Shape):
    name: str
    password: str
    role: Role = Role.MEMBER


class AuditOut(Shape):
    """One line of the log; ``at`` in seconds since 1970."""

    id: str
    at: float
    user_name: str
    action: str
    target: str
    detail: str


class AuditList(Shape):
    items: list[AuditOut]
    next: str | None


class UserChange(Shape):
    password: str | None = None
    role: Role | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class Tried:
    """What came of a password: the person (None: not let in), and the seconds to wait before the next try (0: none).

    ``crowded``: nothing is held against the person; too many others are signing in at this moment.
    """

    user: UserRecord | None = None
    secret: str = ""
    wait: float = 0.0
    crowded: bool = False


async def sign_in(request: Request, context: RequestContext, name: str, password: str) -> Tried:
    """Begin a session, whose secret is in the answer, if name and password are right."""
    address = _address(request)

    def work() -> Tried:
        user = check_password(context.store, name, password)
        if user is None:
            log_failed_sign_in(context.store, name, address)
            return Tried()
        return Tried(user, begin_session(context.store, user, address))

    return await _tried(request, name, work)


async def new_password(request: Request, context: RequestContext, old: str, new: str) -> Tried:
    """Change your own password, which ends all sessions; ``user`` is None if one has to wait instead.

    Raises:
        RecipeError: the old one is wrong, or the new one cannot be used.
    """
    me = someone(context)

    def work() -> Tried:
        return Tried(check_password(context.store, me.name, old))

    tried = await _tried(request, f"{me.name} signed in", work)  # what strangers try at the door does not count here
    if tried.user is None:
        if not tried.wait:
            raise RecipeError("the account", [Problem("old", "this is not the present password")])
        return tried
    try:
        await run_in_threadpool(change_own_password, context.store, me, new)
    except RecipeError as error:
        raise RecipeError("the account", [Problem("new", one.message) for one in error.problems]) from None
    return tried


async def _tried(request: Request, name: str, work: Callable[[], Tried]) -> Tried:
    """Have ``work`` look at a password in its turn; each try counts as wrong until it is known to be right."""
    attempts: Attempts = request.app.state.attempts
    queue: PasswordQueue = request.app.state.passwords
    address = _address(request)
    if wait := attempts.begin(name, address):
        return Tried(wait=wait)
    try:
        tried = await queue.run(address, work)
    except QueueFullError:
        attempts.undone(name, address)
        return Tried(wait=CROWDED_SECONDS, crowded=True)
    if tried.user is not None:
        attempts.right(name, address)
    return tried


def _address(request: Request) -> str:
    return request.client.host if request.client else "-"


def sign_out(request: Request, context: RequestContext, response: Response) -> None:
    """End the session of this browser and take its cookie."""
    secret = secret_in(context.settings, request.headers)
    if secret:
        end_session(context.store, secret)
    delete_session(response, context.settings)


@router.post("/session")
async def begin(request: Request, context: Context, who: SignIn) -> Response:
    """Sign in: the answer sets a cookie."""
    tried = await sign_in(request, context, who.name, who.password)
    if tried.wait:
        return _later(request, tried)
    if tried.user is None:
        wrong = Problem("password", "The name or the password is wrong.")
        return fault_response(401, [wrong], language_of(request))
    response = JSONResponse({"name": who.name})
    set_session(response, context.settings, tried.secret)
    return response


def _later(request: Request, tried: Tried) -> Response:
    seconds = math.ceil(tried.wait)
    message = Message("Too many wrong tries; try again in {seconds} s.", seconds=seconds)
    if tried.crowded:
        message = Message("Too many people are signing in at this moment; try again in {seconds} s.", seconds=seconds)
    answer = fault_response(503 if tried.crowded else 429, [Problem("", message)], language_of(request))
    answer.headers["retry-after"] = str(seconds)
    return answer


@router.delete("/session")
def finish(request: Request, context: Context) -> Response:
    """Sign out."""
    response = JSONResponse({})
    sign_out(request, context, response)
    return response


@router.get("/session")
def show(context: Context) -> dict[str, object]:
    """Tell who is signed in; without accounts nobody needs to."""
    return {"accounts": context.accounts, "user": _user(context.user) if context.user else None}


@router.post("/account/password", status_code=204)
async def change_password(request: Request, context: Context, passwords: Passwords) -> Response:
    """Change your own password; it ends all sessions of the account, tokens stay."""
    tried = await new_password(request, context, passwords.old, passwords.new)
    return _later(request, tried) if tried.wait else Response(status_code=204)


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(context: Context) -> dict[str, int]:
    """End all sessions of one's account, and tell how many; tokens stay."""
    return {"ended": end_sessions(context.store, someone(context))}


@router.get("/tokens")
def tokens(context: Context) -> list[dict[str, object]]:
    """List your own tokens."""
    return [
        {"id": t.id, "name": t.name, "created_at": t.created_at, "used_at": t.used_at}
        for t in list_tokens(context.store, someone(context))
    ]


@router.post("/tokens", status_code=201)
def make_token(context: Context, request: NewToken) -> dict[str, object]:
    """Make a token for scripts; its text is reported this once."""
    token, secret = add_token(context.store, someone(context), request.name)
    return {"id": token.id, "name": token.name, "token": secret}


@router.delete("/tokens/{token_id}", status_code=204)
def drop_token(context: Context, token_id: str) -> None:
    """Make a token worthless."""
    remove_token(context.store, someone(context), token_id)


@router.get("/users")
def users(context: Context) -> list[dict[str, object]]:
    """List the accounts; for admins."""
    admin(context)
    return [_user(one) for one in list_users(context.store)]


@router.post("/users", status_code=201)
def make_user(context: Context, request: NewUser) -> dict[str, object]:
    """Add an account; for admins. The first one is added by ``glasshouse users add``."""
    return _user(add_user(context.store, request.name, request.password, request.role, by=admin(context)))


@router.patch("/users/{name}")
def edit_user(context: Context, name: str, request: UserChange) -> dict[str, object]:
    """Change an account; for admins."""
    return _user(change_user(context.store, name, by=admin(context), **request.model_dump()))


@router.get("/audit")
def log(
    context: Context, search: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200, after: str = ""
) -> AuditList:  # fmt: skip
    """Tell who did what, the latest first; for admins. ``next`` is the ``after`` of the page behind it."""
    admin(context)
    found = page_of_audit(context.store, search, after=after, limit=limit)
    return AuditList(items=[AuditOut(**vars(entry)) for entry in found.items], next=found.after)


def someone(context: RequestContext) -> UserRecord:
    """Return who asks.

    Raises:
        MissingError: there are no accounts.
    """
    if context.user is None:
        raise MissingError("There are no accounts here; add one with: glasshouse users add NAME")
    return context.user


def admin(context: RequestContext) -> UserRecord:
    """Return who asks, an admin.

    Raises:
        RefusedError: it is none.
    """
    user = someone(context)
    if user.role is not Role.ADMIN:
        raise RefusedError("Only an admin may do this.")
    return user


def _user(user: UserRecord) -> dict[str, object]:
    return {"id": user.id, "name": user.name, "role": str(user.role), "created_at": user.created_at,
            "disabled": user.disabled_at is not None}  # fmt: skip
