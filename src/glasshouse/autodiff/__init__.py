"""Level 4: automatic differentiation on plain arrays, small enough to read in an afternoon.

    core.py            Variable, Function, backward: the graph is kept and walked here, and nowhere else
    operators.py       x + y, x.sum(): what a Variable has of the operations
    arithmetic.py …    one file a family of operations, forward and backward side by side
    layer.py …         Layer, Model, optimisers, files of weights
    graph.py           the recorded graph as data, and as a drawing

The words are those of DeZero, the library of "Deep Learning from Scratch 3"; docs/from-the-book.md tells what differs.
"""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from . import cuda, datasets, functions, layers, models, optimizers, transforms, utils
from .arrays import as_array
from .core import Function, Parameter, Variable, as_variable, grad
from .dataloaders import DataLoader, SeqDataLoader
from .datasets import Dataset
from .graph import Graph
from .hints import INSTEAD
from .layer import Layer
from .models import Model
from .operators import Operators
from .randomness import seed
from .switches import Config, no_grad, test_mode, using_config

__all__ = [
    "Config", "DataLoader", "Dataset", "Function", "Graph", "Layer", "Model", "Parameter", "SeqDataLoader",
    "Variable", "as_array", "as_variable", "cuda", "datasets", "functions", "grad", "layers", "models", "no_grad",
    "optimizers", "seed", "test_mode", "transforms", "using_config", "utils",
]  # fmt: skip

Operators.F = functions  # an operation is written on Variables, and a Variable has operations


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, INSTEAD)
