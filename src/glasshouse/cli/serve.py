"""``glasshouse serve``: finished models over HTTP, for other programs."""

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Annotated

import typer

from glasshouse.errors import InputError
from glasshouse.messages import Message

__all__ = ["serve"]

SHORT = 16  # letters of a token
QUIET = 2.0  # seconds from the start, in which nothing else is begun


def serve(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL...", help="Runs, model folders or files; NAME=PATH to choose the name."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on; others than 127.0.0.1 need a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8900,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", envvar="GLASSHOUSE_SERVE_TOKEN",
            help="What requests must send: Authorization: Bearer TEXT. The variable keeps it out of the list of "
            "processes.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Without a token: another name by which it may be reached.")
    ] = None,
) -> None:  # fmt: skip
    """Serve finished models over HTTP: POST /v1/models/NAME/predict with pictures, answered as predict does.

    Also /v1/models, /health/live, /health/ready, /metrics for Prometheus, and /openapi.json. Ctrl-C stops it.
    """
    from glasshouse.cli.server import listen, make_server
    from glasshouse.jobs.reader import MEMORY
    from glasshouse.serving.app import serving_app
    from glasshouse.serving.metrics import Metrics
    from glasshouse.serving.models import ServedModels, named_paths
    from glasshouse.serving.protection import LOOPBACK, Rules
    from glasshouse.store.readers import Readers
    from glasshouse.store.turns import Turns

    _check_token(host, token)
    metrics = Metrics()
    given = named_paths(models)
    listener = listen(host, port, Message("The server"))
    served = ServedModels(given, metrics)
    count = max(1, min(8, os.cpu_count() or 1))
    readers = Readers("glasshouse.jobs.reader", count, MEMORY, Turns(count, count, 1024, 1024))
    threading.Thread(target=readers.warm, daemon=True).start()
    later = threading.Timer(QUIET, readers.prepare, ("ready", count))  # torch, which resizes quicker than NumPy
    later.daemon = True
    later.start()
    rules = Rules(token, (*LOOPBACK, *(allow_host or ())))
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    for one in served:
        print(f"{one.name}: POST {address}/v1/models/{one.name}/predict ({one.model.engine})", flush=True)
    options = {"log_level": "warning", "access_log": False, "server_header": False, "timeout_graceful_shutdown": 5,
               "lifespan": "off", "proxy_headers": False}  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # which uvicorn raises again when it has stopped
    try:
        with suppress(KeyboardInterrupt):
            make_server(serving_app(served, readers, metrics, rules), options).run([listener])
    finally:
        readers.end()
        served.end()
    print("Stopped.", file=sys.stderr)


def _check_token(host: str, token: str | None) -> None:
    if token is None and host not in ("127.0.0.1", "localhost", "::1"):
        raise InputError(
            "On {host} everybody who reaches this computer could ask; give a token: --token TEXT, or the variable "
            "GLASSHOUSE_SERVE_TOKEN.", host=host,
        )  # fmt: skip
    if token is not None and (len(token) < SHORT or not token.isascii() or any(letter.isspace() for letter in token)):
        raise InputError("The token must have at least {count} letters or digits, without blanks.", count=SHORT)
