"""``glasshouse code``: a run as code that runs on the level below."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["code"]


def code(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, as train --out made it.")],
    level: Annotated[
        Literal["learner", "layers", "autodiff"],
        typer.Option(help="learner: a few lines; layers: the network and the loop; autodiff: every derivative."),
    ] = "learner",
    data: Annotated[Path | None, typer.Option(help="The folder of the run's dataset now.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the script to this file, not to the screen.")] = None,
    language: Annotated[Literal["en", "ko"], typer.Option(help="The language of the comments.")] = "en",
) -> None:
    """Show a run as a Python script in the words of a level; run, it gives the run's numbers.

    On learner and layers they are the same to the last bit on the same machine, on autodiff to 1e-4 over the first
    100 steps. If a level cannot express the run, it says why.
    """
    from glasshouse.ladder.levels import run_code

    text = run_code(run, level, data, language)
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8")
    print(f"{out}: {len(text.splitlines())} lines; run it with: python {out}", file=sys.stderr)
