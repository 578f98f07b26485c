"""``glasshouse studio``: the Studio in a browser, and the worker that does its jobs."""

import os
import signal
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.store.database import Store
    from glasshouse.web.settings import Settings

__all__ = ["default_home", "serve", "studio"]

GOODBYE = 90.0  # seconds for running jobs to keep their work


def default_home() -> Path:
    """Return where the Studio lives unless told otherwise: GLASSHOUSE_HOME, or a folder of the user's data."""
    told = os.environ.get("GLASSHOUSE_HOME")
    if told:
        return Path(told)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "glasshouse"


def studio(
    home: Annotated[Path | None, typer.Option(help="Folder of the Studio's database and files.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; others than 127.0.0.1 need accounts.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8800,
    folder: Annotated[
        list[Path] | None,
        typer.Option(help="Folder whose pictures may be named; may be repeated. Without accounts: your home folder."),
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="URL of a PostgreSQL database instead of SQLite.", envvar="GLASSHOUSE_DATABASE")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name by which browsers may reach it; may be repeated.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings at once; unless given, as set in the Studio, else one a GPU, or one on CPU."
        ),
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="It is behind a proxy that ends HTTPS.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Open the Studio: datasets, models and jobs in a browser, on this computer.

    Ctrl-C stops it; running jobs keep their work and go on at the next start.
    """
    from glasshouse.store.database import open_store
    from glasshouse.store.people import has_users
    from glasshouse.web.settings import Settings

    settings = Settings(host, port, tuple(allow_host or ()), https)
    place = (home or default_home()).expanduser()
    store = open_store(place, database, ())
    accounts = has_users(store)
    if not settings.local and not accounts:
        raise InputError(
            f"Without accounts the Studio listens on 127.0.0.1 only, not on {host}. Add an admin first: "
            f"glasshouse users add NAME --role admin --home {place}"
        )
    folders = tuple(folder or (() if accounts else (Path.home(), Path.cwd())))
    store.folders = tuple(dict.fromkeys(one.expanduser().resolve() for one in folders))
    serve(store, settings, database, jobs, browser=not no_browser)


def serve(
    store: "Store", settings: "Settings", database: str | None = None, jobs: int | None = None, *, browser: bool = True
) -> None:
    """Run web server and worker on an open store until Ctrl-C.

    Raises:
        InputError: the port is taken.
    """
    import uvicorn

    from glasshouse.store.versions import note_opening
    from glasshouse.web.app import create_app
    from glasshouse.web.children import end_children
    from glasshouse.web.reading import end_readers

    app = create_app(store, settings)
    listener = _listen(settings)
    address = f"http://{_shown(settings.host)}:{listener.getsockname()[1]}/"
    note_opening(store)
    keeper = Keeper(store, database, jobs)
    keeper.start()
    print(f"The Studio is open at {address}  (home: {store.home}; Ctrl-C stops it)", file=sys.stderr, flush=True)
    if browser:
        threading.Timer(0.8, webbrowser.open, [address]).start()
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=3, lifespan="off")
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # which uvicorn raises again when it has stopped
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        end_children()
        end_readers()
        print("The web server has stopped; running jobs keep their work now.", file=sys.stderr, flush=True)
        waiting = keeper.stop()
        jobs_wait = "1 job waits and goes on" if waiting == 1 else f"{waiting} jobs wait and go on"
        left = f"{jobs_wait} at the next start: glasshouse studio --home {store.home}" if waiting else "No job waits."
        print(f"Stopped. {left}", file=sys.stderr)


class Keeper:
    """Keeps a worker process beside the web server, and starts it again when it dies."""

    def __init__(self, store: "Store", database: str | None, jobs: int | None) -> None:
        from glasshouse.jobs.wiring import child_environment, module_command

        words = [str(store.home), "--parent", str(os.getpid()), *(["--trainings", str(jobs)] if jobs else [])]
        self.store = store
        self._command = module_command("worker", *words)
        self._environment = {**os.environ, **child_environment(database, store.folders)}
        self._child: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._spawn()
        self._thread.start()

    def stop(self) -> int:
        """Have the worker put its jobs aside; return how many wait."""
        from glasshouse.store.jobs import list_jobs
        from glasshouse.store.records import JobState

        self._ending.set()
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(GOODBYE)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return len(list_jobs(self.store, states=[JobState.QUEUED, JobState.RUNNING]))

    def _spawn(self) -> None:
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True}
        self._child = subprocess.Popen(self._command, env=self._environment, **options)  # noqa: S603

    def _keep(self) -> None:
        from glasshouse.jobs.leaving import GONE, OUTDATED

        while not self._ending.wait(0.5):
            if self._child is not None and self._child.poll() is not None:
                if self._ending.wait(2.0):
                    return
                if self._child.returncode in (GONE, OUTDATED):  # it has said why
                    print("No new job is begun until the Studio is started again.", file=sys.stderr)
                    return
                print("The worker had ended; it is started again.", file=sys.stderr)
                self._spawn()


def _listen(settings: "Settings") -> Any:
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # the protocol is named, since asyncio sets TCP_NODELAY only then: without it each answer waits 40 ms for an ACK
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise InputError(
            f"The Studio cannot listen on {settings.host}:{settings.port} ({error.strerror}); is it open already? "
            "Choose another --port, or --port 0 for a free one."
        ) from None
    listener.listen(128)
    return listener


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
