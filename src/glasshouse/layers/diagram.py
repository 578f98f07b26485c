"""A network as a drawing: one box per layer, with the shape that it gives and its weights; folded if it is long.

    Diagram.of(net)              in a notebook: the drawing
    Diagram.of(net).to_svg()     .to_dict() for a page

Folded, what only follows one layer (normalisation, activation, padding, dropout) is in that layer's box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from glasshouse.autodiff.drawing import Box, draw
from glasshouse.autodiff.nodes import Edge

from .architecture import Architecture
from .graph import Step
from .layer import InputLayer
from .shapes import text

__all__ = ["Diagram", "DiagramBox", "DiagramWords"]

FOLDED = (
    "Activation", "BatchNormalization", "Dropout", "ELU", "Flatten", "LeakyReLU", "ReLU", "Rescaling", "Softmax",
    "SpatialDropout2D", "ZeroPadding2D",
)  # fmt: skip
INPUT = "Input"  # the kind of the box where pictures come in
FEW = 14  # steps that are drawn one by one all the same


@dataclass(frozen=True)
class DiagramWords:
    """The words of a drawing beside the names of layers, for a page in another language; fields are in braces."""

    input: str = "Input"
    weights: str = "{count} weights"
    title: str = "{name}: {layers} layers in {boxes} boxes, {weights} weights"


@dataclass
class DiagramBox:
    """One box: the layers in it, first to last, the shape that the last gives, and how many weights they hold."""

    id: int
    layers: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    parameters: int = 0
    inputs: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order of computation; ``steps`` is how many layers there are in them."""

    name: str
    boxes: tuple[DiagramBox, ...]
    steps: int
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, net: Architecture, folded: bool = True) -> "Diagram":
        """The drawing of a network; ``folded`` only concerns those of more than a few layers."""
        users: dict[int, int] = {}
        for step in net.steps:
            for i in step.inputs:
                users[i] = users.get(i, 0) + 1
        boxes: list[DiagramBox] = []
        home: dict[int, DiagramBox] = {}
        for number, step in enumerate(net.steps):
            box = _joined(step, home, users) if folded and len(net.steps) > FEW else None
            if box is None:
                box = DiagramBox(len(boxes), inputs=list(dict.fromkeys(home[i].id for i in step.inputs)))
                boxes.append(box)
            home[number] = box
            box.layers.append(step.name)
            box.kinds.append(_word(step))
            box.shape = step.shape(net.channels_last)
            box.parameters += net.count(step.name) if step.weights == step.name else 0
        return cls(net.name, tuple(boxes), len(net.steps), tuple(home[i].id for i in net.output_steps))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Diagram":
        """The drawing again of what ``to_dict`` gave; boxes that no other takes are the outputs."""
        names = [one.name for one in fields(DiagramBox)]
        boxes = tuple(DiagramBox(**{name: box[name] for name in names}) for box in data["boxes"])
        taken = {number for box in boxes for number in box.inputs}
        return cls(data["name"], boxes, data["steps"], tuple(box.id for box in boxes if box.id not in taken))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "name": self.name, "steps": self.steps,
            "boxes": [{"id": b.id, "layers": b.layers, "kinds": b.kinds, "shape": list(b.shape),
                       "parameters": b.parameters, "inputs": b.inputs} for b in self.boxes],
        }  # fmt: skip

    def to_svg(self, words: DiagramWords = DiagramWords()) -> str:
        """The drawing, for light and dark pages."""
        boxes = [Box(b.id, tuple(_lines(b, words)), self._kind(b), ", ".join(b.layers)) for b in self.boxes]
        edges = [Edge(source, b.id) for b in self.boxes for source in b.inputs]
        total = sum(b.parameters for b in self.boxes)
        title = words.title.format(name=self.name, layers=self.steps, boxes=len(boxes), weights=f"{total:,}")
        return draw(boxes, edges, title)

    def _kind(self, box: DiagramBox) -> str:
        if not box.inputs:
            return "input"
        return "result" if box.id in self.outputs else "parameter" if box.parameters else "between"

    def _repr_svg_(self) -> str:
        return self.to_svg()


def _joined(step: Step, home: dict[int, DiagramBox], users: dict[int, int]) -> DiagramBox | None:
    """The box that a step joins: that of its one input, which nothing else needs."""
    if type(step.layer).__name__ not in FOLDED or len(step.inputs) != 1 or users[step.inputs[0]] > 1:
        return None
    box = home[step.inputs[0]]
    return box if box.inputs else None  # the input is alone


def _word(step: Step) -> str:
    kind = type(step.layer).__name__
    word = getattr(step.layer, step.layer.activation_field, None)
    if isinstance(step.layer, InputLayer):
        return INPUT
    return str(word) if kind == "Activation" else f"{kind} + {word}" if word else kind


def _lines(box: DiagramBox, words: DiagramWords) -> Sequence[tuple[str, str]]:
    name = box.layers[0] if len(box.layers) == 1 else f"{box.layers[0]} + {len(box.layers) - 1}"
    kinds = [words.input if kind == INPUT else kind for kind in box.kinds[:4]]
    lines = [("name", name), ("soft", " · ".join(kinds)), ("soft", text(tuple(box.shape)))]
    return [*lines, ("soft", words.weights.format(count=f"{box.parameters:,}"))] if box.parameters else lines
