"""``glasshouse networks``: what there is to choose from."""

import typer

from glasshouse.cli.streams import json_text

__all__ = ["networks"]

DETAILED = 20  # networks of timm have to be built to be counted, which takes a moment each


def networks(
    search: str = typer.Option("", "--search", help="Only names with this text, those of timm too."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """List the networks: the catalogue, and with --search those of timm."""
    rows = _catalogue(search) + (_timm(search) if search else [])
    if as_json:
        print(json_text(rows, indent=2))
        return
    if not rows:
        print(f"No network has {search!r} in its name; `glasshouse networks` lists the catalogue.")
        raise typer.Exit(1)
    _print_table(rows)
    if not search:
        print("Every network of timm can be named too: glasshouse networks --search TEXT")
        print("Or build one of layers: --network FILE.json (json.dumps(net.to_dict()) of a glasshouse.layers.Network)")
        print("or FILE.model (net.save) of glasshouse train; in the Studio: Networks, Build a network")


def _catalogue(search: str) -> list[dict[str, object]]:
    from glasshouse.networks.catalogue import CATALOGUE, plain

    entries = [e for e in CATALOGUE.values() if plain(search) in plain(e.name)]
    return [_row(e.name, e.library, e.parameters, (e.width, e.height), e.year, e.paper) for e in entries]


def _timm(search: str) -> list[dict[str, object]]:
    from glasshouse.networks import timm_networks
    from glasshouse.networks.catalogue import plain

    names = [name for name in timm_networks.timm_names() if plain(search) in plain(name)]
    if len(names) > DETAILED:
        return [_row(name, "timm", None, timm_networks.timm_size(name)) for name in names]
    counted = [timm_networks.timm_facts(name) for name in names]
    return [_row(n, "timm", f.parameters, (f.width, f.height)) for n, f in zip(names, counted) if f is not None]


def _row(
    name: str, library: str, parameters: int | None, size: tuple[int, int], year: int | None = None, paper: str = ""
) -> dict[str, object]:
    width, height = size
    return {
        "name": name, "library": library, "parameters": parameters, "width": width, "height": height,
        "year": year, "paper": paper,
    }  # fmt: skip


def _print_table(rows: list[dict[str, object]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table("Name", box=SIMPLE_HEAD)
    for title in ("Parameters", "Pictures", "Year"):
        table.add_column(title, justify="right")
    table.add_column("Paper")
    for row in rows:
        count = f"{row['parameters']:,}" if row["parameters"] else "-"
        year = str(row["year"] or "-")
        table.add_row(str(row["name"]), count, f"{row['width']}x{row['height']}", year, str(row["paper"] or "timm"))
    Console().print(table)
