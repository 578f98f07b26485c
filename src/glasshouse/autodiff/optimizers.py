"""Optimisers, each one formula; and hooks, which change the gradients before the step.

Letters: θ the parameter, g its gradient, α or η the learning rate.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from glasshouse.errors import WeightsError, no_such_name

from .arrays import Array, module_of
from .core import Parameter, constant
from .faults import GraphError
from .hints import OPTIMIZERS
from .layer import Layer
from .weights import read_arrays, write_arrays

__all__ = [
    "SGD", "AdaDelta", "AdaGrad", "Adam", "ClipGrad", "FreezeParam", "MomentumSGD", "Optimizer", "RMSprop",
    "WeightDecay",
]  # fmt: skip

Hook = Callable[[Sequence[Parameter]], None]


class Optimizer:
    """What moves the Parameters of a Layer; a subclass writes `update_one`.

    Source: Deep Learning from Scratch 3, step 46.

    >>> class Signs(Optimizer):
    ...     def update_one(self, param):
    ...         param.data -= 0.1 * np.sign(param.grad.data)
    >>> layer = Layer()
    >>> layer.W = Parameter(np.zeros(2))
    >>> layer.W.grad = constant(np.array([3.0, -3.0]))
    >>> Signs().setup(layer).update()
    >>> layer.W
    variable([-0.1  0.1])
    """

    def __init__(self) -> None:
        self.target: Layer | None = None
        self.hooks: list[Hook] = []
        self.t = 0  # steps taken
        self.memory: dict[Parameter, dict[str, Array]] = {}

    def setup(self, target: Layer) -> Self:
        """Say whose Parameters are moved."""
        self.target = target
        return self

    def add_hook(self, hook: Hook) -> Self:
        """Call ``hook(parameters)`` before each step; it may change or take away their gradients."""
        self.hooks.append(hook)
        return self

    def update(self) -> None:
        """Take one step: the hooks, then `update_one` on each Parameter that still has a gradient."""
        params = [p for p in self._target().params() if p.grad is not None]
        for p in params if self.hooks else []:
            if p.grad is not None:
                p.grad = constant(module_of(p.grad.data).copy(p.grad.data))  # a hook may write into it
        for hook in self.hooks:
            hook([p for p in params if p.grad is not None])
        self.t += 1
        for p in params:
            if p.grad is not None and p.requires_grad:
                self.update_one(p)

    def update_one(self, param: Parameter) -> None:
        """Move one Parameter by its gradient."""
        raise NotImplementedError(f"{type(self).__name__} has no update_one(self, param); write its formula there")

    def remember(self, param: Parameter, *names: str) -> dict[str, Array]:
        """The arrays kept for a Parameter from step to step; zeros at first."""
        memory = self.memory.get(param)
        if memory is None:
            module = module_of(param.data)
            memory = self.memory[param] = {name: module.zeros_like(param.data) for name in names}
        return memory

    def state_dict(self) -> dict[str, Any]:
        """Everything kept from step to step: ``t`` and, for each Parameter by name, its arrays."""
        names = {parameter: name for name, parameter in self._target().named_params().items()}
        arrays = {f"{names[p]}:{key}": array for p, memory in self.memory.items() for key, array in memory.items()}
        return {"t": self.t, **arrays}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken."""
        named = self._target().named_params()
        memory: dict[Parameter, dict[str, Array]] = {}
        for place, array in state.items():
            name, _, key = place.rpartition(":")
            if place != "t":
                if name not in named:
                    raise WeightsError(
                        "the optimiser's state speaks of {name}, which the model does not have", name=name
                    )
                data = named[name].data
                memory.setdefault(named[name], {})[key] = (
                    array.copy() if data is None else module_of(data).copy(module_of(data).array_like(array, data))
                )
        self.t, self.memory = int(state["t"]), memory

    def save_state(self, path: str | Path) -> None:
        """Write the state to a safetensors file."""
        state = self.state_dict()
        arrays = {k: np.asarray(v) if k == "t" else module_of(v).host(v) for k, v in state.items()}
        write_arrays(path, arrays)

    def load_state(self, path: str | Path) -> None:
        """Read the state from a file that `save_state` wrote."""
        self.load_state_dict(read_arrays(path))

    def _target(self) -> Layer:
        if self.target is None:
            raise GraphError("{kind} has nothing to move; call .setup(model) first", kind=type(self).__name__)
        return self.target


def _step(param: Parameter) -> tuple[Array, Array]:
    """θ and g."""
    if param.grad is None:
        raise GraphError("a parameter without gradient cannot be moved; call backward() first")
    return param.data, param.grad.data


class SGD(Optimizer):
    """θ ← θ - η g.

    Source: Robbins and Monro 1951.

    >>> SGD(lr=0.1).lr
    0.1
    """

    def __init__(self, lr: float = 0.01) -> None:
        super().__init__()
        self.lr = lr

    def update_one(self, param: Parameter) -> None:
        θ, g = _step(param)
        θ -= self.lr * g


class MomentumSGD(Optimizer):
    """v ← μ v - η g;  θ ← θ + v.

    Source: Polyak 1964.

    >>> MomentumSGD().momentum
    0.9
    """

    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__()
        self.lr, self.momentum = lr, momentum

    def update_one(self, param: Parameter) -> None:
        (θ, g), kept = _step(param), self.remember(param, "v")
        v = kept["v"]
        v *= self.momentum
        v -= self.lr * g
        θ += v


