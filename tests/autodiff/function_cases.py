"""What the battery of test_every_function.py runs: for each Function how to call it, and how torch says the same.

A case draws its inputs from a `Draw`: shapes from hypothesis, numbers from a seeded generator. Where a derivative has
a kink (relu, max, clip, pooling) the numbers are drawn apart from each other and from zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as TF
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import (
    activation,
    arithmetic,
    columns,
    comparison,
    convolution,
    core,
    elementary,
    indexing,
    linear,
    loss,
    normalization,
    pooling,
    reduction,
    shaping,
)
from glasshouse.autodiff.arrays import as_array, module_of
from glasshouse.autodiff.geometry import window


class Draw:
    """One example: choices of hypothesis' and numbers of a generator's."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))

    def of(self, *choices: Any) -> Any:
        return self.data.draw(st.sampled_from(choices))

    def shape(self, least: int = 0, most: int = 3) -> tuple[int, ...]:
        if not least and self.of(True, False, False):
            return ()
        return self.data.draw(hnp.array_shapes(min_dims=max(1, least), max_dims=most, max_side=3))

    def shapes(self, n: int = 2) -> tuple[tuple[int, ...], ...]:
        return self.data.draw(hnp.mutually_broadcastable_shapes(num_shapes=n, max_dims=3, max_side=3)).input_shapes

    def smooth(self, *shape: int) -> Any:
        return self.rng.standard_normal(shape)

    def positive(self, *shape: int) -> Any:
        return self.rng.uniform(0.5, 2.0, shape)

    def apart(self, *shape: int) -> Any:
        n = int(np.prod(shape))
        return (self.rng.permutation(n).reshape(shape) - n / 2 + 0.25) * 0.1


@dataclass(frozen=True)
class Case:
    """`make` draws the inputs and gives how glasshouse computes with them, and how torch does."""

    name: str
    covers: type | None
    make: Callable[[Draw], tuple[list[Any], Callable[..., Any], Callable[..., Any]]]


def one(ours: Any, torchs: Any, kind: str = "smooth") -> Any:
    return lambda d: ([getattr(d, kind)(*d.shape())], ours, torchs)


def one_of_2_by_3(ours: Any, torchs: Any) -> Any:
    return lambda d: ([d.smooth(2, 3)], ours, torchs)


def numbers_around(x: Any) -> Any:
    return (1 - x) * 2 / 3 + 4 / (x + 5) - 6


def two(ours: Any, torchs: Any, kind: str = "smooth") -> Any:
    return lambda d: ([getattr(d, kind)(*s) for s in d.shapes()], ours, torchs)


def kinked_two(ours: Any, torchs: Any) -> Any:
    def make(d: Draw) -> Any:
        a, b = d.shapes()
        x = d.apart(int(np.prod(a)) + int(np.prod(b)))
        return [x[: int(np.prod(a))].reshape(a), x[int(np.prod(a)) :].reshape(b)], ours, torchs

    return make


def where(d: Draw) -> Any:
    a, b = d.shapes()
    full = np.broadcast_shapes(a, b)
    mask = d.rng.random(full) > 0.5

    def ours(x, y):
        return F.where(like(mask, x), x, y)

    return [d.smooth(*a), d.smooth(*b)], ours, lambda x, y: torch.where(torch.tensor(mask), x, y)


def like(array: Any, x: Any) -> Any:
    """A NumPy array as the kind of array that x holds, its dtype kept."""
    return torch.as_tensor(array) if isinstance(x.data, torch.Tensor) else array


def as_x(array: Any, x: Any) -> Any:
    """A NumPy array as the kind of array and the dtype that x holds."""
    return module_of(x.data).array_like(array, x.data)


def reshaped(d: Draw) -> Any:
    s = d.shape(1)
    return [d.smooth(*s)], lambda x: F.reshape(x, (-1,)) * 1, lambda x: x.reshape(-1) * 1


def reshape_function(d: Draw) -> Any:
    s = d.shape(2)
    return [d.smooth(*s)], lambda x: shaping.Reshape((-1, 1))(x), lambda x: x.reshape(-1, 1)


def transposed(d: Draw) -> Any:
    s = d.shape(1)
    axes = tuple(int(a) for a in d.rng.permutation(len(s)))
    return [d.smooth(*s)], lambda x: F.transpose(x, axes), lambda x: x.permute(axes)


