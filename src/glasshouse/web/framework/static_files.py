"""The style and the scripts of the pages, kept by browsers for ever."""

import gzip
from functools import lru_cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, Response

from glasshouse.web.framework.templating import STATIC

__all__ = ["static_file"]

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def static_file(request: Request, digest: str, name: str) -> Response:
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
