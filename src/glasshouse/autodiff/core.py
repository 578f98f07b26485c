"""The engine: a Variable holds an array, a Function computes, and what was computed is remembered as a graph.

The graph is kept in one place, `Function.__call__`, and walked in one place, `propagate`. Operations know only
arrays going forward, and only Variables going backward; so a gradient is computed by recorded operations too, and
can be differentiated again.

    x ──▶ Function ──▶ y        y.creator is the Function, and the Function's inputs hold x: strong references.
                                The Function's outputs are weak references: a dropped result frees its graph at once.
"""

import copy
import heapq
import itertools
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from .arrays import Array, as_array, is_array, module_of, on_card, on_host
from .faults import ArrayError, GraphError, ShapeError
from .operators import Operators
from .switches import recording, using_config

__all__ = ["Function", "Operand", "Parameter", "Variable", "as_operand", "as_variable", "constant", "grad", "propagate"]


class Variable(Operators["Variable"]):
    """A box that holds an array, its gradient, and the Function that made it.

    Source: Deep Learning from Scratch 3, steps 1, 7 and 19.

    >>> x = Variable(np.array([1.0, 2.0]))
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    variable([2. 4.])
    """

    __slots__ = ("__weakref__", "creator", "data", "generation", "grad", "name", "requires_grad")

    grad: "Variable | None"
    creator: "Function | None"

    def __init__(self, data: Any, name: str | None = None, *, requires_grad: bool = True) -> None:
        if data is not None and not is_array(data):
            raise ArrayError(
                "Variable holds a NumPy array or a torch tensor, got {kind}; write Variable(np.array({data}))",
                kind=type(data).__name__,
                data=repr(data),
            )
        self.data = data if data is None else as_array(data)
        self.name = name
        self.grad = None
        self.creator = None
        self.generation = 0  # how many Functions deep in the graph
        self.requires_grad = requires_grad

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)

    @property
    def ndim(self) -> int:
        return int(self.data.ndim)

    @property
    def size(self) -> int:
        size = self.data.size  # an int of NumPy's, a method of torch's
        return int(self.data.numel()) if callable(size) else int(size)

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"variable({str(self.data).replace(chr(10), chr(10) + ' ' * 9)})"

    def __bool__(self) -> bool:
        return bool(self.data)

    def backward(self, retain_grad: bool = False, create_graph: bool = False) -> None:
        """Put d self / d x into ``x.grad`` of every Variable x that self was computed from.

        Args:
            retain_grad: keep the gradients of what lies between, too.
            create_graph: record this walk as well, so that the gradients can be differentiated again.

        >>> x = Variable(np.array(2.0))
        >>> y = x**4 - 2 * x**2
        >>> y.backward(create_graph=True)
        >>> x.grad
        variable(24.0)
        """
        found = propagate(self, self.grad, create_graph, keep=lambda variable: retain_grad)
        with using_config("enable_backprop", create_graph):
            for variable, gradient in found.items():
                before = variable.grad if variable is not self else None
                found[variable] = variable.grad = gradient if before is None else before + gradient
        if not create_graph:
            _separate(found)

    def cleargrad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    def unchain(self) -> None:
        """Forget the Function that made this Variable."""
        self.creator = None

    def unchain_backward(self) -> None:
        """Cut the whole graph behind this Variable, as truncated backpropagation through time does."""
        functions = [] if self.creator is None else [self.creator]
        while functions:
            for x in functions.pop().inputs:
                if x.creator is not None:
                    functions.append(x.creator)
                    x.unchain()

    def to_cpu(self) -> None:
        """Hold the numbers in a NumPy array."""
        if self.data is not None:
            self.data = on_host(self.data)

    def to_gpu(self) -> None:
        """Hold the numbers in a torch tensor on the graphics card."""
        if self.data is not None:
            self.data = on_card(self.data)


Operand: TypeAlias = Variable | Array  # what an operation takes: a Variable, an array, or a number


class Parameter(Variable):
    """A Variable that is learned: layers list their Parameters, optimisers move them.

    ``Parameter(None)`` has no numbers yet: its layer makes them when it sees its first input.

    Source: Deep Learning from Scratch 3, step 44.

    >>> Parameter(np.zeros(2), name="b")
    variable([0. 0.])
    """

    __slots__ = ()


_NUMBERS = itertools.count()


