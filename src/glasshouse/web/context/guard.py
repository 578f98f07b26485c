"""What every request passes before any page or API sees it: host, origin, size, and who asks."""

import ipaddress
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ServerMessage

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.store.database import Store
from glasshouse.store.people import has_users, user_of_session, user_of_token
from glasshouse.store.records import UserRecord
from glasshouse.store.turns import asking
from glasshouse.web.context.local_access import (
    ask_at,
    bearer,
    is_allowed,
    is_token,
    set_token,
    token_in_query,
)
from glasshouse.web.context.session_cookie import move_session, secret_in
from glasshouse.web.framework.faults import fault_response
from glasshouse.web.framework.settings import LOOPBACK, Settings
from glasshouse.web.framework.sign_in_attempts import Attempts
from glasshouse.web.framework.templating import language_of

__all__ = ["HEADERS", "Guard"]

LOOK_SECONDS = 2.0
SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = ("/sign-in", "/token", "/language", "/api/v1/session")  # what works without having signed in, besides /static/
PIECES = ("/api/v1/uploads/", "/upload", "/classify", "/preview")  # words in paths that take pictures
SIGN_IN = Message("Sign in first, or send a token: Authorization: Bearer TOKEN.")
HOW_TO_OPEN = Message(
    "This Studio is opened by its token: send Authorization: Bearer TOKEN, or open the address that was printed at its "
    "start. In a terminal, glasshouse studio --token prints it."
)
HELD = ("/predict", "/follow/upload")  # ends of paths whose body is a picture in memory
HELD_EACH, HELD_ALL, HELD_UNKNOWN = 160 * 2**20, 512 * 2**20, 64 * 2**20  # bytes: of one person, of all, not told
THREADS = 160  # more than may wait for pictures, so that a page always finds one
HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class TooLargeError(Exception):
    """The body has more bytes than this path takes."""


