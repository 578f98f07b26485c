"""What is on a Variable itself: + - * / ** @ < > -x abs() [], and a few methods of arrays.

Each is one operation of `functions.py` under its own name there, with the Variable as the first input. They are typed
here and computed in the file of their family; neither can be imported first, so the package introduces them: ``F``.
"""
# mypy: disable-error-code="no-any-return"

from typing import Any, ClassVar, Generic, TypeVar

from .arrays import Array, Axes
from .faults import ArrayError

__all__ = ["Operators"]

V = TypeVar("V")


class Operators(Generic[V]):
    """The operators of a Variable V; the other side may be a Variable, an array or a number."""

    __slots__ = ()

    data: Array
    F: ClassVar[Any]  # the operations, glasshouse.autodiff.functions: they are written on Variables

    def __add__(self, other: V | Array) -> V:
        return self.F.add(self, other)

    def __radd__(self, other: V | Array) -> V:
        return self.F.add(self, other)

    def __sub__(self, other: V | Array) -> V:
        return self.F.sub(self, other)

    def __rsub__(self, other: V | Array) -> V:
        return self.F.rsub(self, other)

    def __mul__(self, other: V | Array) -> V:
        return self.F.mul(self, other)

    def __rmul__(self, other: V | Array) -> V:
        return self.F.mul(self, other)

    def __truediv__(self, other: V | Array) -> V:
        return self.F.div(self, other)

    def __rtruediv__(self, other: V | Array) -> V:
        return self.F.rdiv(self, other)

    def __pow__(self, other: V | Array) -> V:
        return self.F.pow(self, other)

    def __rpow__(self, other: V | Array) -> V:
        return self.F.rpow(self, other)

    def __matmul__(self, other: V | Array) -> V:
        return self.F.matmul(self, other)

    def __rmatmul__(self, other: V | Array) -> V:
        return self.F.matmul(other, self)

    def __neg__(self) -> V:
        return self.F.neg(self)

    def __abs__(self) -> V:
        return self.F.absolute(self)

    def __getitem__(self, index: Any) -> V:
        return self.F.get_item(self, index)

    def reshape(self, *shape: Any) -> V:
        return self.F.reshape(self, *shape)

    def transpose(self, *axes: Any) -> V:
        return self.F.transpose(self, *axes)

    @property
    def T(self) -> V:  # noqa: N802
        return self.F.transpose(self)

    def sum(self, axis: Axes = None, keepdims: bool = False) -> V:
        return self.F.sum(self, axis, keepdims)

    def mean(self, axis: Axes = None, keepdims: bool = False) -> V:
        return self.F.mean(self, axis, keepdims)

    def max(self, axis: Axes = None, keepdims: bool = False) -> V:
        return self.F.max(self, axis, keepdims)

    def min(self, axis: Axes = None, keepdims: bool = False) -> V:
        return self.F.min(self, axis, keepdims)

    def matmul(self, W: V | Array) -> V:
        return self.F.matmul(self, W)

    def dot(self, W: V | Array) -> V:
        return self.F.matmul(self, W)

    def __lt__(self, other: Any) -> Array:
        return self.data < _raw(other)

    def __le__(self, other: Any) -> Array:
        return self.data <= _raw(other)

    def __gt__(self, other: Any) -> Array:
        return self.data > _raw(other)

    def __ge__(self, other: Any) -> Array:
        return self.data >= _raw(other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **_: Any) -> Any:
        """NumPy's own functions, called with a Variable: array + Variable is an operation, np.sin(x) an error.

        Raises:
            ArrayError: NumPy would compute past the graph, or write a Variable's numbers into an array in place.
        """
        operator = _OPERATORS.get(ufunc.__name__) if method == "__call__" else None
        if operator is None:
            raise _other_way(ufunc.__name__, self.F)
        if out is not None:
            raise ArrayError(
                "an array is changed in place by a Variable; a gradient is a Variable too, and holds its array in "
                ".data: write x.data -= lr * x.grad.data"
            )
        first, second = inputs
        if isinstance(first, Operators):
            return getattr(first, f"__{operator}__")(second)
        return getattr(second, _REFLECTED.get(operator, f"__r{operator}__"))(first)


_OPERATORS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "true_divide": "truediv", "power": "pow",
    "matmul": "matmul", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
_REFLECTED = {"lt": "__gt__", "le": "__ge__", "gt": "__lt__", "ge": "__le__"}
_OUR_NAMES = {"maximum": "maximum", "minimum": "minimum", "negative": "neg", "absolute": "absolute"}


def _other_way(name: str, functions: Any) -> ArrayError:
    ours = _OUR_NAMES.get(name, name)
    if hasattr(functions, ours):
        return ArrayError("np.{name} would lose the graph of a Variable; write F.{ours}(x)", name=name, ours=ours)
    return ArrayError(
        "np.{name} would lose the graph of a Variable; compute on x.data if no derivative is needed, else write a "
        "Function with forward and backward",
        name=name,
    )


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, Operators) else x
