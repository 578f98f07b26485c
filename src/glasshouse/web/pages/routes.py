"""All pages, put into the application; and the page that says in words what went wrong."""

import gzip
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response

from glasshouse.errors import Problem
from glasshouse.web.language import texts
from glasshouse.web.pages import (
    classify,
    code,
    compare,
    datasets,
    downloads,
    edit,
    follow,
    home,
    in_and_out,
    many,
    models,
    networks,
    new_dataset,
    new_model,
    people,
    results,
    running,
    several,
    sign_in,
    top,
    workers,
)
from glasshouse.web.templating import STATIC, language_of, page

__all__ = ["add_pages"]

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def add_pages(app: FastAPI) -> None:
    """Give the application its pages and their files; ``app.state.store`` is the Studio's store."""
    for room in (
        networks,  # before home, whose addresses begin with any word
        workers,
        home,
        running,
        several,
        new_dataset,
        new_model,
        datasets,
        models,
        top,
        results,
        classify,
        in_and_out,
        follow,
        code,
        many,
        compare,
        downloads,
        edit,
        people,
        sign_in,
    ):
        app.include_router(room.router)
    app.add_api_route("/static/{digest}/{name}", _static, include_in_schema=False)
    app.state.error_page = _error_page


def _error_page(request: Request, status: int, message: str, problems: Sequence[Problem]) -> Response:
    _ = texts(language_of(request)).gettext
    titles = {
        403: _("This is not allowed"),
        404: _("This is not here"),
        409: _("This cannot be done now"),
        422: _("Something in the request cannot be used"),
    }
    advice = {
        404: _("It may have been deleted, or the address is mistyped. What there is, is at home."),
        500: _("Something went wrong inside the Studio. What was saved is kept, and jobs go on. Try again; if it "
               "happens again, tell who runs this Studio: its log has the details."),
    }  # fmt: skip
    found = [f"{problem.field}: {problem.message}" for problem in problems]
    shown = advice.get(status, message) if message in ("Not Found", "") or status == 404 else message
    title = titles.get(status, _("That did not work"))
    return page(request, "message.html", status, title=title, message=shown, details="\n".join(found))


def _static(request: Request, digest: str, name: str) -> Response:
    """Return a file of the style or a script; the digest in its address changes with it, so it is kept for ever."""
    file = STATIC / name
    if file.suffix not in KINDS or not file.is_file():
        return Response(status_code=404)
    headers = {**FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(file, media_type=KINDS[file.suffix], headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(_smaller(file, file.stat().st_mtime_ns), media_type=KINDS[file.suffix], headers=headers)


@lru_cache(maxsize=64)
def _smaller(file: Path, changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), compresslevel=9, mtime=0)
