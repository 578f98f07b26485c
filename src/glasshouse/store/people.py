"""People: accounts with argon2 passwords, sessions of browsers, tokens of scripts, and the audit log."""

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, func, insert, select, update

from glasshouse.errors import ConflictError, MissingError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.store.database import Store, new_id
from glasshouse.store.names import containing
from glasshouse.store.paging import Order, Page, page_of
from glasshouse.store.records import AuditEntry, Role, TokenRecord, UserRecord
from glasshouse.store.tables import audit, sessions, tokens, users

__all__ = [
    "HASHES_AT_ONCE",
    "add_token",
    "add_user",
    "begin_session",
    "change_user",
    "check_password",
    "count_sessions",
    "end_session",
    "end_sessions",
    "has_users",
    "list_audit",
    "list_tokens",
    "list_users",
    "note",
    "page_of_audit",
    "remove_token",
    "user_of_session",
    "user_of_token",
]

SESSION_SECONDS = 14 * 24 * 3600.0
LEAST_PASSWORD, MOST_PASSWORD = 8, 1000
HASHES_AT_ONCE = 2  # each takes 64 MiB
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)


def has_users(store: Store) -> bool:
    """Whether there are accounts; without them the Studio is for one person on one computer."""
    with store.read() as connection:
        return connection.execute(select(users.c.id).limit(1)).first() is not None


def add_user(store: Store, name: str, password: str, role: Role = Role.MEMBER) -> UserRecord:
    """Add an account.

    Raises:
        RecipeError: the name or the password cannot be used.
        ConflictError: the name is taken.
    """
    problems = []
    if not re.fullmatch(r"[\w.@-]{1,64}", name):
        problems.append(Problem("name", "expected 1 to 64 letters, digits, dots, @, _ or -"))
    if problem := _wrong_password(password):
        problems.append(problem)
    if problems:
        raise RecipeError("the account", problems)
    user = UserRecord(new_id(), name, role, time.time(), None)
    with store.write() as connection:
        if connection.execute(select(users.c.id).where(func.lower(users.c.name) == name.lower())).first():
            raise ConflictError("There is an account {name} already.", name=name)
        values = {"id": user.id, "name": name, "password": _hashed(password), "role": role}
        connection.execute(insert(users).values(**values, created_at=user.created_at))
    return user


def change_user(
    store: Store,
    name: str,
    *,
    password: str | None = None,
    role: Role | None = None,
    disabled: bool | None = None,
    even_last: bool = False,
) -> UserRecord:
    """Change an account; a new password or ``disabled`` ends its sessions, and ``disabled`` its tokens too.

    Raises:
        MissingError: there is no account of that name.
        RecipeError: the password cannot be used.
        ConflictError: it is the last admin who can sign in, and would be none (``even_last``: then it is so).
    """
    everybody = list_users(store)
    user = next((one for one in everybody if one.name == name), None)
    if user is None:
        raise MissingError("There is no account {name}.", name=name)
    if password is not None and (problem := _wrong_password(password)):
        raise RecipeError("the account", [problem])
    if not even_last and (disabled or role not in (None, Role.ADMIN)):
        _check_not_last_admin(user, everybody)
    values: dict[str, object] = {}
    if password is not None:
        values["password"] = _hashed(password)
    if role is not None:
        values["role"] = role
    if disabled is not None:
        values["disabled_at"] = time.time() if disabled else None
    with store.write() as connection:
        if values:
            connection.execute(update(users).where(users.c.id == user.id).values(**values))
        if password is not None or disabled:
            connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
        if disabled:
            connection.execute(delete(tokens).where(tokens.c.user_id == user.id))
    return next(one for one in list_users(store) if one.id == user.id)


def list_users(store: Store) -> list[UserRecord]:
    """Return all accounts by name."""
    with store.read() as connection:
        rows = connection.execute(select(users).order_by(users.c.name)).all()
    return [UserRecord(r.id, r.name, Role(r.role), r.created_at, r.disabled_at) for r in rows]


def check_password(store: Store, name: str, password: str) -> UserRecord | None:
    """Return the person whose name and password these are; a wrong name takes as long as a wrong password."""
    with store.read() as connection:
        row = connection.execute(select(users).where(func.lower(users.c.name) == name.lower())).first()
    kept = row.password if row is not None else _decoy()
    try:
        with _hashing:
            _hasher().verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return None
    if row is None or row.disabled_at is not None:
        return None
    return UserRecord(row.id, row.name, Role(row.role), row.created_at, row.disabled_at)


def begin_session(store: Store, user: UserRecord) -> str:
    """Sign a person in and return the secret for the cookie."""
    secret, now = secrets.token_urlsafe(32), time.time()
    with store.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires_at < now))
        values = {"id": _digest(secret), "user_id": user.id, "created_at": now, "expires_at": now + SESSION_SECONDS}
        connection.execute(insert(sessions).values(**values))
    return secret


def end_session(store: Store, secret: str) -> None:
    """Sign out."""
    with store.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.id == _digest(secret)))


def end_sessions(store: Store, user: UserRecord) -> int:
    """Sign a person out in every browser; return in how many."""
    with store.write() as connection:
        return connection.execute(delete(sessions).where(sessions.c.user_id == user.id)).rowcount