class Function:
    """An operation: `forward` on arrays, `backward` on Variables.

    `forward` takes arrays and returns an array, or a tuple of them. `backward` takes the gradient of each output
    and returns the gradient of each input, in Variable operations; None for an input without one.

    Source: Deep Learning from Scratch 3, steps 2 and 32.

    >>> class Square(Function):
    ...     def forward(self, x):
    ...         return x**2
    ...     def backward(self, gy):
    ...         return 2 * self.inputs[0] * gy
    >>> x = Variable(np.array(3.0))
    >>> Square()(x).backward()
    >>> x.grad
    variable(6.0)
    """

    inputs: Sequence[Variable]
    outputs: "Sequence[weakref.ref[Variable]]"
    generation: int
    number: int  # how many Functions were recorded before
    results: tuple[Array, ...]  # kept of several outputs only: one that was not used has zeros for its gradient

    def forward(self, *xs: Any, **_: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x); write it on arrays")

    def backward(self, *gys: Any, **_: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no backward(self, gy); write it on Variables")

    def __call__(self, *inputs: Operand) -> Any:
        """Compute, wrap, and remember: the one place where the graph is kept."""
        if "inputs" in self.__dict__:  # called before: each call is its own node
            again = copy.copy(self)
            del again.inputs
            return again(*inputs)
        variables = _variables(inputs)
        ys = self.forward(*[x.data for x in variables])
        if not isinstance(ys, tuple):
            ys = (ys,)
        outputs = [_result(y) for y in ys]
        if recording() and True in [x.requires_grad for x in variables]:
            self.generation = max([x.generation for x in variables])
            self.number = next(_NUMBERS)
            self.inputs = variables
            self.outputs = [weakref.ref(y) for y in outputs]
            self.results = tuple([y.data for y in outputs]) if len(ys) > 1 else ()
            for y in outputs:
                y.requires_grad = True
                y.creator = self
                y.generation = self.generation + 1
        return outputs[0] if len(outputs) == 1 else outputs

    def output(self) -> Variable:
        """The result, for a derivative that is written in terms of it."""
        y = self.outputs[0]()
        if y is None:
            raise GraphError("the result of {kind} was dropped before backward; keep it", kind=type(self).__name__)
        return y

    def wants(self, index: int) -> bool:
        """Whether the input of that index needs a gradient: an expensive one is left out where it does not."""
        return self.inputs[index].requires_grad


def as_variable(x: Any) -> Variable:
    """`x` itself if it is a Variable; else a Variable that holds it.

    >>> as_variable(3.0)
    variable(3.0)
    """
    return x if isinstance(x, Variable) else Variable(as_array(x))


def as_operand(x: Operand) -> Variable:
    """`x` itself if it is a Variable; else a constant: what a raw array or a number is inside an operation."""
    return x if isinstance(x, Variable) else constant(x)


def constant(x: Any) -> Variable:
    """A Variable without gradient."""
    return _result(as_array(x))


def grad(y: Variable, xs: Sequence[Variable], create_graph: bool = False) -> list[Variable | None]:
    """The gradients dy/dx of chosen Variables; no ``.grad`` is touched. None where y does not depend on x.

    >>> x = Variable(np.array(3.0))
    >>> grad(x**3, [x])
    [variable(27.0)]
    """
    found = propagate(y, None, create_graph, keep=set(xs).__contains__)
    return [found.get(x) for x in xs]


def propagate(
    y: Variable, seed: Variable | None, create_graph: bool, keep: Callable[[Variable], bool]
) -> dict[Variable, Variable]:
    """Walk the graph behind `y` against its arrows; return the gradients of its leaves, and of what `keep` keeps.

    The Functions wait in a heap, the youngest first: what was recorded later was never an input of what was there
    before, so every gradient is whole when it is passed on. Each Function enters the heap once. Torch walks in the
    same order, so gradients that meet are added in the same order there.
    """
    gradients = {y: seed if seed is not None else constant(module_of(y.data).ones_like(y.data))}
    kept: dict[Variable, Variable] = {}
    heap: list[tuple[int, Function]] = []
    waiting: set[Function] = set()

    def push(function: Function | None) -> None:
        if function is not None and function not in waiting:
            waiting.add(function)
            heapq.heappush(heap, (-function.number, function))

    push(y.creator)
    with using_config("enable_backprop", create_graph):
        while heap:
            function = heapq.heappop(heap)[1]
            for x, gx in zip(function.inputs, _pull(function, gradients)):
                if gx is not None:
                    before = gradients.get(x)
                    gradients[x] = gx if before is None else _added(before, gx)
                    push(x.creator)
            for output in [output() for output in function.outputs]:
                if output in gradients:
                    finished = gradients.pop(output)
                    if keep(output):
                        kept[output] = finished
    return kept | gradients


def _added(before: Variable, gx: Variable) -> Variable:
    """The sum of two gradients that meet; it lies in memory as the first one, as torch adds them in place."""
    if recording():
        return before + gx
    return constant(module_of(before.data).accumulate(before.data, gx.data))


def _pull(function: Function, gradients: dict[Variable, Variable]) -> list[Variable | None]:
    """The gradients of a Function's inputs, checked against the inputs."""
    gys = [gradients.get(v) if (v := output()) is not None else None for output in function.outputs]
    if len(gys) > 1:
        gys = [_zeros(y) if gy is None else gy for gy, y in zip(gys, function.results)]
    gxs = function.backward(*gys)
    gxs = gxs if isinstance(gxs, tuple | list) else (gxs,)
    if len(gxs) != len(function.inputs):
        raise GraphError(
            "{kind}.backward returned {gxs} gradients for {inputs} inputs; return one for each, None where "
            "there is none",
            kind=type(function).__name__,
            gxs=len(gxs),
            inputs=len(function.inputs),
        )
    return [_fit(function, x, gx) for x, gx in zip(function.inputs, gxs)]


def _fit(function: Function, x: Variable, gx: Any) -> Variable | None:
    """The gradient of an input has its shape, and its dtype where that is a floating one."""
    if gx is None or not x.requires_grad:
        return None
    gx = as_operand(gx)
    if gx.data.shape != x.data.shape:
        raise ShapeError(
            "{kind}.backward gave a gradient of shape {shape} for an input of shape {shape2}; where forward "
            "broadcasts, backward sums: F.sum_to(gx, x.shape)",
            kind=type(function).__name__,
            shape=gx.shape,
            shape2=x.shape,
        )
    if gx.data.dtype != x.data.dtype and module_of(x.data).is_floating(x.data):
        return cast(Variable, Cast(x.data)(gx))
    return cast(Variable, gx)


class Cast(Function):
    """Another dtype, the same numbers."""

    def __init__(self, like: Array) -> None:
        self.like = like

    def forward(self, x: Array) -> Array:
        self.before = x[..., :0] if x.ndim else x
        return module_of(x).astype(x, self.like)

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, Cast(self.before)(gy))


