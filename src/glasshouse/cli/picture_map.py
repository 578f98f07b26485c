"""``glasshouse map``: the pictures of a dataset in two dimensions, by what a network makes of them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from glasshouse.cli.streams import json_text, progress_line

__all__ = ["map_command"]


def map_command(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    data: Annotated[Path | None, typer.Option(help="The dataset; without it the one that it was trained on.")] = None,
    split: Annotated[
        Literal["val", "train", "all"], typer.Option(help="all: training and validation pictures.")
    ] = "val",
    method: Annotated[
        Literal["pca", "tsne"], typer.Option(help="pca is there at once, tsne keeps neighbours together.")
    ] = "tsne",
    out: Annotated[Path | None, typer.Option(help="A file to draw it into: .svg, .png or .html.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same map.", min=0, max=2**31 - 1)] = 42,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a dataset as a map: pictures that the network finds similar are near each other.

    Neither axis has a meaning, and how far apart two groups are says little; what counts is who is beside whom.
    """
    from glasshouse.events import result_of
    from glasshouse.explanation.embedding.picture_map import check_ending, mapping
    from glasshouse.explanation.opened import open_model

    if out is not None:
        check_ending(out)
    with progress_line() as told:
        found = result_of(mapping(open_model(model, data), split, method, seed), told)
    if out is not None:
        found.save(out)
    if as_json:
        print(json_text(found.to_dict(), indent=2))
        return
    wrong = int((~found.right).sum())
    print(f"{len(found):,} pictures by {method}, {wrong:,} wrong answers." + (f" Drawn into {out}." if out else ""))
    if out is None:
        print("Name a file with --out map.html to see it, or --json for the positions.")
