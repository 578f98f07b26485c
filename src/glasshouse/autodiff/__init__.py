"""Level 4: automatic differentiation on plain arrays."""

from .core import Function, Parameter, Variable, as_variable, grad
from .operators import attach
from .switches import Config, no_grad, test_mode, using_config

__all__ = [
    "Config", "Function", "Parameter", "Variable", "as_variable", "grad", "no_grad", "test_mode", "using_config",
]  # fmt: skip

attach()
