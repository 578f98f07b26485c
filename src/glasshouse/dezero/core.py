"""``dezero.core``: Variable, Function, and the operations behind + - * /."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import arithmetic
from glasshouse.autodiff.arithmetic import *
from glasshouse.autodiff.arrays import as_array
from glasshouse.autodiff.core import Function, Parameter, Variable, as_variable
from glasshouse.autodiff.switches import Config, no_grad, test_mode, using_config

__all__ = [
    "Config", "Function", "Parameter", "Variable", "as_array", "as_variable", "no_grad", "setup_variable", "test_mode",
    "using_config",
]  # fmt: skip
__all__ += arithmetic.__all__


def setup_variable() -> None:
    """Nothing to do: a Variable has its operators from the start. Kept for the book's code."""
