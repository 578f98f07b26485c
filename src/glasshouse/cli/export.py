"""``glasshouse export``: a model as a file for other programs, with a certificate that it answers the same."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from glasshouse.cli.streams import json_text

__all__ = ["export"]


def export(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    out: Annotated[Path, typer.Option(help="The file to write, for example pets.onnx.")],
    kind: Annotated[Literal["onnx"], typer.Option("--format", help="The format of the file.")] = "onnx",
    data: Annotated[Path | None, typer.Option(help="The dataset; without it the one that it was trained on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write a model as an ONNX file, if it answers as the model does on 200 pictures.

    A certificate lies beside the file. If the answers differ, nothing is written and the exit code is 1.
    """
    from glasshouse.export.onnx_export import certificate_file, export_model

    found = export_model(model, out, data)
    if as_json:
        print(json_text(found.to_dict(), indent=2))
    elif found.passed:
        print(f"{out}: opset {found.opset}. {found}")
        print(f"Its certificate: {certificate_file(out)}")
    if not found.passed:
        print(f"Error: {found} Nothing was written.", file=sys.stderr)
        raise typer.Exit(1)
