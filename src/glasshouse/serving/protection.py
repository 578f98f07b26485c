"""What every request passes first: the token, the host and origin, and the size of its body."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LOOPBACK", "Protection", "Rules"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
OPEN = ("/health/live", "/health/ready")  # what tells nothing
HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


@dataclass(frozen=True)
class Rules:
    """``token``: who has it may ask; without one only ``hosts`` may be named, and no page of another origin asks.

    ``largest`` are the bytes of one body, ``together`` those of all bodies at a time.
    """

    token: str | None = None
    hosts: tuple[str, ...] = LOOPBACK
    largest: int = 64 * 2**20
    together: int = 512 * 2**20


class Protection:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app, self.rules = app, rules
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope["path"], Headers(scope=scope))
        if refusal is not None:
            status, text, headers = refusal
            await _answer(status, text, headers)(scope, receive, send)
            return
        taken = _Body(self, receive)
        try:
            await self.app(scope, taken.receive, _with_headers(send))
        finally:
            self._held -= taken.size

    def room_for(self, size: int, more: int) -> None:
        """Count ``more`` bytes of a body that had ``size``.

        Raises:
            HTTPException: the body is too large (413), or all of them together (503).
        """
        if size + more > self.rules.largest:
            raise HTTPException(413, self._too_large)
        if self._held + more > self.rules.together:
            raise HTTPException(503, "Very many pictures arrive at once; try again in a few seconds.")
        self._held += more

    def _refusal(self, path: str, headers: Headers) -> tuple[int, str, Mapping[str, str]] | None:
        if path in OPEN:
            return None
        size = headers.get("content-length", "")
        if size.isdigit() and int(size) > self.rules.largest:
            return 413, self._too_large, {}
        if self.rules.token is not None:
            kind, _, given = headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not secrets.compare_digest(
                given.strip().encode(), self.rules.token.encode()
            ):
                return 401, "Send the server's token: Authorization: Bearer TOKEN.", {"www-authenticate": "Bearer"}
            return None
        host = urlsplit("//" + headers.get("host", "")).hostname or ""
        if host not in self.rules.hosts:
            return 421, f"This server is not called {host!r}; start it with --allow-host to reach it by that name.", {}
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return 403, "A page of another origin may not ask this server; give it a token.", {}
        return None

    @property
    def _too_large(self) -> str:
        return f"The body has more than {self.rules.largest >> 20} MiB; send fewer pictures."


class _Body:
    """Counts what comes of one body."""

    def __init__(self, protection: Protection, receive: Receive) -> None:
        self.size = 0
        self._protection, self._receive = protection, receive

    async def receive(self) -> Message:
        message = await self._receive()
        more = len(message.get("body", b""))
        self._protection.room_for(self.size, more)
        self.size += more
        return message


def _answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"errors": [{"field": None, "message": text}]}, status, headers)


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    return sent
