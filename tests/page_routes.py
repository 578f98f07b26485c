"""The pages that the application has, so that a test that is about every page can see that it leaves none out."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse

__all__ = ["left_out", "page_routes"]

PARTS = ("/live/", "/datasets/new/preview")  # pieces of a page, which scripts fetch


def page_routes(app: FastAPI) -> list[str]:
    """Return the path of every page, such as ``/models/{key}/details``."""

    def walk(found: Any, prefix: str) -> Iterator[str]:
        for one in found:
            inner = getattr(one, "original_router", None)
            if inner is not None:
                yield from walk(inner.routes, prefix + one.include_context.prefix)
            elif (
                "GET" in (getattr(one, "methods", None) or ()) and getattr(one, "response_class", None) is HTMLResponse
            ):
                yield prefix + one.path

    return [path for path in walk(app.routes, "") if not path.startswith(PARTS)]


def left_out(app: FastAPI, addresses: Iterable[str]) -> set[str]:
    """Return the pages that none of ``addresses`` leads to."""
    paths = [address.partition("?")[0] for address in addresses]
    routes = page_routes(app)
    fixed = {path for path in routes if "{" not in path}
    return {
        route
        for route in routes
        if not any(_leads(route, path) and (route == path or path not in fixed) for path in paths)
    }


def _leads(route: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path) is not None
