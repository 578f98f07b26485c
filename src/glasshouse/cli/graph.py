"""``glasshouse graph``: the graph of a computation, as a drawing."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.explanation.drawn import Drawn

__all__ = ["graph"]


def graph(
    what: Annotated[
        str | None,
        typer.Argument(metavar="RUN_OR_MODEL_OR_NETWORK", help="A run, a model, or a network's name such as LeNet."),
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Compute on this picture: values and gradients too.")] = None,
    label: Annotated[str | None, typer.Option(help="Its true class; without it what the network says.")] = None,
    example: Annotated[str | None, typer.Option(help="A computation from the book, such as goldstein.")] = None,
    level: Annotated[
        Literal["layers", "functions"] | None,
        typer.Option(help="One box per layer, or every function (the default for a picture that can be read)."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="File of the drawing (graph.svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nodes and edges as one JSON document.")] = False,
) -> None:
    """Draw the recorded graph of a computation as SVG.

    Of a run or a model: its layers, and with --picture the loss on that picture, down to each function with its values
    and gradients. Of a network by its name: its layers. With --example: a computation from the book.
    """
    drawn = _drawn(what, picture, label, example, level)
    if as_json:
        print(json_text(drawn.data))
    if out is not None or not as_json:
        place = out or Path("graph.svg")
        _write(place, drawn.svg)
        print(f"{drawn.told}: {place}", file=sys.stderr)


def _drawn(
    what: str | None, picture: Path | None, label: str | None, example: str | None, level: str | None
) -> "Drawn":
    from glasshouse.errors import InputError
    from glasshouse.explanation.drawn import example_graph, layers_graph, named_graph, picture_graph

    if (what is None) == (example is None):
        raise InputError("Give one thing to draw: a run, a model, a network's name, or --example NAME.")
    if example is not None:
        return example_graph(example)
    name = str(what)
    if not Path(name).exists():
        if picture is not None or level == "functions":
            raise InputError(
                "{name} is a name without weights; its functions need a trained model: give a run's folder.", name=name
            )
        return named_graph(name)
    if picture is not None:
        from glasshouse.explanation.follow import follow

        story = follow(name, picture, label)
        return picture_graph(story, level or ("functions" if len(story.steps) <= 40 else "layers"))
    if level == "functions":
        raise InputError("The functions are recorded while a picture is computed; add --picture FILE.")
    from glasshouse.explanation.layered import opening_of
    from glasshouse.export.bundle import load_model

    model = load_model(name, device="cpu")
    return layers_graph(opening_of(model.description).network(model.module.state_dict()))


def _write(place: Path, text: str) -> None:
    from glasshouse.errors import InputError

    try:
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            "The drawing cannot be written to {place}: {strerror}", place=place, strerror=error.strerror
        ) from None
