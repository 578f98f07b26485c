"""Live parts of a page: rendered and packed once for all who look, sent only where they changed."""

import gzip
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from glasshouse.store.records import JobRecord
from glasshouse.web.framework.templating import language_of, render

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["live", "live_job", "mark_of"]


class _Shelf:
    """The last parts that were rendered, by template, language and mark; forty people looking cost one."""

    def __init__(self, size: int = 64) -> None:
        self.size = size
        self.parts: dict[tuple[str, str, str], bytes] = {}

    def put(self, key: tuple[str, str, str], text: bytes) -> None:
        while len(self.parts) >= self.size:
            self.parts.pop(next(iter(self.parts)), None)
        self.parts[key] = text


@lru_cache(maxsize=1)
def _shelf() -> _Shelf:
    return _Shelf()


def mark_of(text: str) -> str:
    """Return a short mark that changes with ``text``."""
    return sha256(text.encode()).hexdigest()[:12]


def live(
    request: Request, template: str, text: str, since: str, ended: bool, context: Callable[[str], "DataclassInstance"]
) -> Response:
    """Answer with a part of a page, or with 204 where the reader has it: ``text`` tells one state from another.

    ``context`` makes what the template shows from the mark of ``text``; it is called only where the part is rendered.
    """
    mark = mark_of(text)
    headers = {"Cache-Control": "no-store", **({"X-Live": "end"} if ended else {})}
    if mark == since:
        return Response(status_code=204, headers=headers)
    key = (template, language_of(request), mark)
    part = _shelf().parts.get(key)
    if part is None:
        part = gzip.compress(render(request, template, context(mark)).encode(), compresslevel=5)
        _shelf().put(key, part)
    headers["Vary"] = "Accept-Encoding, Cookie"
    if "gzip" in request.headers.get("accept-encoding", ""):
        return HTMLResponse(part, headers={**headers, "Content-Encoding": "gzip"})
    return HTMLResponse(gzip.decompress(part), headers=headers)


def live_job(
    request: Request, template: str, now: JobRecord | None, since: str, shown: "DataclassInstance", more: str = ""
) -> Response:
    """Answer with how far a job is, as ``shown`` in ``template``; at its end the page is loaded anew.

    ``more`` is what else the reader has to see at once.
    """
    text = f"{now.id}{now.state}{now.done}{now.stage}{now.wish}{more}" if now else ""
    return live(request, template, text, since, now is None or not now.state.live, lambda _: shown)
