"""What stands on a Variable itself: + - * / ** @ < > -x abs() [] and a few methods, in one table."""

from typing import Any

from . import arithmetic, comparison, cuda, indexing, linear, reduction, shaping
from .core import Variable

__all__ = ["OPERATORS", "attach"]


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, Variable) else x


OPERATORS: dict[str, Any] = {
    "__abs__": comparison.absolute,
    "__add__": arithmetic.add,
    "__ge__": lambda self, other: self.data >= _raw(other),
    "__getitem__": indexing.get_item,
    "__gt__": lambda self, other: self.data > _raw(other),
    "__le__": lambda self, other: self.data <= _raw(other),
    "__lt__": lambda self, other: self.data < _raw(other),
    "__matmul__": linear.matmul,
    "__mul__": arithmetic.mul,
    "__neg__": arithmetic.neg,
    "__pow__": arithmetic.pow,
    "__radd__": arithmetic.add,
    "__rmatmul__": lambda self, other: linear.matmul(other, self),
    "__rmul__": arithmetic.mul,
    "__rpow__": arithmetic.rpow,
    "__rsub__": arithmetic.rsub,
    "__rtruediv__": arithmetic.rdiv,
    "__sub__": arithmetic.sub,
    "__truediv__": arithmetic.div,
    "T": property(lambda self: shaping.transpose(self)),
    "dot": linear.matmul,
    "matmul": linear.matmul,
    "max": reduction.max,
    "mean": reduction.mean,
    "min": reduction.min,
    "reshape": shaping.reshape,
    "sum": reduction.sum,
    "to_cpu": cuda.to_cpu,
    "to_gpu": cuda.to_gpu,
    "transpose": shaping.transpose,
}


def attach() -> None:
    """Put the operators on Variable: done once, by the package, because the operations need Variable first."""
    for name, operation in OPERATORS.items():
        setattr(Variable, name, operation)