def count_sessions(store: Store, user: UserRecord) -> int:
    """Return in how many browsers a person is signed in."""
    query = select(func.count()).select_from(sessions)
    with store.read() as connection:
        query = query.where(sessions.c.user_id == user.id, sessions.c.expires_at > time.time())
        return int(connection.execute(query).scalar_one())


def user_of_session(store: Store, secret: str) -> UserRecord | None:
    """Return who signed in with this cookie, if that still holds."""
    query = select(users).join(sessions, sessions.c.user_id == users.c.id)
    query = query.where(sessions.c.id == _digest(secret), sessions.c.expires_at > time.time())
    with store.read() as connection:
        row = connection.execute(query.where(users.c.disabled_at.is_(None))).first()
    return None if row is None else UserRecord(row.id, row.name, Role(row.role), row.created_at, row.disabled_at)


def add_token(store: Store, user: UserRecord, name: str) -> tuple[TokenRecord, str]:
    """Make a token for scripts; its text is returned once and never kept."""
    secret = f"gh_{secrets.token_urlsafe(32)}"
    token = TokenRecord(new_id(), user.id, name[:120] or "token", time.time(), None)
    with store.write() as connection:
        values = {"id": token.id, "user_id": user.id, "name": token.name, "digest": _digest(secret)}
        connection.execute(insert(tokens).values(**values, created_at=token.created_at))
    return token, secret


def list_tokens(store: Store, user: UserRecord) -> list[TokenRecord]:
    """Return the tokens of a person."""
    with store.read() as connection:
        rows = connection.execute(select(tokens).where(tokens.c.user_id == user.id).order_by(tokens.c.created_at)).all()
    return [TokenRecord(r.id, r.user_id, r.name, r.created_at, r.used_at) for r in rows]


def remove_token(store: Store, user: UserRecord, token_id: str) -> None:
    """Make a token worthless.

    Raises:
        MissingError: the person has no such token.
    """
    with store.write() as connection:
        gone = connection.execute(delete(tokens).where(tokens.c.id == token_id, tokens.c.user_id == user.id))
    if not gone.rowcount:
        raise MissingError("You have no token {token_id}.", token_id=token_id)


def user_of_token(store: Store, secret: str) -> UserRecord | None:
    """Return whose token this is; its last use is kept to the minute."""
    query = select(users, tokens.c.id, tokens.c.used_at).join(tokens, tokens.c.user_id == users.c.id)
    with store.read() as connection:
        row = connection.execute(query.where(tokens.c.digest == _digest(secret), users.c.disabled_at.is_(None))).first()
    if row is None:
        return None
    now = time.time()
    if row.used_at is None or now - row.used_at > 60:
        with store.write() as connection:
            connection.execute(update(tokens).where(tokens.c.digest == _digest(secret)).values(used_at=now))
    return UserRecord(row.id, row.name, Role(row.role), row.created_at, row.disabled_at)


def note(store: Store, user: UserRecord | None, action: str, target: str, detail: str = "") -> None:
    """Write into the audit log who did what to which thing."""
    who = user.name if user is not None else "-"
    values = {"id": new_id(), "at": time.time(), "user_name": who, "action": action, "target": target}
    with store.write() as connection:
        connection.execute(insert(audit).values(**values, detail=detail[:1000]))


def list_audit(store: Store, limit: int = 200, before: float | None = None) -> list[AuditEntry]:
    """Return what was done, the latest first."""
    query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.at < before)
    with store.read() as connection:
        rows: Sequence[object] = connection.execute(query).all()
    return [AuditEntry(*row) for row in rows]  # type: ignore[misc]


def page_of_audit(
    store: Store, search: str = "", *, after: str = "", before: str = "", limit: int = 100
) -> Page[AuditEntry]:
    """Return a page of what was done, the latest first; ``search`` looks for words in who, what, which and how."""
    query = select(audit)
    for condition in containing(search, (audit.c.user_name, audit.c.action, audit.c.target, audit.c.detail)):
        query = query.where(condition)
    order = Order(audit.c.at, audit.c.id, falling=True)
    with store.read() as connection:
        found = page_of(connection, query, order, after=after, before=before, limit=limit)
    entries = [AuditEntry(r.id, r.at, r.user_name, r.action, r.target, r.detail) for r in found.items]
    return Page(entries, found.before, found.after)


def _wrong_password(password: str, field: str = "password") -> Problem | None:
    if LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        return None
    return Problem(
        field,
        Message(
            "expected {LEAST_PASSWORD} to {MOST_PASSWORD} letters, got {password}",
            LEAST_PASSWORD=LEAST_PASSWORD,
            MOST_PASSWORD=MOST_PASSWORD,
            password=len(password),
        ),
    )


def _check_not_last_admin(user: UserRecord, everybody: Sequence[UserRecord]) -> None:
    admins = [one.id for one in everybody if one.role is Role.ADMIN and one.disabled_at is None]
    if admins == [user.id]:
        raise ConflictError(
            "{name} is the last admin who can sign in; make somebody else an admin first.", name=user.name
        )


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def _hashed(password: str) -> str:
    with _hashing:
        return _hasher().hash(password)


@cache
def _decoy() -> str:
    return _hashed(secrets.token_hex(16))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