def index(d: Draw) -> Any:
    picks = (
        slice(None, 2),
        [0, 0, 1],
        (slice(None), 1),
        ([0, 1, 1], [2, 0, 0]),
        (Ellipsis, None, 0),
        np.array([[0, 1], [1, 1]]),
    )
    return d.of(*picks)


def get_item(d: Draw) -> Any:
    i = index(d)
    return [d.smooth(3, 3)], lambda x: F.get_item(x, i), lambda x: x[i]


def get_item_grad(d: Draw) -> Any:
    i = index(d)
    gy = d.smooth(*np.zeros((3, 3))[i].shape)
    places = torch.arange(9).reshape(3, 3)[i]

    def torchs(g):
        return torch.zeros(9, dtype=g.dtype).index_add(0, places.reshape(-1), g.reshape(-1)).reshape(3, 3)

    return [gy], lambda g: indexing.GetItemGrad(i, (3, 3))(g), torchs


def concatenated(d: Draw) -> Any:
    axis = d.of(0, 1, -1)
    xs = [d.smooth(*(n if a == axis % 2 else 2 for a in range(2))) for n in (1, 2, 3)]
    return xs, lambda *x: F.concatenate(x, axis), lambda *x: torch.cat(x, axis)


def padded(d: Draw) -> Any:
    w = [d.of((0, 0), (1, 2), (0, 1)), d.of((0, 0), (2, 0))]
    return [d.smooth(2, 3)], lambda x: F.pad(x, w), lambda x: TF.pad(x, (*w[1], *w[0]))


def reduced(ours: Any, torchs: Any, kind: str = "smooth") -> Any:
    def make(d: Draw) -> Any:
        s = d.shape(1)
        axis = d.of(None, 0, -1, tuple(range(len(s))), (0,))
        keep = d.of(False, True)
        dims = tuple(range(len(s))) if axis is None else axis
        return [getattr(d, kind)(*s)], lambda x: ours(x, axis, keep), lambda x: torchs(x, dims, keep)

    return make


def summed_to(d: Draw) -> Any:
    shape = d.of((1, 3), (3,), (2, 1), (1, 1), (1,), ())

    def torchs(x):
        return x.sum_to_size(shape)

    return [d.smooth(2, 3)], lambda x: F.sum_to(x, shape), torchs


def broadcast(d: Draw) -> Any:
    (a,) = d.shapes(1)
    full = (2, *(n if n > 1 else 3 for n in a))
    return [d.smooth(*a)], lambda x: F.broadcast_to(x, full), lambda x: x.expand(full)


