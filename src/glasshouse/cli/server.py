"""The web server of the Studio: uvicorn, which ends without a word about what it cuts off."""

import logging
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

__all__ = ["make_server"]

TALKERS = ("uvicorn.error", "asyncio")


class _Server(uvicorn.Server):
    """Calls ``ending`` when it begins to end; that it cuts off requests then is no fault to be logged."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def run(self, sockets: Any = None) -> None:
        """Serve until a signal asks to stop."""
        for name in TALKERS:
            logging.getLogger(name).addFilter(self._is_said)
        try:
            super().run(sockets)
        finally:
            for name in TALKERS:
                logging.getLogger(name).removeFilter(self._is_said)

    async def shutdown(self, sockets: Any = None) -> None:
        """End: what runs for pages first, so that nobody waits for it."""
        self._ending()
        await super().shutdown(sockets)

    def _is_said(self, _: logging.LogRecord) -> bool:
        return not self.should_exit


def make_server(app: ASGIApp, options: dict[str, Any], ending: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """Return a server for ``app``; ``ending`` is called once, when it begins to end."""
    return _Server(uvicorn.Config(app, **options), ending)
