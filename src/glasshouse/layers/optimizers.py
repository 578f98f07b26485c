"""Optimizers with Keras' formulas and defaults; they differ from torch's in where epsilon stands and in how large.

    p weights, g their gradient, t the number of the step from 1, lr the learning rate

A class is settings; `slots` names the numbers it keeps beside each p, `step` is the formula, on lists of torch tensors.
Source: Keras 3; papers at the classes.
"""

import difflib
import importlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "OPTIMIZERS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Nadam", "Optimizer", "RMSprop", "optimizer_of",
]  # fmt: skip

Many: TypeAlias = "list[Tensor]"  # one for each p


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """What all optimizers share.

    ``clipnorm`` shortens each gradient to that length, ``global_clipnorm`` all of them together, ``clipvalue`` bounds
    each number; ``weight_decay`` first takes lr weight_decay p off.
    """

    learning_rate: float = 0.001
    weight_decay: float | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    clipvalue: float | None = None
    slots: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not self.learning_rate >= 0:
            raise NetworkError(
                "the learning rate is a number from 0 on, got {learning_rate}", learning_rate=repr(self.learning_rate)
            )

    def start(self, p: "Tensor") -> "list[Tensor | None]":
        """The numbers kept beside one p, in the order of `slots`."""
        return [_torch().zeros_like(p) for _ in self.slots]

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        """Move ps in place."""
        raise NotImplementedError

    def move(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        """Clip, decay, step: one update of all weights."""
        torch = _torch()
        if self.clipnorm is not None:
            gs = [g * (self.clipnorm / g.norm().clamp(min=self.clipnorm)) for g in gs]
        if self.global_clipnorm is not None:
            length = torch.stack([g.norm() for g in gs]).norm()
            gs = [g * (self.global_clipnorm / length.clamp(min=self.global_clipnorm)) for g in gs]
        if self.clipvalue is not None:
            gs = [g.clamp(-self.clipvalue, self.clipvalue) for g in gs]
        if self.weight_decay:
            torch._foreach_mul_(ps, 1 - self.learning_rate * self.weight_decay)
        self.step(ps, gs, kept, t)

    def to_dict(self) -> dict[str, Any]:
        """Settings that JSON can hold."""
        return {"name": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """p ← p - lr g; with momentum m ← momentum m - lr g, p ← p + m."""

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    slots = ("momentum",)

    def start(self, p: "Tensor") -> "list[Tensor | None]":
        return super().start(p) if self.momentum else [None]

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        torch, lr, (m,) = _torch(), self.learning_rate, kept
        if not self.momentum:
            torch._foreach_add_(ps, gs, alpha=-lr)
            return
        torch._foreach_mul_(m, self.momentum)
        torch._foreach_add_(m, gs, alpha=-lr)
        if self.nesterov:
            torch._foreach_add_(ps, m, alpha=self.momentum)
            torch._foreach_add_(ps, gs, alpha=-lr)
        else:
            torch._foreach_add_(ps, m)


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """v ← rho v + (1 - rho) g²;  p ← p - lr g / √(v + epsilon).

    Source: Tieleman and Hinton 2012. torch has √v + epsilon, rho 0.99, epsilon 1e-8 and lr 0.01.
    """

    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False
    slots = ("velocity", "momentum", "average")

    def start(self, p: "Tensor") -> "list[Tensor | None]":
        v, m, a = super().start(p)
        return [v, m if self.momentum else None, a if self.centered else None]

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        torch, (v, m, average) = _torch(), kept
        torch._foreach_mul_(v, self.rho)
        torch._foreach_addcmul_(v, gs, gs, value=1 - self.rho)
        below = torch._foreach_add(v, self.epsilon)
        if self.centered:
            torch._foreach_mul_(average, self.rho)
            torch._foreach_add_(average, gs, alpha=1 - self.rho)
            torch._foreach_addcmul_(below, average, average, value=-1)
        torch._foreach_sqrt_(below)
        if self.momentum:
            torch._foreach_mul_(m, self.momentum)
            torch._foreach_addcdiv_(m, gs, below, value=self.learning_rate)
            torch._foreach_sub_(ps, m)
        else:
            torch._foreach_addcdiv_(ps, gs, below, value=-self.learning_rate)


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  p ← p - lr √(1 - β₂ᵗ) / (1 - β₁ᵗ) m / (√v + epsilon).

    Source: Kingma and Ba 2014, arXiv 1412.6980, in the form at the end of section 2: torch divides v by (1 - β₂ᵗ)
    before it adds epsilon, so that Keras' 1e-7 is a larger epsilon in the first steps.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False
    slots = ("momentum", "velocity", "largest")

    def start(self, p: "Tensor") -> "list[Tensor | None]":
        m, v, largest = super().start(p)
        return [m, v, largest if self.amsgrad else None]

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        torch, (m, v, largest) = _torch(), kept
        torch._foreach_lerp_(m, gs, 1 - self.beta_1)
        torch._foreach_mul_(v, self.beta_2)
        torch._foreach_addcmul_(v, gs, gs, value=1 - self.beta_2)
        if self.amsgrad:
            torch._foreach_maximum_(largest, v)
        below = torch._foreach_sqrt(largest if self.amsgrad else v)
        torch._foreach_add_(below, self.epsilon)
        rate = self.learning_rate * (1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t)
        torch._foreach_addcdiv_(ps, m, below, value=-rate)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay 0.004. Source: Loshchilov and Hutter 2017, arXiv 1711.05101."""

    weight_decay: float | None = 0.004


@dataclass(frozen=True, kw_only=True)
class Nadam(Optimizer):
    """Adam with Nesterov's momentum. Source: Dozat 2016."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    slots = ("momentum", "velocity", "product")

    def start(self, p: "Tensor") -> "list[Tensor | None]":
        m, v, _ = super().start(p)
        return [m, v, _torch().ones((), device=p.device)]

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        torch, (m, v, product) = _torch(), kept
        now, after = (self.beta_1 * (1 - 0.5 * 0.96**n) for n in (t, t + 1))
        torch._foreach_mul_(product, now)
        torch._foreach_lerp_(m, gs, 1 - self.beta_1)
        torch._foreach_mul_(v, self.beta_2)
        torch._foreach_addcmul_(v, gs, gs, value=1 - self.beta_2)
        below = torch._foreach_div(v, 1 - self.beta_2**t)
        torch._foreach_sqrt_(below)
        torch._foreach_add_(below, self.epsilon)
        for p, g, mean, under, u in zip(ps, gs, m, below, product):
            p.sub_(self.learning_rate * (after * mean / (1 - u * after) + (1 - now) * g / (1 - u)) / under)


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """a ← a + g²;  p ← p - lr g / √(a + epsilon). Source: Duchi and others 2011, JMLR 12."""

    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7
    slots = ("accumulator",)

    def start(self, p: "Tensor") -> "list[Tensor | None]":
        return [_torch().full_like(p, self.initial_accumulator_value)]

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        torch, (a,) = _torch(), kept
        torch._foreach_addcmul_(a, gs, gs, value=1)
        below = torch._foreach_add(a, self.epsilon)
        torch._foreach_sqrt_(below)
        torch._foreach_addcdiv_(ps, gs, below, value=-self.learning_rate)


@dataclass(frozen=True, kw_only=True)
class Adadelta(Optimizer):
    """a ← rho a + (1 - rho) g²;  d = -√(b + epsilon) / √(a + epsilon) g;  b ← rho b + (1 - rho) d²;  p ← p + lr d.

    Source: Zeiler 2012, arXiv 1212.5701.
    """

    rho: float = 0.95
    epsilon: float = 1e-7
    slots = ("gradient", "delta")

    def step(self, ps: Many, gs: Many, kept: Sequence[Many], t: int) -> None:
        torch, (a, b) = _torch(), kept
        torch._foreach_mul_(a, self.rho)
        torch._foreach_addcmul_(a, gs, gs, value=1 - self.rho)
        d = [-((before + self.epsilon) / (now + self.epsilon)).sqrt() * g for before, now, g in zip(b, a, gs)]
        torch._foreach_mul_(b, self.rho)
        torch._foreach_addcmul_(b, d, d, value=1 - self.rho)
        torch._foreach_add_(ps, d, alpha=self.learning_rate)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "adadelta": Adadelta,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "rmsprop": RMSprop,
    "sgd": SGD,
}


def optimizer_of(given: Any) -> Optimizer:
    """An optimizer from itself, a word, or the dictionary of `to_dict`."""
    if isinstance(given, Optimizer):
        return given
    settings = dict(given) if isinstance(given, dict) else {"name": given}
    word = str(settings.pop("name", "")).lower()
    if word not in OPTIMIZERS:
        close = difflib.get_close_matches(word, OPTIMIZERS, n=1)
        hint = (
            Message("; did you mean {close}?", close=close[0])
            if close
            else Message("; there are {names}", names=", ".join(OPTIMIZERS))
        )
        raise NetworkError("no optimizer {given}{hint}", given=repr(given), hint=hint)
    kind = OPTIMIZERS[word]
    unknown = set(settings) - set(kind.__dataclass_fields__)
    if unknown:
        raise NetworkError(
            "{kind} has no {unknown}; it has {dataclass_fields}",
            kind=kind.__name__,
            unknown=", ".join(sorted(unknown)),
            dataclass_fields=", ".join(kind.__dataclass_fields__),
        )
    return kind(**settings)


def _torch() -> Any:
    return importlib.import_module("torch")
