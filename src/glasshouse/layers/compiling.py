"""What `compile` chooses: an optimizer, a loss, metrics; and what the optimizer keeps between steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .architecture import Architecture
from .dense import Dense
from .graph import Step
from .losses import ALSO, METRICS, Loss, loss_of, metric_of
from .optimizers import Optimizer, optimizer_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Compiled"]


@dataclass
class Compiled:
    """How a network learns. ``bare``: the loss takes over the activation of the last layer."""

    optimizer: Optimizer
    loss: Loss
    metrics: dict[str, str]  # what a metric is called, its word if nothing else was said -> the metric
    bare: bool
    activation: str | None
    iterations: int = 0
    kept: "dict[Tensor, list[Tensor | None]]" = field(default_factory=dict)  # parameter -> the optimizer's numbers

    @classmethod
    def of(
        cls, net: Architecture, optimizer: Any, loss: Any, metrics: str | Sequence[str] | Mapping[str, str] | None
    ) -> "Compiled":
        """Look the words up and check them against the output."""
        if loss is None:
            raise NetworkError('compile needs a loss, such as loss="sparse_categorical_crossentropy"')
        if len(net.output_steps) > 1:
            raise NetworkError("fit learns one output; train a network with several with to_torch()")
        found, last = loss_of(loss), net.steps[-1]
        units = net.output_shape[-1] or 1
        if "categorical" in found.name and units == 1:
            raise NetworkError(
                "{name} needs an output for each class, and {name2} gives one; take Dense(classes, "
                'activation="softmax"), or loss="binary_crossentropy" for yes and no',
                name=found.name,
                name2=last.name,
            )
        activation = getattr(last.layer, last.layer.activation_field, None)
        _check_probabilities(found, last, activation)
        bare = (
            "" not in last.layer.penalties(())
            and activation is not None
            and activation == found.bare_of
            and net.output_steps == (len(net.steps) - 1,)
        )
        words = {name: metric_of(word, found, units) for name, word in _called(metrics).items()}
        return cls(optimizer_of(optimizer), found, words, bare, activation)

    @property
    def given_metrics(self) -> list[str] | dict[str, str]:
        """What `of` makes the same metrics of: their words, or each by what it is called."""
        own = all(name in (*ALSO, *METRICS, "accuracy", "acc") for name in self.metrics)
        return list(self.metrics) if own else dict(self.metrics)

    def step(self, parameters: "Sequence[Tensor]") -> None:
        """Move the parameters that have gradients, and forget the gradients."""
        ps = [p for p in parameters if p.grad is not None]
        for p in ps:
            if p not in self.kept:
                self.kept[p] = self.optimizer.start(p)
        self.iterations += 1
        kept = list(zip(*[self.kept[p] for p in ps])) if ps and self.optimizer.slots else []
        self.optimizer.move(
            ps, [p.grad for p in ps if p.grad is not None], [list(part) for part in kept], self.iterations
        )
        for p in ps:
            p.grad = None


def _called(metrics: str | Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Each metric's word, or that of a metric with a name of its own, by what it is called in a History."""
    if isinstance(metrics, Mapping):
        return dict(metrics)
    words = [metrics] if isinstance(metrics, str) else metrics or ()
    return {getattr(word, "called", word): str(word) for word in words}


def _check_probabilities(loss: Loss, last: Step, activation: str | None) -> None:
    """Refuse a loss of probabilities after a layer that gives other numbers: it would train to nothing.

    Layers that only pass numbers on, such as Reshape, are left alone, and so is softmax as a layer of its own.
    """
    activation = "softmax" if isinstance(last.layer, Softmax) else activation
    if activation == "softmax" and loss.name == "binary_crossentropy" and last.engine_shape == (1,):
        raise NetworkError(
            "softmax of one number is always 1, so {last} learns nothing: end the network with Dense(1, "
            'activation="sigmoid"), or with Dense(2, activation="softmax") and '
            'loss="sparse_categorical_crossentropy"',
            last=last.name,
        )
    if loss.from_logits and activation in ("softmax", "sigmoid"):
        raise NetworkError(
            "{last} gives probabilities ({given}), and from_logits=True takes them for other numbers: leave "
            "from_logits out, or the activation",
            last=last.name,
            given=activation,
        )
    needed = {"binary_crossentropy": "sigmoid"}.get(loss.name, "softmax" if "categorical" in loss.name else None)
    if needed is None or loss.from_logits or not isinstance(last.layer, Dense | Activation | ReLU | LeakyReLU | ELU):
        return
    if activation in ("softmax", "sigmoid", "hard_sigmoid"):
        return
    raise NetworkError(
        "{loss} needs probabilities, and {last} gives {given}: end the network with Dense({units}, "
        'activation="{needed}"), or compile with loss=Loss("{loss}", from_logits=True)',
        loss=loss.name,
        last=last.name,
        given=Message("any number") if activation is None else activation,
        units=last.engine_shape[0],
        needed=needed,
    )
