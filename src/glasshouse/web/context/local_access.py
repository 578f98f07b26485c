"""Who may use a Studio without accounts: whoever has the token of its home, as a cookie or as a bearer token."""

import hashlib
import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.responses import Response

from glasshouse.web.framework.settings import Settings

__all__ = ["ask_at", "bearer", "cookie_in", "is_allowed", "is_token", "set_token", "token_cookie", "token_in_query"]

KEPT_SECONDS = 400 * 24 * 3600  # as long as browsers keep a cookie at most


def token_cookie(settings: Settings) -> str:
    """Return the name of the cookie; browsers do not tell ports apart, so the port is in it."""
    return f"glasshouse_token_{settings.port}"


def is_token(settings: Settings, given: str) -> bool:
    """Whether ``given`` is the token; takes as long whatever is wrong with it."""
    return settings.token is not None and _same(given, settings.token)


def is_allowed(settings: Settings, headers: Headers) -> bool:
    """Whether a request shows the token, or the cookie that was given for it."""
    if settings.token is None:
        return True
    given = bearer(headers)
    if given is not None:
        return is_token(settings, given)
    cookies = headers.getlist("cookie")
    return any(_same(one, _proof(settings.token)) for one in cookie_in(cookies, token_cookie(settings)))


def bearer(headers: Headers) -> str | None:
    """Return the token after the word Bearer, if a request has one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def cookie_in(headers: Iterable[str], name: str) -> list[str]:
    """Return the values of a cookie."""
    found = []
    for header in headers:
        try:
            cookies = SimpleCookie(header)
        except CookieError:
            continue
        if name in cookies:
            found.append(cookies[name].value)
    return found


def set_token(answer: Response, settings: Settings) -> None:
    """Let the browser in from now on; the cookie follows from the token and does not hold it."""
    answer.set_cookie(token_cookie(settings), _proof(settings.token or ""), max_age=KEPT_SECONDS, httponly=True,
                      samesite="lax", secure=settings.secure, path="/")  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"


def token_in_query(path: str, query: str) -> tuple[str | None, str]:
    """Return the token in an address, and that address without it; None if there is none."""
    pairs = parse_qsl(query, keep_blank_values=True)
    given = [value for name, value in pairs if name == "token"]
    rest = urlencode([pair for pair in pairs if pair[0] != "token"])
    where = "/" + path.lstrip("/\\")  # two slashes would lead to another host
    return (given[-1] if given else None), quote(where, safe="/%:@!$&'()*+,;=~-._") + (f"?{rest}" if rest else "")


def ask_at(where: str, *, wrong: bool = False) -> str:
    """Return the address of the page that asks for the token and then goes on to ``where``."""
    return f"/token?next={quote(where, safe='')}" + ("&wrong=1" if wrong else "")


def _proof(token: str) -> str:
    return hmac.new(token.encode(), b"glasshouse cookie", hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
