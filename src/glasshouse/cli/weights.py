"""``glasshouse weights``: the shelf of pretrained weights."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.streams import json_text
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.networks.shelf.items import Card, Item

__all__ = ["app"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

app = typer.Typer(
    name="weights",
    help="The shelf of pretrained weights: what is at hand, and what can be fetched.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("list")
def list_weights(as_json: Json = False) -> None:
    """List the weights at hand, and the recommended ones that can be fetched."""
    from glasshouse.networks.shelf.listing import here, listed, to_fetch
    from glasshouse.networks.shelf.place import shelf_folder

    at_hand, others = here(), to_fetch()
    if as_json:
        print(json_text([*map(listed, at_hand), *map(listed, others)], indent=2))
        return
    _table("At hand", [(item.card, "box" if item.packaged else "shelf") for item in at_hand])
    if others:
        _table("To fetch: glasshouse weights fetch NAME", [(card, "") for card in others])
    print(f"Top-1: accuracy on the validation pictures of ImageNet, as published. The shelf is {shelf_folder()}")
    print("To train with them: glasshouse train --data DATA --network NETWORK --weights NAME")


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A .safetensors or .pth file, a model of Glasshouse or a run.")],
    network: Annotated[str, typer.Option(help="The network it belongs to, unless the file says so.")] = "",
    name: Annotated[str, typer.Option(help="Name on the shelf; unless given, the file's.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the weights, such as Apache-2.0.")] = "",
    source: Annotated[str, typer.Option(help="Their source, such as an address.")] = "",
    as_json: Json = False,
) -> None:
    """Put a file of weights on the shelf (a copy, as safetensors)."""
    from glasshouse.networks.shelf.adding import add_file

    _put(add_file(file, network, name, licence, source), as_json)


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="A recommended network, one of the catalogue, or one of timm.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Fetch published weights from the network; the licence is shown first."""
    from glasshouse.networks.shelf.adding import fetch_item, published_card

    card = published_card(name)
    print(_terms(card), file=sys.stderr)
    if card.commercial is not True and not yes and not _agreed():
        raise InputError("Nothing was fetched. Add --yes if you agree with the licence.")
    _put(fetch_item(name), as_json)


@app.command("pack")
def pack_weights(
    names: Annotated[list[str], typer.Argument(help="Names on the shelf.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
) -> None:
    """Write weights of the shelf into one file, to carry to computers without a network."""
    from glasshouse.networks.shelf.packs import pack

    cards = pack(names, out)
    print(f"{out}: {', '.join(card.name for card in cards)} ({out.stat().st_size / 1e6:.1f} MB)")
    print(f"There: glasshouse weights unpack {out.name}")


@app.command("unpack")
def unpack_weights(file: Annotated[Path, typer.Argument(help="A file that weights pack wrote.")]) -> None:
    """Put the weights of a pack on the shelf."""
    from glasshouse.networks.shelf.packs import unpack

    found = unpack(file)
    for card in found.added:
        print(f"{card.name} is on the shelf now ({_licence(card)})")
    for card in found.known:
        print(f"{card.name} was on the shelf already")


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="A name on the shelf.")]) -> None:
    """Take weights off the shelf and delete their file."""
    from glasshouse.networks.shelf.listing import remove_listed

    print(f"{remove_listed(name).name} is no longer on the shelf")


def _put(item: "Item", as_json: bool) -> None:
    from glasshouse.networks.shelf.listing import listed

    if as_json:
        print(json_text(listed(item), indent=2))
        return
    card = item.card
    for note in item.notes:
        print(f"Note: {note}", file=sys.stderr)
    print(f"{card.name} is on the shelf: weights of {card.network}, {_licence(card)}")
    print(f"Train with them: glasshouse train --data DATA --network {card.network} --weights {card.name}")


def _terms(card: "Card") -> str:
    mark = {True: "allows commercial use", False: "NO COMMERCIAL USE", None: "read its terms at the source"}
    return (
        f"{card.name}: {card.parameters / 1e6:.1f} million parameters, about {card.parameters * 4 / 1e6:.0f} MB\n"
        f"Source:  {card.source}\nLicence: {card.licence or 'not known'} ({mark[card.commercial]})"
    )


def _agreed() -> bool:
    return sys.stdin.isatty() and typer.confirm("Fetch them under this licence?", err=True)


def _licence(card: "Card") -> str:
    return f"licence {card.licence}" if card.licence else "licence not known"


def _table(title: str, rows: list[tuple["Card", str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column("Name", overflow="fold", min_width=min(42, max((len(card.name) for card, _ in rows), default=0)))
    table.add_column("Parameters", justify="right")
    table.add_column("Top-1", justify="right")
    for head in ("Licence", ""):
        table.add_column(head)
    for card, where in rows:
        top1 = "-" if card.top1 is None else f"{card.top1:.1%}" + ("*" if card.measured else "")
        mark = ", not commercial" if card.commercial is False else ""
        table.add_row(card.name, f"{card.parameters / 1e6:.1f} M", top1, (card.licence or "not known") + mark, where)
    Console().print(table)
    for note in sorted({card.measured for card, _ in rows if card.measured}):
        print(f"* {note}")