def _zeros(y: Array) -> Variable:
    return constant(module_of(y).zeros(y.shape, y))


def _separate(gradients: Mapping[Variable, Variable]) -> None:
    """Give each kept gradient its own memory, so that changing one in place changes no other."""
    taken: set[int | None] = {None}  # None: memory that may not be written
    for variable, gradient in gradients.items():
        module = module_of(gradient.data)
        owner = module.memory_of(gradient.data)
        if owner in taken:
            variable.grad = constant(module.copy(gradient.data))
        taken.add(owner)


def _result(y: Any) -> Variable:
    variable = Variable.__new__(Variable)
    variable.data = as_array(y)
    variable.name = variable.grad = variable.creator = None
    variable.generation = 0
    variable.requires_grad = False
    return variable


def _variables(inputs: Sequence[Operand]) -> Sequence[Variable]:
    """Every input as a Variable; raw arrays and numbers become constants, numbers in the dtype of the arrays."""
    arrays = [x.data if isinstance(x, Variable) else x for x in inputs]
    if any(array is None for array in arrays):
        raise GraphError("an input holds no numbers yet (data is None); run its layer once, or give in_size")
    arrays = [array for array in arrays if is_array(array)]
    if len({type(array) for array in arrays}) > 1 and len({module_of(array) for array in arrays}) > 1:
        raise ArrayError(
            "one operation got both a NumPy array and a torch tensor; make them one kind: "
            "torch.as_tensor(array), tensor.numpy(), layer.to_torch() or layer.to_numpy()"
        )
    like = arrays[0] if arrays else None
    return [x if isinstance(x, Variable) else _constant_like(x, like) for x in inputs]


def _constant_like(x: Any, like: Array | None) -> Variable:
    if like is None or is_array(x) or not isinstance(x, bool | int | float | complex | np.generic):
        return constant(x)
    return constant(module_of(like).scalar_like(x, like))
