"""The library of "Deep Learning from Scratch 3", step by step: write ``glasshouse.`` in front of the book's imports.

Only names: everything here is `glasshouse.autodiff`, under the modules where the book's readers look for it.
docs/from-the-book.md tells what differs.
"""

from typing import TYPE_CHECKING

from glasshouse.autodiff import (
    Config,
    DataLoader,
    Dataset,
    Function,
    Layer,
    Model,
    Parameter,
    SeqDataLoader,
    Variable,
    as_array,
    as_variable,
    no_grad,
    test_mode,
    using_config,
)
from glasshouse.errors import no_such_name

from . import (
    core,
    core_simple,
    cuda,
    dataloaders,
    datasets,
    functions,
    functions_conv,
    layers,
    models,
    optimizers,
    transforms,
    utils,
)
from .core import setup_variable
from .hints import DEZERO

__all__ = [
    "Config", "DataLoader", "Dataset", "Function", "Layer", "Model", "Parameter", "SeqDataLoader", "Variable",
    "as_array", "as_variable", "core", "core_simple", "cuda", "dataloaders", "datasets", "functions",
    "functions_conv", "is_simple_core", "layers", "models", "no_grad", "optimizers", "setup_variable", "test_mode",
    "transforms", "using_config", "utils",
]  # fmt: skip

is_simple_core = False  # as the book leaves it: the core of the later steps


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, DEZERO)
