"""``glasshouse verify`` and ``glasshouse dataset verify``: is what is kept on disk what was written?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from glasshouse.integrity.verification import Verification

__all__ = ["tell", "verify"]


def verify(
    path: Annotated[
        Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file, or a dataset.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read every file of a run or a model, and say which are damaged and what disagrees.

    The exit code is 0 if all is well, else 1. What was made before there were checksums is checked as far as it can be.
    """
    from glasshouse.training.verification import verify as look

    tell(look(path), as_json)


def tell(found: "Verification", as_json: bool) -> None:
    """Print what was found; the exit code is 1 if something is damaged."""
    print(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else found)
    if not found.ok:
        raise typer.Exit(1)
