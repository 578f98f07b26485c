"""``glasshouse activations``: what every layer of a model gives for one picture."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.streams import json_text

__all__ = ["activations"]

WIDTHS = (34, 20, 16, 12, 10, 10, 10, 10, 8)
HEAD = ("Layer", "Kind", "Shape", "Parameters", "Mean", "Std", "Minimum", "Maximum", "Zeros")


def activations(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="The picture's file.")],
    out: Annotated[Path | None, typer.Option(help="A folder for the table as JSON and its drawing as SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show name, kind, shape and numbers of every layer for one picture.

    Zeros is the share of a layer's values that are exactly 0.
    """
    from glasshouse.explanation.layers.activations import activations as measured

    found = measured(model, picture)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "activations.json").write_text(json_text(found.to_dict(), indent=2), encoding="utf-8")
        found.save(out / "activations.svg")
    if as_json:
        print(json_text(found.to_dict(), indent=2))
        return
    print(_line(HEAD))
    for one in found.layers:
        numbers = [f"{value:.4g}" for value in (one.mean, one.std, one.minimum, one.maximum)]
        shape = "x".join(map(str, one.shape))
        print(_line((one.name, one.kind, shape, f"{one.parameters:,}", *numbers, f"{100 * one.zeros:.1f} %")))
    if out is not None:
        print(f"Written: {out / 'activations.json'} and {out / 'activations.svg'}")


def _line(cells: tuple[str, ...]) -> str:
    texts = [cell.ljust(width) if n < 3 else cell.rjust(width) for n, (cell, width) in enumerate(zip(cells, WIDTHS))]
    return "  ".join(texts).rstrip()
