"""Models: a Layer that is a whole network; Sequential and MLP."""

from collections.abc import Callable, Sequence
from typing import Any

from .activation import sigmoid
from .core import Operand, Variable
from .graph import Graph, plot_dot_graph
from .layer import Layer
from .layers import Linear
from .randomness import Seed, generator

__all__ = ["MLP", "Model", "Sequential"]


class Model(Layer):
    """A Layer that is a whole network.

    Source: Deep Learning from Scratch 3, step 45.

    >>> class TwoLayerNet(Model):
    ...     def __init__(self):
    ...         self.l1, self.l2 = Linear(10), Linear(1)
    ...     def forward(self, x):
    ...         return self.l2(sigmoid(self.l1(x)))
    >>> TwoLayerNet()(np.ones((5, 3))).shape
    (5, 1)
    """

    def plot(self, *inputs: Operand, to_file: str = "model.svg") -> Graph:
        """Run the model and write a drawing of what it computed; returns the graph."""
        return plot_dot_graph(self.forward(*inputs), verbose=True, to_file=to_file)


class Sequential(Model):
    """Layers and functions, one after the other.

    >>> Sequential(Linear(10), sigmoid, Linear(1))(np.ones((5, 3))).shape
    (5, 1)
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


class MLP(Model):
    """Fully connected layers with an activation function between them.

    Source: Deep Learning from Scratch 3, step 45.

    >>> MLP((10, 1))(np.ones((5, 3))).shape
    (5, 1)
    """

    def __init__(
        self, fc_output_sizes: Sequence[int], activation: Callable[[Variable], Variable] = sigmoid, *, seed: Seed = None
    ) -> None:
        rng = generator(seed)
        self.activation = activation
        self.layers = [Linear(size, seed=rng) for size in fc_output_sizes]

    def forward(self, x: Operand) -> Variable:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)  # type: ignore[no-any-return]
