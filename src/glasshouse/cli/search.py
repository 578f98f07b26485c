"""``glasshouse search``: the best classifier for some pictures, in the time there is."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.cli.start_time import process_begun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glasshouse.events import Event

__all__ = ["search"]


def _option(help_text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=help_text, metavar=metavar, show_default=True)


def search(
    data: Annotated[Path, _option("A dataset's folder, or a source of pictures.", "DIR_OR_SOURCE")],
    minutes: Annotated[float, _option("Minutes it may take, the making of the dataset included.", "N")] = 10.0,
    candidates: Annotated[
        int | None, _option("Instead of minutes: this many candidates, the same each time.", "N")
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Train the winner on training and validation pictures together.")
    ] = False,
    size: Annotated[str | None, _option("Source: pixels (what suits the pictures).", "N")] = None,
    valid: Annotated[float | None, _option("Source: part for validation (0.25).", "X")] = None,
    seed: Annotated[int, _option("Seed of everything random.", "N")] = 42,
    out: Annotated[Path | None, _option("The search's folder (runs/<data>-search-<n>).", "DIR")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Find the best classifier for pictures in the time there is.

    Networks, views and ways to train are compared on training pictures that they did not learn from. The winner learns
    from all training pictures, and the validation pictures judge it once; a sealed test stays sealed. Ctrl-C keeps the
    best so far, and the same command with the same --out goes on.
    """
    begun = process_begun()
    from glasshouse.errors import InputError
    from glasshouse.search.pictures import search_source
    from glasshouse.search.plan import SearchPlan
    from glasshouse.training.run_folder import next_run

    if not 0 < minutes < 1e6 or (candidates is not None and candidates < 1):
        raise InputError("--minutes must be above 0, and --candidates at least 1")
    place = out if out is not None else next_run(data.name, "search")
    plan = SearchPlan(None if candidates else minutes, candidates, refit, seed, begun)
    _follow(search_source(data, place, plan, size=size, valid=valid), place)
    _tell(place, as_json)


def _follow(events: "Iterator[Event]", place: Path) -> None:
    from glasshouse.search.display import show_search

    try:
        show_search(events, sys.stderr)
    except KeyboardInterrupt:
        print(f"\nStopped; the best so far is kept in {place}. Go on with the same command and --out {place}",
              file=sys.stderr)  # fmt: skip
        raise typer.Exit(130) from None


def _tell(place: Path, as_json: bool) -> None:
    text = (place / "result.json").read_text(encoding="utf-8")
    if as_json:
        print(text, end="")
        return
    import json

    from glasshouse.search.display import result_lines

    print("\n".join(result_lines(json.loads(text))))