class AdaGrad(Optimizer):
    """h ← h + g²;  θ ← θ - η g / (√h + ε).

    Source: Duchi, Hazan and Singer 2011, JMLR 12.

    >>> AdaGrad().lr
    0.001
    """

    def __init__(self, lr: float = 0.001, eps: float = 1e-8) -> None:
        super().__init__()
        self.lr, self.eps = lr, eps

    def update_one(self, param: Parameter) -> None:
        (θ, g), kept = _step(param), self.remember(param, "h")
        h = kept["h"]
        h += g * g
        θ -= self.lr * g / (h**0.5 + self.eps)


class AdaDelta(Optimizer):
    """s ← ρ s + (1 - ρ) g²;  δ = √((d + ε) / (s + ε)) g;  d ← ρ d + (1 - ρ) δ²;  θ ← θ - δ.

    Source: Zeiler 2012, arXiv 1212.5701.

    >>> AdaDelta().rho
    0.95
    """

    def __init__(self, rho: float = 0.95, eps: float = 1e-6) -> None:
        super().__init__()
        self.rho, self.eps = rho, eps

    def update_one(self, param: Parameter) -> None:
        (θ, g), kept, ρ, ε = _step(param), self.remember(param, "s", "d"), self.rho, self.eps
        s, d = kept["s"], kept["d"]
        s *= ρ
        s += (1 - ρ) * g * g
        δ = ((d + ε) / (s + ε)) ** 0.5 * g
        d *= ρ
        d += (1 - ρ) * δ * δ
        θ -= δ


class RMSprop(Optimizer):
    """s ← ρ s + (1 - ρ) g²;  θ ← θ - η g / (√s + ε).

    Source: Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6e.

    Args:
        eps_inside: divide by √(s + ε), as Keras does; torch divides by √s + ε.

    >>> RMSprop().rho
    0.9
    """

    def __init__(self, lr: float = 0.001, rho: float = 0.9, eps: float = 1e-7, *, eps_inside: bool = False) -> None:
        super().__init__()
        self.lr, self.rho, self.eps, self.eps_inside = lr, rho, eps, eps_inside

    def update_one(self, param: Parameter) -> None:
        (θ, g), kept, ρ, ε = _step(param), self.remember(param, "s"), self.rho, self.eps
        s = kept["s"]
        s *= ρ
        s += (1 - ρ) * g * g
        θ -= self.lr * g / ((s + ε) ** 0.5 if self.eps_inside else s**0.5 + ε)


class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - α √(1 - β₂ᵗ) / (1 - β₁ᵗ) m / (√v + ε).

    Source: Kingma and Ba 2015, arXiv 1412.6980, in the order of its section 2, as the book and Keras have it.

    Args:
        eps_after: θ ← θ - α m̂ / (√v̂ + ε) with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ): Algorithm 1, as torch has it.

    >>> Adam().alpha
    0.001
    """

    def __init__(
        self, alpha: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, *,
        eps_after: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.alpha, self.beta1, self.beta2, self.eps, self.eps_after = alpha, beta1, beta2, eps, eps_after

    @property
    def lr(self) -> float:
        """The learning rate of this step: α √(1 - β₂ᵗ) / (1 - β₁ᵗ)."""
        return float(self.alpha * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t))

    def update_one(self, param: Parameter) -> None:
        (θ, g), kept = _step(param), self.remember(param, "m", "v")
        m, v = kept["m"], kept["v"]
        m += (1 - self.beta1) * (g - m)
        v += (1 - self.beta2) * (g * g - v)
        ε = self.eps * (1 - self.beta2**self.t) ** 0.5 if self.eps_after else self.eps
        θ -= self.lr * m / (v**0.5 + ε)


class WeightDecay:
    """g ← g + rate θ: a hook that draws every Parameter towards 0.

    Source: Krogh and Hertz 1991.

    >>> WeightDecay(1e-4).rate
    0.0001
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, params: Sequence[Parameter]) -> None:
        for param in params:
            θ, g = _step(param)
            param.grad = constant(g + self.rate * θ)


class ClipGrad:
    """g ← g min(1, max_norm / ‖g‖) with the norm over all Parameters together: a hook.

    Source: Pascanu, Mikolov and Bengio 2013, arXiv 1211.5063.

    >>> ClipGrad(1.0).max_norm
    1.0
    """

    def __init__(self, max_norm: float) -> None:
        self.max_norm = max_norm

    def __call__(self, params: Sequence[Parameter]) -> None:
        norm = sum(float((_step(param)[1] ** 2).sum()) for param in params) ** 0.5
        rate = self.max_norm / (norm + 1e-6)
        for param in params if rate < 1 else []:
            param.grad = constant(_step(param)[1] * rate)


class FreezeParam:
    """A hook that takes the gradients of some Layers or Parameters away, so that they are not moved.

    >>> FreezeParam(Layer())([])
    """

    def __init__(self, *frozen: Layer | Parameter) -> None:
        self.frozen = frozen

    def __call__(self, params: Sequence[Parameter]) -> None:
        for part in self.frozen:
            for param in [part] if isinstance(part, Parameter) else part.params():
                param.grad = None


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, OPTIMIZERS)
