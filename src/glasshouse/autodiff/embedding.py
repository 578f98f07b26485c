"""Embedding: whole numbers to rows of a table."""

from typing import Any

from .arrays import module_of
from .core import Operand, Variable, as_operand
from .indexing import get_item

__all__ = ["embed_id"]


def embed_id(x: Any, W: Operand) -> Variable:
    """y = W[x]: the row of each id; a row that was looked up twice gets both gradients. x any shape, W (V, D).

    >>> embed_id(np.array([2, 0]), np.array([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]]))
    variable([[2.  2.1]
              [0.  0.1]])
    """
    W = as_operand(W)
    return get_item(W, module_of(W.data).labels_like(x.data if isinstance(x, Variable) else x, W.data))
