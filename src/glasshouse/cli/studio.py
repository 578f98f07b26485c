"""``glasshouse studio``: the Studio in a browser, and the worker that does its jobs."""

import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.errors import InputError
from glasshouse.messages import Message
from glasshouse.networks.shelf.place import home_folder as default_home

if TYPE_CHECKING:
    from glasshouse.cli.keeper import Keeper
    from glasshouse.jobs.only_studio import Opened
    from glasshouse.store.database import Store
    from glasshouse.web.framework.settings import Settings

__all__ = ["default_home", "serve", "server_options", "studio"]

WITH_KEY = (
    "That address holds a token: whoever has it may do here what you may do, and other users of this computer are kept "
    "out. To print it again: glasshouse studio --token --home {home}"
)
WITHOUT_KEY = "There is no token: every user of this computer may do here what you may do."


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
        list[str] | None, typer.Option(help="Another host name by which browsers may reach it; may be repeated.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings at once; unless given, as set in the Studio, else one per GPU, or one on CPU."
        ),
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="It is behind a proxy that ends HTTPS.")] = False,
    trust_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address of a proxy in front of it, whose X-Forwarded-For and X-Forwarded-Proto are believed; "
            "may be repeated. None is, unless named.",
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    show_token: Annotated[
        bool, typer.Option("--token", help="Print the token that opens the Studio of this home, and exit.")
    ] = False,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Without accounts: let in every user of this computer.")
    ] = False,
) -> None:
    """Open the Studio: datasets, models and jobs in a browser, on this computer.

    Without accounts it is opened by a token, which is in the address that is printed at the start; scripts send it as
    Authorization: Bearer TOKEN. Ctrl-C stops it; running jobs keep their work and go on at the next start.
    """
    from glasshouse.store.database import open_store
    from glasshouse.store.people import has_users
    from glasshouse.web.framework.settings import Settings

    place = (home or default_home()).expanduser()
    if show_token:
        _print_token(place)
        return
    settings = Settings(host, port, tuple(allow_host or ()), https, tuple(trust_proxy or ()))
    store = open_store(place, database, ())
    accounts = has_users(store)
    if not settings.local and not accounts:
        raise InputError(
            "Without accounts the Studio listens on 127.0.0.1 only, not on {host}. Add an admin first: "
            "glasshouse users add NAME --role admin --home {place}",
            host=host,
            place=place,
        )
    folders = tuple(folder or (() if accounts else (Path.home(), Path.cwd())))
    store.folders = tuple(dict.fromkeys(one.expanduser().resolve() for one in folders))
    serve(store, settings, database, jobs, browser=not no_browser, token=not no_token)


def serve(
    store: "Store",
    settings: "Settings",
    database: str | None = None,
    jobs: int | None = None,
    *,
    browser: bool = True,
    token: bool = True,
) -> None:
    """Run web server and worker on an open store until Ctrl-C; without ``token`` every local user is let in.

    Raises:
        InputError: the port is taken.
        ConflictError: another Studio is open on this home.
    """
    from glasshouse.cli.keeper import Keeper
    from glasshouse.cli.server import listen
    from glasshouse.jobs.only_studio import only_studio
    from glasshouse.jobs.scratch import clear_leftovers, studio_scratch
    from glasshouse.store.local_token import local_token
    from glasshouse.store.versions import note_opening

    with only_studio(store) as opened:
        listener = listen(settings.host, settings.port, Message("The Studio"))
        key = local_token(store.home) if token else None
        settings = replace(settings, port=listener.getsockname()[1], token=key)
        opened.tell(_address(settings))
        studio_scratch(store, opened.name)
        clear_leftovers(store)
        note_opening(store)
        _serve(store, settings, listener, Keeper(store, database, jobs), opened, browser=browser)


def server_options(settings: "Settings") -> dict[str, Any]:
    """Return how uvicorn serves: no header of a proxy is believed unless that proxy is named."""
    return {
        "log_level": "warning", "access_log": False, "server_header": False, "timeout_graceful_shutdown": 3,
        "lifespan": "off", "proxy_headers": bool(settings.proxies), "forwarded_allow_ips": list(settings.proxies),
    }  # fmt: skip


def _serve(
    store: "Store", settings: "Settings", listener: Any, keeper: "Keeper", opened: "Opened", *, browser: bool
) -> None:
    from glasshouse.cli.opening import open_browser
    from glasshouse.cli.server import make_server
    from glasshouse.store.people import has_users
    from glasshouse.web.app import create_app
    from glasshouse.web.framework.children import end_children
    from glasshouse.web.framework.reading import end_readers

    app = create_app(store, settings)
    address = _address(settings)
    secret = settings.token is not None and not has_users(store)
    door = f"{address}?token={settings.token}" if secret else address
    keeper.start()
    print(f"The Studio is open at {door}  (home: {store.home}; Ctrl-C stops it)", file=sys.stderr, flush=True)
    if secret:
        print(WITH_KEY.format(home=store.home), file=sys.stderr, flush=True)
    elif settings.token is None and not has_users(store):
        print(WITHOUT_KEY, file=sys.stderr, flush=True)
    if browser:
        open_browser(store.home, door, secret=secret)

    def ending() -> None:
        opened.tell(address, ending=True)
        end_children()

    server = make_server(app, server_options(settings), ending)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # which uvicorn raises again when it has stopped
    try:
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        ending()
        end_readers()
        _stop(store, keeper)


def _stop(store: "Store", keeper: "Keeper") -> None:
    """Have the running jobs keep their work; whoever cannot wait for it presses Ctrl-C again."""
    try:
        print("The web server has stopped; running jobs keep their work now.", file=sys.stderr, flush=True)
        waiting = keeper.stop()
    except KeyboardInterrupt:
        print("Stopped at once. Running jobs keep their work by themselves.", file=sys.stderr)
        return
    jobs_wait = "1 job waits and goes on" if waiting == 1 else f"{waiting} jobs wait and go on"
    left = f"{jobs_wait} at the next start: glasshouse studio --home {store.home}" if waiting else "No job waits."
    print(f"Stopped. {left}", file=sys.stderr)


def _print_token(home: Path) -> None:
    from glasshouse.store.local_token import local_token

    if not (home / "glasshouse.db").exists() and not (home / "work").is_dir():
        raise InputError(
            "There is no Studio at {home}. Name its folder with --home, or start it there first.", home=home
        )
    print(local_token(home.resolve()))


def _address(settings: "Settings") -> str:
    return f"http://{_shown(settings.host)}:{settings.port}/"


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