def products(d: Draw) -> Any:
    a, b = d.of(
        ((2, 3), (3, 2)),
        ((4, 2, 3), (4, 3, 1)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((1, 1), (1, 1)),
    )
    return [d.smooth(*a), d.smooth(*b)], F.matmul, torch.matmul


def affine(d: Draw) -> Any:
    lead, n = d.of((2,), (1,), (2, 3)), d.of(2, 3)
    inputs = [d.smooth(*lead, 3), d.smooth(3, n), d.smooth(n)][: d.of(2, 3)]
    return inputs, F.linear, lambda x, W, b=0: x @ W + b


def weighted(d: Draw) -> Any:
    """The gradient lies in memory row by row, or column by column."""
    turned = d.of(False, True)

    def ours(x, gy):
        like = as_x(np.zeros((2, 4)), x)
        return linear.LinearWeight(like.reshape(4, 2).T if turned else like)(x, gy)

    return [d.smooth(3, 2), d.smooth(3, 4)], ours, lambda x, gy: x.T @ gy


def classes(d: Draw) -> Any:
    t = d.rng.integers(0, 3, 4)
    return [d.smooth(4, 3)], lambda x: F.softmax_cross_entropy(x, t), lambda x: TF.cross_entropy(x, torch.tensor(t))


def per_sample(torchs: Any) -> Any:
    return lambda x, t: torchs(x, t, reduction="sum") / len(x)


def ways(d: Draw, dilations: tuple[int, ...] = (1, 2)) -> Any:
    """Kernel, stride, pad, dilation, groups: all kinds, as small as they go."""
    kernel, stride, pad = (
        d.of((1, 1), (2, 2), (3, 2), (1, 3)),
        d.of((1, 1), (2, 2), (1, 2)),
        d.of((0, 0), (1, 1), (0, 1)),
    )
    return kernel, stride, pad, (d.of(*dilations),) * 2, d.of(1, 2)


def convolved(d: Draw) -> Any:
    k, s, p, dil, g = ways(d)
    inputs = [d.smooth(2, 2, 5, 4), d.smooth(2 * d.of(1, 2), 2 // g, *k)]
    inputs += [d.smooth(len(inputs[1]))] if d.of(0, 1) else []
    if any((n + 2 * a - e * (b - 1) - 1) // c + 1 < 1 for n, a, b, c, e in zip((5, 4), p, k, s, dil)):
        dil = (1, 1)

    def ours(x, W, b=None):
        return F.conv2d(x, W, b, s, p, dil, g)

    return inputs, ours, lambda x, W, b=None: TF.conv2d(x, W, b, s, p, dil, g)


def conv_input(d: Draw) -> Any:
    k, s, p, _, g = ways(d)
    w = window(k, s, p)
    gy, W = d.smooth(2, 4, *w.out((5, 4))), d.smooth(4, 2 // g, *k)

    def ours(gy, W):
        return convolution.Conv2dInput(as_x(np.zeros((2, 2, 5, 4)), gy), w, g)(gy, W)

    return [gy, W], ours, lambda gy, W: torch.nn.grad.conv2d_input((2, 2, 5, 4), W, gy, s, p, 1, g)


def conv_weight(d: Draw) -> Any:
    k, s, p, _, g = ways(d)
    w = window(k, s, p)
    gy, shape = d.smooth(2, 4, *w.out((5, 4))), (4, 2 // g, *k)

    def ours(x, gy):
        return convolution.Conv2dWeight(as_x(np.zeros(shape), x), w, g)(x, gy)

    return [d.smooth(2, 2, 5, 4), gy], ours, lambda x, gy: torch.nn.grad.conv2d_weight(x, shape, gy, s, p, 1, g)


def deconvolved(d: Draw) -> Any:
    k, s, p, _, _ = ways(d)
    p = tuple(min(a, b - 1) for a, b in zip(p, k))
    inputs = [d.smooth(2, 3, 3, 2), d.smooth(3, 2, *k), d.smooth(2)][: d.of(2, 3)]
    return (
        inputs,
        lambda x, W, b=None: F.deconv2d(x, W, b, s, p),
        lambda x, W, b=None: TF.conv_transpose2d(x, W, b, s, p),
    )


def unfolded(d: Draw) -> Any:
    k, s, p, _, _ = ways(d)
    shape = (2, 2, *k, *window(k, s, p).out((5, 4)))

    def torchs(x):
        return TF.unfold(x, k, 1, p, s).reshape(shape)

    return [d.smooth(2, 2, 5, 4)], lambda x: F.im2col(x, k, s, p, to_matrix=False), torchs


def folded(d: Draw) -> Any:
    k, s, p, _, _ = ways(d)
    OH, OW = window(k, s, p).out((5, 4))

    def torchs(c):
        return TF.fold(c.reshape(2, -1, OH * OW), (5, 4), k, 1, p, s)

    return [d.smooth(2, 2, *k, OH, OW)], lambda c: F.col2im(c, (2, 2, 5, 4), k, s, p, to_matrix=False), torchs


def pool_ways(d: Draw) -> Any:
    return d.of(((2, 2), (2, 2), (0, 0)), ((3, 3), (1, 1), (1, 1)), ((2, 3), (1, 2), (1, 1)), ((3, 2), (2, 1), (1, 0)))


def max_pooled(d: Draw) -> Any:
    k, s, p = pool_ways(d)
    return [d.apart(2, 2, 5, 4)], lambda x: F.pooling(x, k, s, p), lambda x: TF.max_pool2d(x, k, s, p)


def winners(d: Draw, kind: Any, w: Any) -> Any:
    """Of each kind of array its own winners, for the same picture; and torch's places."""
    x = d.apart(2, 2, 5, 4)
    own = {np.ndarray: None, torch.Tensor: None}
    for array in (x, torch.tensor(x)):
        own[type(array)] = module_of(array).max_pool(array, w, True)[1]
    return own, own[torch.Tensor]


def scattered(d: Draw) -> Any:
    w = window(*pool_ways(d))
    own, places = winners(d, None, w)

    def ours(g):
        return pooling.WinnersScatter(as_x(np.zeros((2, 2, 5, 4)), g), own[type(g.data)], w)(g)

    def torchs(g):
        return torch.zeros(2, 2, 20, dtype=g.dtype).scatter_add(2, places.flatten(2), g.flatten(2)).reshape(2, 2, 5, 4)

    return [d.smooth(*places.shape)], ours, torchs


def gathered(d: Draw) -> Any:
    w = window(*pool_ways(d))
    own, places = winners(d, None, w)

    def torchs(x):
        return x.flatten(2).gather(2, places.flatten(2)).reshape(places.shape)

    return [d.smooth(2, 2, 5, 4)], lambda x: pooling.WinnersGather(own[type(x.data)], w)(x), torchs


def averaged(d: Draw) -> Any:
    k, s, p = pool_ways(d)
    return [d.smooth(2, 2, 5, 4)], lambda x: F.average_pooling(x, k, s, p), lambda x: TF.avg_pool2d(x, k, s, p)


def average_spread(d: Draw) -> Any:
    k, s, p = pool_ways(d)
    w = window(k, s, p)

    def ours(g):
        return pooling.AverageSpread(as_x(np.zeros((2, 2, 5, 4)), g), w)(g)

    def torchs(g: Any) -> Any:
        x = torch.zeros(2, 2, 5, 4, dtype=g.dtype, requires_grad=True)
        with torch.enable_grad():
            return torch.autograd.grad(TF.avg_pool2d(x, k, s, p), x, g, create_graph=True)[0]

    return [d.smooth(2, 2, *w.out((5, 4)))], ours, torchs


def batch_norm(d: Draw) -> Any:
    s = d.of((4, 2), (2, 2, 2, 2))

    def ours(x, g, b):
        return F.batch_norm(x, g, b, as_x(np.zeros(2), x), as_x(np.ones(2), x), eps=1e-3)

    def torchs(x, g, b):
        return TF.batch_norm(x, None, None, g, b, training=True, eps=1e-3)

    return [d.smooth(*s), d.smooth(2), d.smooth(2)], ours, torchs


def fixed_norm(d: Draw) -> Any:
    s, mean, var = d.of((4, 2), (2, 2, 2, 2)), d.smooth(2), d.positive(2)

    def ours(x, g, b):
        return F.fixed_norm(x, g, b, as_x(mean, x), as_x(var, x), eps=1e-3)

    def torchs(x, g, b):
        return TF.batch_norm(
            x, torch.as_tensor(mean, dtype=x.dtype), torch.as_tensor(var, dtype=x.dtype), g, b, eps=1e-3
        )

    return [d.smooth(*s), d.smooth(2), d.smooth(2)], ours, torchs


def dropped(d: Draw) -> Any:
    s, seed = d.shape(1), d.of(0, 1, 2)
    mask = (np.random.default_rng(seed).random(s, dtype=np.float32) >= 0.25) / 0.75
    return [d.smooth(*s)], lambda x: F.dropout(x, 0.25, seed=seed), lambda x: x * torch.as_tensor(mask, dtype=x.dtype)


def embedded(d: Draw) -> Any:
    ids = d.rng.integers(0, 3, d.of((4,), (2, 2)))
    return [d.smooth(3, 2)], lambda W: F.embed_id(ids, W), lambda W: W[torch.tensor(ids)]


def powered(d: Draw) -> Any:
    c = d.of(0, 1, 2, 3, -1, 0.5, -1.5)
    return [d.positive(*d.shape())], lambda x: x**c, lambda x: x**c


CASES = [
    Case("add", arithmetic.Add, two(F.add, torch.add)),
    Case("sub", arithmetic.Sub, two(F.sub, torch.sub)),
    Case("mul", arithmetic.Mul, two(F.mul, torch.mul)),
    Case("div", arithmetic.Div, two(F.div, torch.div, "positive")),
    Case("neg", arithmetic.Neg, one(F.neg, torch.neg)),
    Case("pow", arithmetic.Pow, powered),
    Case("power", arithmetic.Power, two(F.pow, torch.pow, "positive")),
    Case("number ** x", arithmetic.Power, one(lambda x: 2**x, lambda x: 2**x)),
    Case("numbers around", arithmetic.Add, one(numbers_around, numbers_around, "positive")),
    Case("absolute", comparison.Abs, one(F.absolute, torch.abs, "apart")),
    Case("where", comparison.Where, where),
    Case("maximum", comparison.Maximum, kinked_two(F.maximum, torch.maximum)),
    Case("minimum", comparison.Maximum, kinked_two(F.minimum, torch.minimum)),
    Case("relu6", activation.ReLU6, one(lambda x: F.relu6(x * 9), lambda x: TF.relu6(x * 9), "apart")),
    Case("clip", comparison.Clip, one(lambda x: F.clip(x, -0.1, 0.15), lambda x: x.clamp(-0.1, 0.15), "apart")),
    Case("sin", elementary.Sin, one(F.sin, torch.sin)),
    Case("cos", elementary.Cos, one(F.cos, torch.cos)),
    Case("tanh", elementary.Tanh, one(F.tanh, torch.tanh)),
    Case("exp", elementary.Exp, one(F.exp, torch.exp)),
    Case("log", elementary.Log, one(F.log, torch.log, "positive")),
    Case("sqrt", arithmetic.Pow, one(F.sqrt, torch.sqrt, "positive")),
    Case("reshape", None, reshaped),
    Case("Reshape", shaping.Reshape, reshape_function),
    Case("transpose", shaping.Transpose, transposed),
    Case("get_item", indexing.GetItem, get_item),
    Case("get_item's gradient", indexing.GetItemGrad, get_item_grad),
    Case("concatenate", indexing.Concatenate, concatenated),
    Case("pad", indexing.Pad, padded),
    Case("sum", reduction.Sum, reduced(F.sum, lambda x, a, k: x.sum(a, keepdim=k))),
    Case("mean", reduction.Mean, reduced(F.mean, lambda x, a, k: x.mean(a, keepdim=k))),
    Case("max", reduction.Max, reduced(F.max, lambda x, a, k: x.amax(a, keepdim=k), "apart")),
    Case("min", reduction.Min, reduced(F.min, lambda x, a, k: x.amin(a, keepdim=k), "apart")),
    Case("sum_to", reduction.SumTo, summed_to),
    Case("broadcast_to", reduction.BroadcastTo, broadcast),
    Case("matmul", linear.MatMul, products),
    Case("linear", linear.Linear, affine),
    Case("linear's gradient in W", linear.LinearWeight, weighted),
    Case("sigmoid", activation.Sigmoid, one(F.sigmoid, torch.sigmoid)),
    Case("relu", activation.ReLU, one(F.relu, torch.relu, "apart")),
    Case("leaky_relu", activation.LeakyReLU, one(F.leaky_relu, lambda x: TF.leaky_relu(x, 0.2), "apart")),
    Case("softmax", activation.Softmax, one_of_2_by_3(F.softmax, lambda x: torch.softmax(x, 1))),
    Case("log_softmax", activation.LogSoftmax, one_of_2_by_3(F.log_softmax, lambda x: torch.log_softmax(x, 1))),
    Case("softmax_cross_entropy", loss.SoftmaxCrossEntropy, classes),
    Case(
        "sigmoid_cross_entropy", loss.SigmoidCrossEntropy,
        lambda d: (
            [d.smooth(4), d.rng.random(4)], F.sigmoid_cross_entropy, per_sample(TF.binary_cross_entropy_with_logits)
        ),
    ),
    Case(
        "binary_cross_entropy", comparison.Clip,
        lambda d: (
            [d.rng.uniform(0.2, 0.8, 4), d.rng.random(4)], F.binary_cross_entropy,
            lambda p, t: -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).sum() / 4,
        ),
    ),
    Case(
        "mean_squared_error", None,
        lambda d: ([d.smooth(3, 2), d.smooth(3, 2)], F.mean_squared_error, per_sample(TF.mse_loss)),
    ),
    Case("conv2d", convolution.Conv2d, convolved),
    Case("conv2d's gradient in x", convolution.Conv2dInput, conv_input),
    Case("conv2d's gradient in W", convolution.Conv2dWeight, conv_weight),
    Case("deconv2d", convolution.Conv2dInput, deconvolved),
    Case("im2col", columns.Im2col, unfolded),
    Case("col2im", columns.Col2im, folded),
    Case("pooling", pooling.MaxPool, max_pooled),
    Case("pooling's gradient", pooling.WinnersScatter, scattered),
    Case("pooling's second gradient", pooling.WinnersGather, gathered),
    Case("average_pooling", pooling.AveragePool, averaged),
    Case("average_pooling's gradient", pooling.AverageSpread, average_spread),
    Case(
        "global_average_pooling", None,
        lambda d: ([d.smooth(2, 2, 2, 3)], F.global_average_pooling, lambda x: x.mean((2, 3))),
    ),
    Case("batch_norm", normalization.BatchNorm, batch_norm),
    Case("fixed_norm", None, fixed_norm),
    Case("dropout", None, dropped),
    Case("embed_id", indexing.GetItem, embedded),
    Case("cast", core.Cast, one(lambda x: core.Cast(as_array(x.data))(x), lambda x: x * 1)),
]  # fmt: skip
