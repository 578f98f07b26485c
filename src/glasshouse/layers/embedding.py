"""Embedding: whole numbers to rows of a table that is learned."""

from collections.abc import Mapping, Sequence

from glasshouse.errors import NetworkError

from .engine import Engine, Run, T
from .initializers import AnyInitializer, Initializer, initializer
from .layer import Layer, Weight
from .regularizers import AnyRegularizer, regularizer
from .rules import count, layer_class, rule
from .shapes import Shape, text

__all__ = ["Embedding"]

UNIFORM = Initializer("random_uniform")


@layer_class
class Embedding(Layer):
    """y = W[x]: the row of each number. x (N, L) whole numbers below ``input_dim``, y (N, L, output_dim).

    Source: Keras' Embedding: rows uniform in -0.05 to 0.05.
    """

    input_dim: int = rule(count)
    output_dim: int = rule(count)
    embeddings_initializer: AnyInitializer = rule(initializer, default=UNIFORM, kw_only=True)
    embeddings_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        if len(shape) != 1:
            raise NetworkError(
                "{who} takes rows of whole numbers, got a shape of {shape}; put Flatten before it",
                who=self.who,
                shape=text(shape) or "0",
            )
        return shape[0], self.output_dim

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        return (Weight("embeddings", (self.input_dim, self.output_dim), self.embeddings_initializer),)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.rows_of(w["embeddings"], xs[0])
