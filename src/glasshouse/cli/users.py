"""``glasshouse users``: accounts of the Studio."""

import getpass
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.studio import default_home
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.store.database import Store
    from glasshouse.store.records import Role

__all__ = ["app"]

app = typer.Typer(help="Accounts of the Studio; with the first one, everybody must sign in.", no_args_is_help=True)
Home = Annotated[Path | None, typer.Option(help="Folder of the Studio's database and files.")]
Database = Annotated[str | None, typer.Option(help="URL of a PostgreSQL database.", envvar="GLASSHOUSE_DATABASE")]
Name = Annotated[str, typer.Argument(help="The name that the person signs in with.")]


@app.command("add")
def add(
    name: Name,
    role: Annotated[str, typer.Option(metavar="viewer|member|admin", help="What the person may do.")] = "member",
    home: Home = None,
    database: Database = None,
) -> None:
    """Add an account; you are prompted for the password, or it is read from stdin if that is no terminal."""
    from glasshouse.store.people import add_user

    chosen = _role(role)
    with closing(_open(home, database)) as store:
        add_user(store, name, _password(), chosen)
    print(f"Added {name} ({role}).", file=sys.stderr)


@app.command("list")
def show(home: Home = None, database: Database = None) -> None:
    """List the accounts."""
    from glasshouse.store.people import list_users

    with closing(_open(home, database)) as store:
        users = list_users(store)
    for user in users:
        print(f"{user.name}\t{user.role}\t{'disabled' if user.disabled_at else 'active'}")


@app.command("change")
def change(
    name: Name,
    role: Annotated[str | None, typer.Option(metavar="viewer|member|admin", help="The new role.")] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new password.")] = False,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether they may sign in.")] = None,
    home: Home = None,
    database: Database = None,
) -> None:
    """Change a role or a password, or disable an account; a new password ends the person's sessions."""
    from glasshouse.store.people import change_user

    with closing(_open(home, database)) as store:
        new = _password() if password else None
        chosen = _role(role) if role else None
        user = change_user(store, name, password=new, role=chosen, disabled=disabled, even_last=True)
    print(f"Changed {name} ({user.role}).", file=sys.stderr)


def _open(home: Path | None, database: str | None) -> "Store":
    from glasshouse.store.database import open_store

    return open_store(home or default_home(), database)


def _role(name: str) -> "Role":
    from glasshouse.store.records import Role

    if name not in list(Role):
        raise InputError("There is no role {name}; there are viewer, member and admin.", name=name)
    return Role(name)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise InputError("The two passwords differ; nothing was changed.")
    return first