class Guard:
    """ASGI middleware; puts the person (None without accounts) into ``request.state.user``."""

    def __init__(self, app: ASGIApp, store: Store, settings: Settings) -> None:
        self.app = app
        self.store = store
        self.settings = settings
        self._held: Counter[str] = Counter()  # bytes of pictures in memory, by who sends them
        self._known: tuple[float, bool] = (float("-inf"), False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        answer = _with_headers(send)
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            await _refuse(scope, receive, answer, *refusal)
            return
        accounts = await self._accounts()
        user = await run_in_threadpool(self._user, headers) if accounts and not path.startswith("/static/") else None
        if accounts and user is None and not _is_open(path):
            await self._ask_to_sign_in(scope, receive, answer)
            return
        if not accounts and await self._without_token(scope, receive, answer, headers):
            return
        scope.setdefault("state", {}).update(user=user, accounts=accounts)
        address = (scope.get("client") or ("",))[0]
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        who = user.id if user is not None else f"address {address}"
        if user is not None and bearer(headers) is None:
            answer = _with_cookies(answer, move_session(self.settings, headers))
        with asking(who):
            await self._with_room(scope, receive, answer, headers, who)

    async def _accounts(self) -> bool:
        """Whether there are accounts, looked up every other second at most."""
        looked, found = self._known
        if time.monotonic() - looked > LOOK_SECONDS:
            found = await run_in_threadpool(has_users, self.store)
            self._known = (time.monotonic(), found)
        return found

    async def _with_room(self, scope: Scope, receive: Receive, send: Send, headers: Headers, who: str) -> None:
        """Hand the request on; one whose picture is held in memory only while there is room for it."""
        if scope["method"] in SAFE or not scope["path"].endswith(HELD):
            await self._limited(scope, receive, send, headers)
            return
        length = headers.get("content-length", "")
        size = min(int(length) if length.isdigit() else HELD_UNKNOWN, self.settings.largest_piece)
        mine, all_of_them = self._held[who] + size > HELD_EACH, self._held.total() + size > HELD_ALL
        if (self._held[who] and (mine or all_of_them)) or self._held.total() + size > 2 * HELD_ALL:
            message = Message("Very many pictures arrive at once; send the next one when some are answered.")
            await _refuse(scope, receive, send, 429 if mine else 503, message, {"Retry-After": "2"})
            return
        self._held[who] += size
        try:
            await self._limited(scope, receive, send, headers)
        finally:
            self._held[who] -= size
            self._held += Counter()

    async def _limited(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Hand the request on, unless and until its body is too large."""
        pieces = any(word in scope["path"] for word in PIECES) or scope["path"].endswith("/predict")
        limit = self.settings.largest_piece if pieces else self.settings.largest_body
        message = Message("The request has more than {limit} MiB; send files in smaller pieces.", limit=limit // 2**20)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            await _refuse(scope, receive, send, 413, message)
            return
        taken, answered = 0, False

        async def counted() -> ServerMessage:
            nonlocal taken
            part = await receive()
            taken += len(part.get("body", b""))
            if taken > limit:
                raise TooLargeError
            return part

        async def watched(part: ServerMessage) -> None:
            nonlocal answered
            answered = True
            await send(part)

        try:
            await self.app(scope, counted, watched)
        except TooLargeError:
            if not answered:
                await _refuse(scope, receive, send, 413, message)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self._known_host(host):
            return 421, Message(
                "This Studio does not answer to the name {host}; start it with --allow-host to add it.",
                host=repr(host[:100]),
            )
        if method in SAFE:
            return None
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site not in (None, "same-origin", "none") or (origin is not None and not _is_of(origin, host)):
            return 403, Message("This request came from another web site and is refused.")
        return None

    def _known_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in (*LOOPBACK, *self.settings.hosts, self.settings.host):
            return True
        return not self.settings.local and not self.settings.hosts and _is_address(name)

    async def _ask_to_sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/api/"):
            await self._unknown(scope, receive, send, SIGN_IN)
            return
        where = quote(_address(scope), safe="")
        await RedirectResponse(f"/sign-in?next={where}", 303)(scope, receive, send)

    async def _without_token(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> bool:
        """Answer what comes with the Studio's token in its address, or without any; False: the request goes on."""
        path, settings = scope["path"], self.settings
        if settings.token is None or path.startswith("/static/"):
            return False
        allowed = is_allowed(settings, headers)
        given, where = token_in_query(path, scope.get("query_string", b"").decode("latin-1"))
        if given is not None and scope["method"] in ("GET", "HEAD") and not path.startswith("/api/"):
            right = is_token(settings, given)
            answer = RedirectResponse(where if right or allowed else ask_at(where, wrong=True), 303)
            if right:
                set_token(answer, settings)
            await answer(scope, receive, send)
            return True
        if allowed or _is_open(path):
            return False
        if path.startswith("/api/") or "text/html" not in headers.get("accept", "text/html"):
            await self._unknown(scope, receive, send, HOW_TO_OPEN)
        else:
            await RedirectResponse(ask_at(_address(scope)), 303)(scope, receive, send)
        return True

    async def _unknown(self, scope: Scope, receive: Receive, send: Send, message: str) -> None:
        """Refuse who is not known; who sends one wrong token after the other is asked to wait."""
        headers = {"WWW-Authenticate": "Bearer"}
        status = 401
        if bearer(Headers(scope=scope)) is not None:
            attempts: Attempts = scope["app"].state.attempts
            if wait := attempts.wrong_token(scope["client"][0] if scope.get("client") else "-"):
                status, message = 429, Message("Too many wrong tokens; try again in {wait} s.", wait=f"{wait:.0f}")
                headers["Retry-After"] = f"{wait:.0f}"
        await fault_response(status, [Problem("", message)], language_of(Request(scope)), headers)(scope, receive, send)

    def _user(self, headers: Headers) -> UserRecord | None:
        token = bearer(headers)
        if token is not None:
            return user_of_token(self.store, token)
        secret = secret_in(self.settings, headers)
        return user_of_session(self.store, secret) if secret else None


def _is_of(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/static/")


def _address(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def sender(message: ServerMessage) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sender


def _with_cookies(send: Send, cookies: Iterable[str]) -> Send:
    async def sender(message: ServerMessage) -> None:
        if message["type"] == "http.response.start":
            sent = MutableHeaders(scope=message)
            names = {value.partition("=")[0] for value in sent.getlist("set-cookie")}
            for cookie in cookies:
                if cookie.partition("=")[0] not in names:  # what the page itself does with it holds
                    sent.append("set-cookie", cookie)
        await send(message)

    return sender


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, message: str, more: Mapping[str, str] | None = None
) -> None:
    """Answer a person who looks at a page with a page, and everybody else as the API does."""
    request = Request(scope)
    page = not scope["path"].startswith("/api/") and "text/html" in request.headers.get("accept", "")
    problems = [Problem("", message)]
    answer: Response = (
        request.app.state.error_page(request, status, message, []) if page
        else fault_response(status, problems, language_of(request))
    )  # fmt: skip
    answer.headers.update(more or {})
    await answer(scope, receive, send)
