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
        raise InputError(f"there is no example {name!r}; there are {', '.join(EXAMPLES)}")
    return _functions(EXAMPLES[name](), f"the example {name}")


def layers_graph(net: Architecture) -> Drawn:
    """The layers of a network, folded where there are many."""
    diagram = Diagram.of(net)
    return Drawn(
        diagram.to_svg(), diagram.to_dict(), f"{net.name}: {diagram.steps} layers in {len(diagram.boxes)} boxes"
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
    return _functions(story.walk.loss, f"{story.walk.net.name} on one picture")


def _functions(result: Variable, what: str) -> Drawn:
    graph = Graph.of(result)
    count = len(graph.functions)
    if count > MOST:
        raise InputError(
            f"{what} has {count:,} functions; up to {MOST:,} are drawn one by one. Choose the level layers, which "
            "folds them"
        )
    told = f"{what}: {count} functions, {len(graph.variables)} variables"
    return Drawn(graph.to_svg(), graph.to_dict(), told)
