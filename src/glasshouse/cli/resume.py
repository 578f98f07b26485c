"""``glasshouse resume``: go on with a run that was stopped, killed or moved."""

import time
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["resume"]


def resume(
    run: Annotated[Path, typer.Argument(help="The run's folder, as train --out made it.")],
    data: Annotated[
        Path | None, typer.Option(help="The dataset's folder now; it is looked for beside the run too.")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help="Go on from this checkpoint: last, best or epoch-NNNN."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Continue a run from its last checkpoint; the result is that of a run that was never stopped.

    If that checkpoint is damaged, it says which others are whole; --from goes on from one of them, and what came after
    it is trained again. --from also finishes a run anew whose model was damaged or lost.
    """
    from glasshouse.cli.train import follow_run
    from glasshouse.training.loop import resume as go_on

    follow_run(go_on(run, data, checkpoint), run, time.monotonic(), as_json)
