"""``glasshouse pack`` and ``glasshouse reproduce``: a run in one file, and the proof that it can be repeated."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.events import Event
    from glasshouse.training.reproduction import Reproduction

__all__ = ["pack", "reproduce"]


def pack(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    out: Annotated[Path, typer.Option(help="The file to write, for example pets.zip.")],
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Put the dataset's pictures into it; else a list of them with hashes.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="The dataset's folder now, if it was moved.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a run as one file with all that is needed to train it again: recipe, data or its hashes, weights, versions.

    Whoever has it can prove with glasshouse reproduce that the run gives what it says.
    """
    from glasshouse.training.packing import pack_run

    found = pack_run(run, out, with_data=with_data, data=data)
    if as_json:
        print(json_text(found.to_dict(), indent=2))
        return
    held = "with its" if found.data else "with the hashes of its"
    print(f"{found.file}: {found.bytes / 1e6:.1f} MB, {held} {found.pictures:,} pictures.")
    print(f"Prove it elsewhere with: glasshouse reproduce {found.file}{'' if found.data else ' --data DIR'}")


def reproduce(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What glasshouse pack wrote.")],
    data: Annotated[Path | None, typer.Option(help="The dataset's folder, if the file does not hold it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the new run (reproduced-<name>).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train the run of a pack again and compare: the same bit for bit, or which number differs, and why it may.

    The exit code is 0 if all weights are the same to the bit, else 1.
    """
    from glasshouse.training.display import show_training
    from glasshouse.training.reproduction import reproduce as again

    place = out or Path(f"reproduced-{file.stem}")
    found: list[Reproduction] = []

    def events() -> "Iterator[Event]":
        found.append((yield from again(file, place, data)))

    try:
        show_training(events(), sys.stderr)
    except KeyboardInterrupt:
        print(f"\nStopped. Take another --out to begin anew; {place} has what was done.", file=sys.stderr)
        raise typer.Exit(130) from None
    print(json_text(found[0].to_dict(), indent=2) if as_json else str(found[0]))
    if not found[0].same:
        raise typer.Exit(1)
