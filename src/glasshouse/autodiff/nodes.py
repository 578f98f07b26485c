"""What a graph consists of: nodes for Variables and Functions, and edges between them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .arrays import Array

__all__ = ["Edge", "FunctionNode", "Kind", "VariableNode"]

Kind: TypeAlias = Literal["input", "parameter", "constant", "between", "result"]


@dataclass(frozen=True)
class VariableNode:
    """A Variable: what it holds, and its gradient if it has one."""

    id: int
    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: str
    value: Array
    gradient: Array | None


@dataclass(frozen=True)
class FunctionNode:
    """A Function that was called."""

    id: int
    name: str
    formula: str


@dataclass(frozen=True)
class Edge:
    """From a Variable into a Function, or from a Function to its result."""

    source: int
    target: int
