"""The layers of the book: Linear, Conv2d, Deconv2d, BatchNorm, EmbedID, RNN, LSTM.

A layer that is not told how many inputs it gets waits for its first one, and takes its kind of array and its dtype.
Weights are drawn from a normal distribution with deviation √(1 / inputs); biases start at 0.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.errors import no_such_name

from .activation import sigmoid
from .arrays import Array, module_of, new_array
from .convolution import conv2d, deconv2d
from .core import Operand, Parameter, Variable, as_operand
from .elementary import tanh
from .embedding import embed_id
from .geometry import Size, pair
from .hints import LAYERS
from .layer import Layer
from .linear import linear
from .normalization import batch_norm
from .randomness import Seed, generator

__all__ = ["LSTM", "RNN", "BatchNorm", "Conv2d", "Deconv2d", "EmbedID", "Layer", "Linear"]


class _Weighted(Layer):
    """A layer with weights W, drawn when the number of inputs is known, and perhaps a bias b."""

    def __init__(self, outputs: int, nobias: bool, dtype: Any, seed: Seed) -> None:
        self.W = Parameter(None, name="W")
        self.b = None if nobias else Parameter(None, name="b")
        self.outputs, self.dtype, self.rng = outputs, dtype, generator(seed).spawn(1)[0]

    def _shape(self, inputs: int) -> tuple[int, ...]:
        raise NotImplementedError

    def _draw(self, inputs: int, like: Array | None) -> None:
        """Make W and b, of the dtype asked for, else that of `like`, else float32."""
        shape = self._shape(inputs)
        fan_in = int(np.prod(shape)) // self.outputs
        W, b = self.rng.standard_normal(shape) * (1 / fan_in) ** 0.5, np.zeros(self.outputs)
        for parameter, values in ((self.W, W), (self.b, b)):
            if parameter is not None and parameter.data is None:
                parameter.data = _as_kind(values, self.dtype, like)

    def _ready(self, x: Operand, inputs: int) -> Variable:
        x = as_operand(x)
        if self.W.data is None:
            self._draw(x.shape[inputs], x.data)
        return x


def _as_kind(values: Any, dtype: Any, like: Array | None) -> Array:
    if dtype is not None and (like is None or isinstance(like, np.ndarray)):
        return values.astype(dtype)
    if like is None or not module_of(like).is_floating(like):
        return values.astype(np.float32)
    return new_array(values, like)


class Linear(_Weighted):
    """y = x W + b: a fully connected layer. x (N, D), W (D, out_size).

    Source: Deep Learning from Scratch 3, step 44.

    >>> Linear(10)(np.ones((2, 3))).shape
    (2, 10)
    """

    def __init__(
        self, out_size: int, nobias: bool = False, dtype: Any = None, in_size: int | None = None, *, seed: Seed = None
    ) -> None:
        super().__init__(out_size, nobias, dtype, seed)
        if in_size is not None:
            self._draw(in_size, None)

    def _shape(self, inputs: int) -> tuple[int, ...]:
        return inputs, self.outputs

    def forward(self, x: Operand) -> Variable:
        return linear(self._ready(x, -1), self.W, self.b)


class Conv2d(_Weighted):
    """y = W * x + b: a convolution. x (N, C, H, W), W (out_channels, C / groups, KH, KW).

    Source: Deep Learning from Scratch 3, step 57.

    >>> Conv2d(8, 3, pad=1)(np.ones((2, 1, 5, 5))).shape
    (2, 8, 5, 5)
    """

    def __init__(
        self, out_channels: int, kernel_size: Size, stride: Size = 1, pad: Size = 0, nobias: bool = False,
        dtype: Any = None, in_channels: int | None = None, *, dilation: Size = 1, groups: int = 1, seed: Seed = None,
    ) -> None:  # fmt: skip
        super().__init__(out_channels, nobias, dtype, seed)
        self.kernel_size, self.stride, self.pad = pair(kernel_size), stride, pad
        self.dilation, self.groups = dilation, groups
        if in_channels is not None:
            self._draw(in_channels, None)

    def _shape(self, inputs: int) -> tuple[int, ...]:
        return self.outputs, inputs // self.groups, *self.kernel_size

    def forward(self, x: Operand) -> Variable:
        return conv2d(self._ready(x, 1), self.W, self.b, self.stride, self.pad, self.dilation, self.groups)


class Deconv2d(Conv2d):
    """A transposed convolution. x (N, C, H, W), W (C, out_channels, KH, KW).

    >>> Deconv2d(8, 4, stride=2, pad=1)(np.ones((2, 1, 5, 5))).shape
    (2, 8, 10, 10)
    """

    def _shape(self, inputs: int) -> tuple[int, ...]:
        return inputs, self.outputs, *self.kernel_size

    def forward(self, x: Operand) -> Variable:
        return deconv2d(self._ready(x, 1), self.W, self.b, self.stride, self.pad)


class BatchNorm(Layer):
    """Batch normalisation with running statistics, which are kept as frozen Parameters and saved with the others.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167.

    Args:
        unbiased: the running variance follows σ² n / (n - 1), as torch's does; Keras' follows σ².

    >>> BatchNorm()(np.array([[1.0], [3.0]])).data.round(3)
    array([[-1.],
           [ 1.]])
    """

    def __init__(self, decay: float = 0.9, eps: float = 2e-5, *, unbiased: bool = True) -> None:
        self.decay, self.eps, self.unbiased = decay, eps, unbiased
        self.avg_mean = Parameter(None, name="avg_mean", requires_grad=False)
        self.avg_var = Parameter(None, name="avg_var", requires_grad=False)
        self.gamma = Parameter(None, name="gamma")
        self.beta = Parameter(None, name="beta")

    def freeze(self, frozen: bool = True) -> None:
        """Leave gamma and beta out of learning; the running statistics are never learned."""
        self.gamma.requires_grad = self.beta.requires_grad = not frozen

    def forward(self, x: Operand) -> Variable:
        x = as_operand(x)
        for parameter, start in ((self.avg_mean, 0), (self.avg_var, 1), (self.gamma, 1), (self.beta, 0)):
            if parameter.data is None:
                parameter.data = _as_kind(np.full(x.shape[1], float(start)), None, x.data)
        return batch_norm(
            x, self.gamma, self.beta, self.avg_mean, self.avg_var, self.decay, self.eps, unbiased=self.unbiased
        )


class EmbedID(Layer):
    """y = W[x]: a learned row for each of `in_size` ids. x any shape of whole numbers.

    >>> EmbedID(10, 4)(np.array([1, 2, 3])).shape
    (3, 4)
    """

    def __init__(self, in_size: int, out_size: int, *, seed: Seed = None) -> None:
        draws = generator(seed).spawn(1)[0].standard_normal((in_size, out_size))
        self.W = Parameter(draws.astype(np.float32), name="W")

    def forward(self, x: Any) -> Variable:
        return embed_id(x, self.W)


class RNN(Layer):
    """h ← tanh(Wx x + Wh h + b): a recurrent layer that remembers its last output until `reset_state`.

    Source: Deep Learning from Scratch 3, step 59.

    >>> RNN(4)(np.ones((1, 2))).shape
    (1, 4)
    """

    def __init__(self, hidden_size: int, in_size: int | None = None, *, seed: Seed = None) -> None:
        rng = generator(seed)
        self.x2h = Linear(hidden_size, in_size=in_size, seed=rng)
        self.h2h = Linear(hidden_size, nobias=True, in_size=in_size and hidden_size, seed=rng)
        self.h: Variable | None = None

    def reset_state(self) -> None:
        """Forget the last output."""
        self.h = None

    def forward(self, x: Operand) -> Variable:
        step = self.x2h(x)
        if self.h is not None:
            step = step + self.h2h(self.h)
        self.h = tanh(step)
        return self.h


class LSTM(Layer):
    """Long short-term memory: c ← f c + i u, h ← o tanh(c), with gates f, i, o = sigmoid(x2· x + h2· h).

    Source: Hochreiter and Schmidhuber 1997; Deep Learning from Scratch 3, step 60.

    >>> LSTM(4)(np.ones((1, 2))).shape
    (1, 4)
    """

    def __init__(self, hidden_size: int, in_size: int | None = None, *, seed: Seed = None) -> None:
        rng, H = generator(seed), hidden_size
        for gate in "fiou":
            setattr(self, f"x2{gate}", Linear(H, in_size=in_size, seed=rng))
            setattr(self, f"h2{gate}", Linear(H, nobias=True, in_size=in_size and H, seed=rng))
        self.reset_state()

    def reset_state(self) -> None:
        """Forget the last output and the memory."""
        self.h: Variable | None = None
        self.c: Variable | None = None

    def _gate(self, gate: str, x: Operand) -> Variable:
        step: Variable = getattr(self, f"x2{gate}")(x)
        return step if self.h is None else step + getattr(self, f"h2{gate}")(self.h)

    def forward(self, x: Operand) -> Variable:
        f, i, o = (sigmoid(self._gate(gate, x)) for gate in "fio")
        u = tanh(self._gate("u", x))
        self.c = i * u if self.c is None else f * self.c + i * u
        self.h = o * tanh(self.c)
        return self.h


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, LAYERS)
