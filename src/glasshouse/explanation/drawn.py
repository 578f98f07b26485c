"""Graphs as files and data: of a network's layers, of all functions behind a loss, of an example from a book."""

from dataclasses import dataclass
from typing import Any

from glasshouse.autodiff import Graph, Variable
from glasshouse.errors import InputError, NetworkError
from glasshouse.explanation.examples import EXAMPLES
from glasshouse.explanation.follow import Follow
from glasshouse.explanation.layered import classic_name, why_not
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.classics import CLASSICS
from glasshouse.layers.diagram import Diagram
from glasshouse.messages import Message

__all__ = ["MOST", "Drawn", "example_graph", "layers_graph", "named_graph", "picture_graph"]

MOST = 500  # functions that are still drawn one by one


@dataclass(frozen=True)
class Drawn:
    """A graph: its drawing, and plain data for JSON; ``told`` says in words what there is."""

    svg: str
    data: dict[str, Any]
    told: str

    def _repr_svg_(self) -> str:
        return self.svg


def example_graph(name: str) -> Drawn:
    """The graph of one of `EXAMPLES`.

    Raises:
        InputError: there is none of that name.
    """
    if name not in EXAMPLES:
        raise InputError(
            "there is no example {name}; there are {EXAMPLES}", name=repr(name), EXAMPLES=", ".join(EXAMPLES)
        )
    return _functions(EXAMPLES[name](), Message("the example {name}", name=name))


def layers_graph(net: Architecture) -> Drawn:
    """The layers of a network, folded if there are many."""
    diagram = Diagram.of(net)
    return Drawn(
        diagram.to_svg(),
        diagram.to_dict(),
        Message(
            "{name}: {steps} layers in {boxes} boxes", name=net.name, steps=diagram.steps, boxes=len(diagram.boxes)
        ),
    )


def named_graph(name: str, shape: tuple[int, int, int] | None = None, classes: int | None = None) -> Drawn:
    """The layers of a classic network by its name.

    Args:
        shape: of a picture (H, W, C); the published one without it.

    Raises:
        NetworkError: it is not written in layers.
    """
    classic = classic_name(name)
    if classic is None:
        raise NetworkError(why_not(name))
    settings = {"input_shape": shape, "classes": classes}
    return layers_graph(CLASSICS[classic](**{key: value for key, value in settings.items() if value is not None}))


def picture_graph(story: Follow, level: str = "functions") -> Drawn:
    """The recorded graph of a followed picture: every function behind the loss, or the layers.

    Raises:
        InputError: there are too many functions to be read.
    """
    if level == "layers":
        return layers_graph(story.walk.net)
    return _functions(story.walk.loss, Message("{name} on one picture", name=story.walk.net.name))


def _functions(result: Variable, what: str) -> Drawn:
    graph = Graph.of(result)
    count = len(graph.functions)
    if count > MOST:
        raise InputError(
            "{what} has {count} functions; up to {MOST} are drawn one by one. Choose the level layers, which "
            "folds them",
            what=what,
            count=f"{count:,}",
            MOST=f"{MOST:,}",
        )
    told = Message(
        "{what}: {count} functions, {variables} variables", what=what, count=count, variables=len(graph.variables)
    )
    return Drawn(graph.to_svg(), graph.to_dict(), told)
