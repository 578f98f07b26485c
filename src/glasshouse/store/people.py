"""People: accounts with argon2 passwords, sessions of browsers, and tokens of scripts."""

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection, delete, func, insert, select, update

from glasshouse.errors import ConflictError, MissingError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.store.audit import BY_COMMAND_LINE, NOBODY, log_action, log_event
from glasshouse.store.database import Store, new_id
from glasshouse.store.records import Role, TokenRecord, UserRecord
from glasshouse.store.tables import sessions, tokens, users

__all__ = [
    "HASHES_AT_ONCE",
    "add_token",
    "add_user",
    "begin_session",
    "change_own_password",
    "change_user",
    "check_password",
    "count_sessions",
    "end_session",
    "end_sessions",
    "has_users",
    "list_tokens",
    "list_users",
    "log_failed_sign_in",
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


def add_user(
    store: Store, name: str, password: str, role: Role = Role.MEMBER, *, by: UserRecord | None = None
) -> UserRecord:
    """Add an account; ``by`` is the admin who does it, None the command line.

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
        _log(connection, by, "user-create", user.id, f"{name} ({role})")
    return user


def change_user(
    store: Store,
    name: str,
    *,
    password: str | None = None,
    role: Role | None = None,
    disabled: bool | None = None,
    even_last: bool = False,
    by: UserRecord | None = None,
) -> UserRecord:
    """Change an account; a new password or ``disabled`` ends its sessions, and ``disabled`` its tokens too.

    ``by`` is the admin who does it, None the command line.

    Raises:
        MissingError: there is no account of that name.
        RecipeError: the password cannot be used.
        ConflictError: it is the last admin who can sign in, and would be none (``even_last``: then it is so).
    """
    everybody = list_users(store)
    user = _named(everybody, name)
    if password is not None and (problem := _wrong_password(password)):
        raise RecipeError("the account", [problem])
    if not even_last and (disabled or role not in (None, Role.ADMIN)):
        _check_not_last_admin(user, everybody)
    changes: dict[str, tuple[object, str]] = {}  # by column: its value, and what the audit log says
    if password is not None:
        changes["password"] = _hashed(password), "password reset"
    if role is not None:
        changes["role"] = role, f"role {role}"
    if disabled is not None:
        changes["disabled_at"] = (time.time(), "disabled") if disabled else (None, "enabled")
    with store.write() as connection:
        if changes:
            values = {column: value for column, (value, _) in changes.items()}
            connection.execute(update(users).where(users.c.id == user.id).values(**values))
            _log(connection, by, "user-change", user.id, f"{name}: {', '.join(said for _, said in changes.values())}")
        _end_what_was_begun(connection, user, signed_in=password is not None or bool(disabled), scripts=bool(disabled))
    return next(one for one in list_users(store) if one.id == user.id)


def _named(everybody: Sequence[UserRecord], name: str) -> UserRecord:
    found = next((one for one in everybody if one.name == name), None)
    if found is None:
        raise MissingError("There is no account {name}.", name=name)
    return found


def _end_what_was_begun(connection: Connection, user: UserRecord, *, signed_in: bool, scripts: bool) -> None:
    if signed_in:
        connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
    if scripts:
        connection.execute(delete(tokens).where(tokens.c.user_id == user.id))


def change_own_password(store: Store, user: UserRecord, password: str) -> None:
    """Give a person the password that they chose; it ends all their sessions.

    Raises:
        RecipeError: the password cannot be used.
    """
    if problem := _wrong_password(password):
        raise RecipeError("the account", [problem])
    hashed = _hashed(password)
    with store.write() as connection:
        connection.execute(update(users).where(users.c.id == user.id).values(password=hashed))
        connection.execute(delete(sessions).where(sessions.c.user_id == user.id))
        log_action(connection, user, "password-change", user.id, user.name)


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


def log_failed_sign_in(store: Store, name: str, address: str) -> None:
    """Write into the audit log that somebody at ``address`` gave a wrong password, or a name that nobody has."""
    with store.write() as connection:
        log_event(connection, NOBODY, "sign-in-failed", name[:64], address)


def begin_session(store: Store, user: UserRecord, address: str | None = None) -> str:
    """Sign a person in and return the secret for the cookie.

    ``address`` is where they sign in from; None where their session only goes on, with another secret.
    """
    secret, now = secrets.token_urlsafe(32), time.time()
    with store.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires_at < now))
        values = {"id": _digest(secret), "user_id": user.id, "created_at": now, "expires_at": now + SESSION_SECONDS}
        connection.execute(insert(sessions).values(**values))
        if address is not None:
            log_action(connection, user, "sign-in", user.id, address)
    return secret


def end_session(store: Store, secret: str) -> None:
    """Sign out."""
    mine = sessions.c.id == _digest(secret)
    with store.write() as connection:
        row = connection.execute(
            select(users.c.id, users.c.name).join(sessions, sessions.c.user_id == users.c.id).where(mine)
        ).first()
        if row is not None:
            connection.execute(delete(sessions).where(mine))
            log_event(connection, row.name, "sign-out", row.id)


def end_sessions(store: Store, user: UserRecord) -> int:
    """Sign a person out in every browser; return in how many."""
    with store.write() as connection:
        ended = connection.execute(delete(sessions).where(sessions.c.user_id == user.id)).rowcount
        log_action(connection, user, "sign-out-everywhere", user.id, f"{ended} browsers")
    return ended


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
        log_action(connection, user, "token-create", token.id, token.name)
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
    own = (tokens.c.id == token_id, tokens.c.user_id == user.id)
    with store.write() as connection:
        name = connection.execute(select(tokens.c.name).where(*own)).scalar()
        if name is None:
            raise MissingError("You have no token {token_id}.", token_id=token_id)
        connection.execute(delete(tokens).where(*own))
        log_action(connection, user, "token-delete", token_id, name)


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


def _log(connection: Connection, by: UserRecord | None, action: str, target: str, detail: str) -> None:
    if by is None:
        log_event(connection, NOBODY, action, target, f"{detail}{BY_COMMAND_LINE}")
    else:
        log_action(connection, by, action, target, detail)


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
