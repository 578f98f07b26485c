"""The cookie of a session: named by the port, since browsers do not tell the ports of one computer apart."""

from starlette.datastructures import Headers
from starlette.responses import Response

from glasshouse.web.context.local_access import cookie_in
from glasshouse.web.framework.settings import Settings

__all__ = ["EARLIER", "delete_session", "move_session", "secret_in", "session_cookie", "set_session"]

EARLIER = "glasshouse_session"  # its name up to 0.1: of whichever Studio of the computer was signed in to last
KEPT_SECONDS = 14 * 24 * 3600


def session_cookie(settings: Settings) -> str:
    """Return the name of the cookie."""
    return f"glasshouse_session_{settings.port}"


def secret_in(settings: Settings, headers: Headers) -> str | None:
    """Return the secret of the session that a browser sent; under the earlier name if there is no other."""
    cookies = headers.getlist("cookie")
    return next(iter([*cookie_in(cookies, session_cookie(settings)), *cookie_in(cookies, EARLIER)]), None)


def set_session(answer: Response, settings: Settings, secret: str) -> None:
    """Put the secret of a session into the browser's cookie."""
    answer.set_cookie(session_cookie(settings), secret, max_age=KEPT_SECONDS, httponly=True, samesite="lax",
                      secure=settings.secure, path="/")  # fmt: skip


def delete_session(answer: Response, settings: Settings) -> None:
    """Take the cookie from the browser."""
    answer.delete_cookie(session_cookie(settings), path="/")


def move_session(settings: Settings, headers: Headers) -> list[str]:
    """Return the Set-Cookie headers that put a session kept under the earlier name under its new one; else none."""
    cookies = headers.getlist("cookie")
    earlier = cookie_in(cookies, EARLIER)
    if not earlier or cookie_in(cookies, session_cookie(settings)):
        return []
    answer = Response()
    set_session(answer, settings, earlier[0])
    answer.delete_cookie(EARLIER, path="/")
    return answer.headers.getlist("set-cookie")
