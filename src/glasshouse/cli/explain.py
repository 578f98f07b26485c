"""``glasshouse explain``: why a model gave its answer for a picture."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from glasshouse.cli.streams import json_text, progress_line

__all__ = ["explain"]


def explain(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="The picture.")],
    method: Annotated[
        Literal["grad-cam", "integrated-gradients", "occlusion"], typer.Option(help="How the evidence is found.")
    ] = "grad-cam",
    class_name: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="The class to explain; without it the answer.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file to draw it into: .png, .svg or .html.")] = None,
    values: Annotated[bool, typer.Option("--values", help="With --json: the map too, as rows of numbers.")] = False,
    data: Annotated[Path | None, typer.Option(help="The dataset; without it the one that it was trained on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show where in a picture the evidence for a class is, with the result of the method's own check on this model.

    The check is computed once, on 50 validation pictures, and kept with the model. A method that fails it is named,
    and nothing is drawn; the exit code is 1 then.
    """
    from glasshouse.explanation.explaining import explain as explained

    with progress_line() as told:
        found = explained(model, picture, method=method, class_name=class_name, data=data, told=told)
    if as_json:
        print(json_text(found.to_dict(values=values), indent=None if values else 2))
    else:
        print(f"{picture}: {found.label} ({100 * found.probability:.1f} %)")
        place = f", layer {found.layer}" if found.layer else ""
        print(f"Evidence for {found.class_name} by {method}{place}. Check {found.check}")
    if out is not None and found.check.shown:
        found.save(out)
        print(f"Drawn into {out}.", file=sys.stderr)
    if not found.check.shown:
        print(f"Error: {method} failed its check on this model; nothing is drawn.", file=sys.stderr)
        raise typer.Exit(1)
