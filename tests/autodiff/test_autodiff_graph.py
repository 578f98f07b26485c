"""The recorded graph as data and as a drawing."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import Graph, Parameter, Variable, models
from glasshouse.autodiff.faults import GraphError
from glasshouse.autodiff.utils import get_dot_graph, plot_dot_graph


def example(make=np.array):
    x, W = Variable(make([[1.0, 2.0]]), name="x"), Parameter(make([[1.0], [-1.0]]), name="W <&>")
    y = F.matmul(x, W) * 2 + 1
    y.name = "y"
    y.backward()
    return y


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_nodes_and_edges(make):
    graph = Graph.of(example(make))
    assert [f.name for f in graph.functions] == ["MatMul", "Mul", "Add"]
    kinds = {v.name: v.kind for v in graph.variables if v.name}
    assert kinds == {"x": "input", "W <&>": "parameter", "y": "result"}
    assert sum(v.kind == "constant" for v in graph.variables) == 2
    assert len(graph.edges) == 3 * 3
    w = next(v for v in graph.variables if v.kind == "parameter")
    assert (w.shape, w.dtype[:5], np.asarray(w.gradient).tolist()) == ((2, 1), "float", [[2.0], [4.0]])


def test_data_for_a_page():
    plain = json.loads(json.dumps(Graph.of(example()).to_dict(most=1)))
    assert set(plain) == {"variables", "functions", "edges"}
    x = next(v for v in plain["variables"] if v["name"] == "x")
    assert x["value"] == {"min": 1.0, "max": 2.0, "mean": 1.5}
    assert {"id", "name", "kind", "shape", "dtype", "value", "gradient"} == set(x)
    assert plain["functions"][2]["formula"] == "y = a + b"


def test_the_drawing_is_an_svg_with_every_node_and_edge():
    graph = Graph.of(example())
    root = ET.fromstring(graph._repr_svg_())
    ns = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{ns}g")) == len(graph.variables) + len(graph.functions)
    assert len(root.findall(f"{ns}path")) == len(graph.edges)
    texts = [t.text for t in root.iter(f"{ns}text")]
    assert {"x", "W <&>", "y", "MatMul"} <= set(texts)
    assert "grad 2, 4" in texts
    assert "grad 2, 4" not in graph.to_svg(verbose=False)
    x0, y0, width, height = map(float, root.get("viewBox").split())
    for r in root.iter(f"{ns}rect"):
        x, y, w, h = (float(r.get(k)) for k in ("x", "y", "width", "height"))
        assert x0 <= x and x + w <= x0 + width and y0 <= y and y + h <= y0 + height


def test_boxes_do_not_overlap():
    model = models.MLP((5, 4, 3), seed=0)
    loss = F.softmax_cross_entropy(model(np.ones((2, 3))), [0, 1])
    root = ET.fromstring(Graph.of(loss).to_svg())
    boxes = [
        tuple(float(r.get(k)) for k in ("x", "y", "width", "height"))
        for r in root.iter("{http://www.w3.org/2000/svg}rect")
    ]
    for i, (x, y, w, h) in enumerate(boxes):
        for a, b, c, d in boxes[:i]:
            assert x >= a + c or a >= x + w or y >= b + d or b >= y + h


def test_the_drawing_is_the_same_each_time():
    assert Graph.of(example()).to_svg() == Graph.of(example()).to_svg()


def test_files(tmp_path):
    y = example()
    assert isinstance(plot_dot_graph(y, to_file=tmp_path / "a.svg"), Graph)
    plot_dot_graph(y, verbose=False, to_file=str(tmp_path / "b.png"))  # the book's name; SVG is written
    plot_dot_graph(y, to_file=tmp_path / "c.dot")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "b.svg", "c.dot"]
    assert (tmp_path / "c.dot").read_text() == get_dot_graph(y)
    with pytest.raises(GraphError, match=r"written as \.svg"):
        plot_dot_graph(y, to_file=tmp_path / "d.xls")
    models.MLP((3, 1)).plot(np.ones((1, 2)), to_file=str(tmp_path / "model.svg"))
    assert (tmp_path / "model.svg").exists()


def test_dot_text_escapes_names():
    text = get_dot_graph(Variable(np.array(1.0), name='a "b" \\') * 1)
    assert r"a \"b\" \\" in text
