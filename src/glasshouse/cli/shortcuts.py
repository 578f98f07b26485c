"""``glasshouse shortcuts``: does a model go by marks in the pictures rather than by what they show?"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from glasshouse.cli.streams import json_text

__all__ = ["shortcuts"]


def shortcuts(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    data: Annotated[Path | None, typer.Option(help="The dataset; without it the one that it was trained on.")] = None,
    split: Annotated[Literal["val", "train"], typer.Option(help="The pictures that are looked at.")] = "val",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look for marks that return in the pictures of one class, and tell those by which the model goes.

    A mark, such as a logo or a date in a corner, is pasted on pictures of other classes: if that changes the answers,
    the model has learned the mark.
    """
    from glasshouse.explanation.shortcuts.alarm import shortcuts as look

    found = look(model, data, split=split)
    print(json_text(found.to_dict(), indent=2) if as_json else found)
