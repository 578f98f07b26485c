"""``glasshouse filters``: what the filters of a convolution look for, by the pictures that excite them most."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.streams import json_text

__all__ = ["filters"]

SHOWN = 3  # pictures a filter, in a terminal


def filters(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    layer: Annotated[str, typer.Option(help="The convolution, by its name in 'activations'.")],
    number: Annotated[int | None, typer.Option("--filter", help="One filter, counted from 0.")] = None,
    data: Annotated[Path | None, typer.Option(help="The dataset; without it the one that it was trained on.")] = None,
    split: Annotated[str, typer.Option(help="Whose pictures: train or val.")] = "train",
    out: Annotated[Path | None, typer.Option(help="A file for the patches, .svg or .png.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Find the nine pictures that excite each filter of a convolution most, and the patch of each that does.

    All convolutions are looked at in one pass; a run keeps what was found, so the next layer is there at once.
    """
    from glasshouse.explanation.layers.filters import filters as looked

    found = looked(model, layer, number=number, data=data, split=split)
    if out is not None:
        found.save(out)
    if as_json:
        print(json_text(found.to_dict(), indent=2))
        return
    silent = sum(one.silent for one in found.filters)
    print(f"{found.layer}: {len(found.filters)} filters over {found.pictures:,} pictures of {found.split}"
          f"{f', {silent} never respond' if silent else ''}")  # fmt: skip
    for one in found.filters:
        shown = "; ".join(f"{e.path} {e.activation:.3g} at {','.join(map(str, e.box))}" for e in one.examples[:SHOWN])
        print(f"filter {one.filter}: {shown}")
    if out is not None:
        print(f"Written: {out}")
