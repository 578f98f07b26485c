"""Optimizers: a literal table from a recipe's name to torch's class and the constants that it takes.

Weight decay concerns weights (two dimensions and more) and leaves biases and normalisation alone, as fastai does
(``wd_bn_bias=False``). It is decoupled for ``adamw`` (Loshchilov and Hutter 2019, arXiv:1711.05101) and an L2 term of
the gradient for the others, as in torch.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from glasshouse.recipe import OptimizerRecipe

__all__ = ["OPTIMIZERS", "ParameterGroup", "build_optimizer", "set_rate"]

GUARDED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that are trained at ``scale`` times the scheduled rate."""

    parameters: Sequence[nn.Parameter]
    scale: float = 1.0


def _sgd(recipe: OptimizerRecipe) -> dict[str, Any]:
    return {"momentum": recipe.momentum, "nesterov": recipe.nesterov}


def _betas(recipe: OptimizerRecipe) -> dict[str, Any]:
    return {"betas": (recipe.beta1, recipe.beta2), **_eps(recipe)}


def _rmsprop(recipe: OptimizerRecipe) -> dict[str, Any]:
    return {"alpha": recipe.rho, "momentum": recipe.momentum, **_eps(recipe)}


def _adadelta(recipe: OptimizerRecipe) -> dict[str, Any]:
    return {"rho": recipe.rho, **_eps(recipe)}


def _eps(recipe: OptimizerRecipe) -> dict[str, Any]:
    return {} if recipe.eps is None else {"eps": recipe.eps}


def _eager(kind: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """Return ``kind`` without the guards for torch.compile around its methods: nothing here is compiled.

    Their first call loads torch's compiler, which takes longer than ``import torch``, in every process that trains.
    """
    plain = {name: inspect.unwrap(getattr(kind, name)) for name in GUARDED}
    return type(kind.__name__, (kind,), {**plain, "step": torch.no_grad()(inspect.unwrap(kind.step))})


OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], Callable[[OptimizerRecipe], dict[str, Any]]]] = {
    "sgd": (_eager(torch.optim.SGD), _sgd),
    "adam": (_eager(torch.optim.Adam), _betas),
    "adamw": (_eager(torch.optim.AdamW), _betas),
    "nadam": (_eager(torch.optim.NAdam), _betas),
    "radam": (_eager(torch.optim.RAdam), _betas),
    "adamax": (_eager(torch.optim.Adamax), _betas),
    "rmsprop": (_eager(torch.optim.RMSprop), _rmsprop),
    "adagrad": (_eager(torch.optim.Adagrad), _eps),
    "adadelta": (_eager(torch.optim.Adadelta), _adadelta),
}


def build_optimizer(recipe: OptimizerRecipe, groups: Sequence[ParameterGroup]) -> torch.optim.Optimizer:
    """Return the optimizer of ``recipe`` over ``groups``; ``set_rate`` must give it a rate before its first step."""
    kind, constants = OPTIMIZERS[recipe.name]
    split: list[dict[str, Any]] = []
    for group in groups:
        decayed = [p for p in group.parameters if p.ndim > 1]
        plain = [p for p in group.parameters if p.ndim <= 1]
        split.append({"params": decayed, "weight_decay": recipe.weight_decay, "scale": group.scale})
        split.append({"params": plain, "weight_decay": 0.0, "scale": group.scale})
    make: Callable[..., torch.optim.Optimizer] = kind
    return make([g for g in split if g["params"]], lr=0.0, **constants(recipe))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every group to ``rate`` times the group's scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
