"""The Studio as an ASGI application: pages and API on one store.

``app.state`` has ``store``, ``settings`` and ``live_points``; ``request.state`` has ``user`` (None without accounts)
and ``accounts``. ``routes.add_routes(app)`` adds all pages and the API, and sets ``app.state.error_page``: a function
of (request, status, message, problems) that answers with a page.
"""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from glasshouse import __version__
from glasshouse.errors import BusyError, GlasshouseError, Problem
from glasshouse.messages import joined
from glasshouse.store.database import Store, open_store
from glasshouse.store.discretion import without_home
from glasshouse.web.context.guard import HEADERS, Guard
from glasshouse.web.context.live_points import LivePoints
from glasshouse.web.framework.faults import fault, fault_response
from glasshouse.web.framework.settings import Settings
from glasshouse.web.framework.sign_in_attempts import Attempts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.people.passwords import PasswordQueue
from glasshouse.web.routes import add_routes

__all__ = ["create_app"]


def create_app(home: str | Path | Store, settings: Settings | None = None) -> FastAPI:
    """Return the Studio on the store at ``home`` (or on an open one); a worker process does the work.

    Raises:
        StoreError: the database cannot be opened.
    """
    store = home if isinstance(home, Store) else open_store(home)
    settings = settings or Settings()
    app = FastAPI(title="Glasshouse Studio", version=__version__, openapi_url="/api/v1/openapi.json",
                  docs_url=None, redoc_url=None)  # fmt: skip
    app.state.store, app.state.settings = store, settings
    app.state.live_points, app.state.attempts, app.state.passwords = LivePoints(store), Attempts(), PasswordQueue()
    add_routes(app)
    for kind in (GlasshouseError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(Guard, store=store, settings=settings)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    """Answer an error as JSON under /api, and as a page elsewhere."""
    status, problems = fault(error)
    if getattr(request.state, "accounts", False):
        home = request.app.state.store.home
        problems = [Problem(one.field, without_home(one.message, home)) for one in problems]
    page = getattr(request.app.state, "error_page", None)
    if request.url.path.startswith("/api/") or page is None:
        answer: Response = fault_response(status, problems, language_of(request))
    else:
        message = joined("\n", (problem.message for problem in problems))
        answer = page(request, status, message, [p for p in problems if p.field] or _none())
    if isinstance(error, BusyError):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


async def _broken(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw with a page too; the server raises it again, so that its log has the details."""
    if request.url.path.startswith("/api/"):
        wrong = Problem("", "Something went wrong inside the Studio; see its log.")
        answer: Response = fault_response(500, [wrong], language_of(request))
    else:
        answer = request.app.state.error_page(request, 500, "", _none())
    for name, value in HEADERS.items():  # the guard is further in than what answers here
        answer.headers.setdefault(name, value)
    return answer


def _none() -> list[Problem]:
    return []
