"""What `compile` chooses: an optimizer, a loss, metrics; and what the optimizer keeps between steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glasshouse.errors import NetworkError

from .architecture import Architecture
from .losses import Loss, loss_of, metric_of
from .optimizers import Optimizer, optimizer_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Compiled"]


@dataclass
class Compiled:
    """How a network learns. ``bare``: the loss takes over the activation of the last layer."""

    optimizer: Optimizer
    loss: Loss
    metrics: dict[str, str]  # the word that was given -> the metric it means
    bare: bool
    activation: str | None
    iterations: int = 0
    kept: "dict[Tensor, list[Tensor | None]]" = field(default_factory=dict)  # parameter -> the optimizer's numbers

    @classmethod
    def of(cls, net: Architecture, optimizer: Any, loss: Any, metrics: Sequence[str]) -> "Compiled":
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
        bare = activation is not None and activation == found.bare_of and net.output_steps == (len(net.steps) - 1,)
        words = {word: metric_of(word, found, units) for word in metrics}
        return cls(optimizer_of(optimizer), found, words, bare, activation)

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
