"""The recorded graph as data: which Variable came from which Function, with values, shapes and gradients.

graph = Graph.of(loss)          nodes and edges, in the order they were computed
graph                           in a notebook: the drawing
graph.to_dict()                 for a page, as JSON
plot_dot_graph(loss, to_file="loss.svg")
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Array, module_of
from .core import Function, Parameter, Variable
from .drawing import to_dot, to_svg
from .faults import GraphError
from .nodes import Edge, FunctionNode, Kind, VariableNode

__all__ = ["Graph", "get_dot_graph", "plot_dot_graph"]


@dataclass(frozen=True)
class Graph:
    """All that a Variable was computed from.

    >>> x = Variable(np.array(3.0), name="x")
    >>> graph = Graph.of(x * x + 1)
    >>> [node.name for node in graph.functions]
    ['Mul', 'Add']
    >>> len(graph.edges)
    6
    """

    variables: tuple[VariableNode, ...]
    functions: tuple[FunctionNode, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, *results: Variable) -> "Graph":
        """The graph behind one or more results."""
        functions = _functions(results)
        inputs = [x for f in functions for x in f.inputs]
        outputs = [y for f in functions for ref in f.outputs if (y := ref()) is not None]
        variables = list(dict.fromkeys([*inputs, *outputs, *results]))
        numbers: dict[Any, int] = {part: i for i, part in enumerate([*variables, *functions])}
        return cls(
            tuple(_variable_node(numbers[v], v, v in results) for v in variables),
            tuple(FunctionNode(numbers[f], type(f).__name__, _formula(f)) for f in functions),
            tuple(
                [Edge(numbers[x], numbers[f]) for f in functions for x in f.inputs]
                + [Edge(numbers[f], numbers[y]) for f in functions for ref in f.outputs if (y := ref()) is not None]
            ),
        )

    def to_dict(self, most: int = 16) -> dict[str, Any]:
        """Plain data for JSON; arrays of up to `most` numbers whole, larger ones as their range and mean."""
        return {
            "variables": [
                {
                    "id": v.id, "name": v.name, "kind": v.kind, "shape": list(v.shape), "dtype": v.dtype,
                    "value": _summary(v.value, most), "gradient": _summary(v.gradient, most),
                }
                for v in self.variables
            ],
            "functions": [{"id": f.id, "name": f.name, "formula": f.formula} for f in self.functions],
            "edges": [[e.source, e.target] for e in self.edges],
        }  # fmt: skip

    def to_dot(self, verbose: bool = True) -> str:
        """The graph in the DOT language of Graphviz; with values and gradients where `verbose`."""
        return to_dot(self.variables, self.functions, self.edges, verbose)

    def to_svg(self, verbose: bool = True) -> str:
        """The graph as an SVG drawing, for light and dark pages; with values and gradients where `verbose`."""
        return to_svg(self.variables, self.functions, self.edges, verbose)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def _functions(results: tuple[Variable, ...]) -> list[Function]:
    """Every Function behind the results, in the order they were called, as far as depth tells it."""
    todo, seen = [v.creator for v in results], dict[Function, None]()
    while todo:
        function = todo.pop()
        if function is not None and function not in seen:
            seen[function] = None
            todo += [x.creator for x in function.inputs]
    order = list(reversed(seen))
    return sorted(order, key=lambda f: f.generation)


def _variable_node(number: int, v: Variable, is_result: bool) -> VariableNode:
    kind: Kind
    if isinstance(v, Parameter):
        kind = "parameter"
    elif is_result:
        kind = "result"
    elif v.creator is not None:
        kind = "between"
    else:
        kind = "input" if v.requires_grad else "constant"
    gradient = None if v.grad is None else v.grad.data
    return VariableNode(number, v.name or "", kind, v.shape, str(v.dtype).removeprefix("torch."), v.data, gradient)


def _formula(function: Function) -> str:
    """The first sentence of a Function's docstring, if it is a formula."""
    text = (type(function).__doc__ or "").partition("\n")[0]
    return text.split(";")[0].rstrip(".") if "=" in text else ""


def _summary(x: Array | None, most: int) -> Any:
    if x is None:
        return None
    host = np.asarray(module_of(x).host(x))
    if host.size <= most:
        return host.tolist()
    return {"min": float(host.min()), "max": float(host.max()), "mean": float(host.mean())}


def get_dot_graph(output: Variable, verbose: bool = True) -> str:
    """The graph behind a Variable in the DOT language.

    Source: Deep Learning from Scratch 3, step 26.

    >>> print(get_dot_graph(Variable(np.array(1.0), name="x") + 1).splitlines()[0])
    digraph computation {
    """
    return Graph.of(output).to_dot(verbose)


def plot_dot_graph(output: Variable, verbose: bool = True, to_file: str | Path = "graph.svg") -> Graph:
    """Write a drawing of the graph behind a Variable: SVG, or DOT text for ``.dot``; returns the graph.

    A name that ends in .png, .jpg, .gif or .pdf, as in the book, is written as .svg beside it: nothing is run to
    convert it, and every browser shows SVG.

    Source: Deep Learning from Scratch 3, step 26.
    """
    graph, path = Graph.of(output), Path(to_file)
    if path.suffix in (".dot", ".gv"):
        path.write_text(graph.to_dot(verbose), encoding="utf-8")
    elif path.suffix in (".svg", ".png", ".jpg", ".gif", ".pdf"):
        path.with_suffix(".svg").write_text(graph.to_svg(verbose), encoding="utf-8")
    else:
        raise GraphError("{name}: a graph is written as .svg, or as .dot text", name=path.name)
    return graph
