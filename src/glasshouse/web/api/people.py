"""People over the API: signing in and out, tokens, accounts, the audit log."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from glasshouse.errors import MissingError, Problem, RefusedError
from glasshouse.store.people import (
    add_token,
    add_user,
    begin_session,
    change_user,
    check_password,
    end_session,
    list_audit,
    list_tokens,
    list_users,
    note,
    remove_token,
)
from glasshouse.store.records import Role, UserRecord
from glasshouse.web.api.context import Context, Here
from glasshouse.web.api.faults import fault_response
from glasshouse.web.api.shapes import Shape
from glasshouse.web.attempts import Attempts
from glasshouse.web.guard import COOKIE, session_cookie

__all__ = ["router", "set_session", "sign_in", "sign_out"]

router = APIRouter(tags=["people"])


class SignIn(Shape):
    name: str = Field(max_length=64)
    password: str = Field(max_length=1000)


class NewToken(Shape):
    name: str = Field("token", max_length=120)


class NewUser(Shape):
    name: str
    password: str
    role: Role = Role.MEMBER


class UserChange(Shape):
    password: str | None = None
    role: Role | None = None
    disabled: bool | None = None


def sign_in(request: Request, here: Context, name: str, password: str) -> tuple[str | None, float]:
    """Return the secret of a new session (None: wrong), and for how many seconds to wait before the next try."""
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else "-"
    keys = (f"name {name.lower()}", f"address {address}")
    if wait := attempts.wait(*keys):
        return None, wait
    user = check_password(here.store, name, password)
    if user is None:
        attempts.failed(*keys)
        note(here.store, None, "sign-in-failed", name[:64], address)
        return None, 0.0
    note(here.store, user, "sign-in", user.id, address)
    return begin_session(here.store, user), 0.0


def sign_out(request: Request, here: Context, response: Response) -> None:
    """End the session of this browser and take its cookie."""
    secret = session_cookie(request.headers.getlist("cookie"))
    if secret:
        end_session(here.store, secret)
    response.delete_cookie(COOKIE)


@router.post("/session")
def begin(request: Request, here: Here, who: SignIn) -> Response:
    """Sign in: the answer sets a cookie."""
    secret, wait = sign_in(request, here, who.name, who.password)
    if secret is None and wait:
        answer = fault_response(429, [Problem("", f"Too many wrong tries; wait {wait / 60:.0f} minutes.")])
        answer.headers["retry-after"] = str(int(wait) + 1)
        return answer
    if secret is None:
        return fault_response(401, [Problem("password", "The name or the password is wrong.")])
    response = JSONResponse({"name": who.name})
    set_session(response, here, secret)
    return response


def set_session(response: Response, here: Context, secret: str) -> None:
    """Put the secret of a session into the browser's cookie."""
    response.set_cookie(COOKIE, secret, max_age=14 * 24 * 3600, httponly=True, samesite="lax",
                        secure=here.settings.secure, path="/")  # fmt: skip


@router.delete("/session")
def finish(request: Request, here: Here) -> Response:
    """Sign out."""
    response = JSONResponse({})
    sign_out(request, here, response)
    return response


@router.get("/session")
def show(here: Here) -> dict[str, Any]:
    """Tell who is signed in; without accounts nobody needs to."""
    return {"accounts": here.accounts, "user": _user(here.user) if here.user else None}


@router.get("/tokens")
def tokens(here: Here) -> list[dict[str, Any]]:
    """List one's own tokens."""
    return [
        {"id": t.id, "name": t.name, "created_at": t.created_at, "used_at": t.used_at}
        for t in list_tokens(here.store, _someone(here))
    ]


@router.post("/tokens", status_code=201)
def make_token(here: Here, request: NewToken) -> dict[str, Any]:
    """Make a token for scripts; its text is told this once."""
    token, secret = add_token(here.store, _someone(here), request.name)
    here.note("token-create", token.id, token.name)
    return {"id": token.id, "name": token.name, "token": secret}


@router.delete("/tokens/{token_id}", status_code=204)
def drop_token(here: Here, token_id: str) -> None:
    """Make a token worthless."""
    remove_token(here.store, _someone(here), token_id)
    here.note("token-delete", token_id)


@router.get("/users")
def users(here: Here) -> list[dict[str, Any]]:
    """List the accounts; for admins."""
    _admin(here)
    return [_user(one) for one in list_users(here.store)]


@router.post("/users", status_code=201)
def make_user(here: Here, request: NewUser) -> dict[str, Any]:
    """Add an account; for admins. The first one is added by ``glasshouse users add``."""
    _admin(here)
    user = add_user(here.store, request.name, request.password, request.role)
    here.note("user-create", user.id, user.name)
    return _user(user)


@router.patch("/users/{name}")
def edit_user(here: Here, name: str, request: UserChange) -> dict[str, Any]:
    """Change an account; for admins."""
    _admin(here)
    user = change_user(here.store, name, password=request.password, role=request.role, disabled=request.disabled)
    here.note("user-change", user.id, name)
    return _user(user)


@router.get("/audit")
def log(
    here: Here, limit: Annotated[int, Query(ge=1, le=1000)] = 200, before: float | None = None
) -> list[dict[str, Any]]:
    """Tell who did what; for admins."""
    _admin(here)
    return [vars(entry) for entry in list_audit(here.store, limit, before)]


def _someone(here: Context) -> UserRecord:
    if here.user is None:
        raise MissingError("There are no accounts here; add one with: glasshouse users add NAME")
    return here.user


def _admin(here: Context) -> UserRecord:
    user = _someone(here)
    if user.role is not Role.ADMIN:
        raise RefusedError("Only an admin may do this.")
    return user


def _user(user: UserRecord) -> dict[str, Any]:
    return {"id": user.id, "name": user.name, "role": str(user.role), "created_at": user.created_at,
            "disabled": user.disabled_at is not None}  # fmt: skip
