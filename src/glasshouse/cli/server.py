"""The web server of the Studio and of models: uvicorn, which ends without a word about what it cuts off."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from glasshouse.errors import InputError

__all__ = ["listen", "make_server"]

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


def listen(host: str, port: int, what: str) -> socket.socket:
    """Return the socket on which ``what`` listens.

    Raises:
        InputError: the port is taken, or the address is not this computer's.
    """
    # the protocol is named, since asyncio sets TCP_NODELAY only then: without it each answer waits 40 ms for an ACK
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(
            "{what} cannot listen on {host}:{port} ({strerror}); is it open already? Choose another --port, or "
            "--port 0 for a free one.", what=what, host=host, port=port, strerror=error.strerror,
        ) from None  # fmt: skip
    listener.listen(128)
    return listener
