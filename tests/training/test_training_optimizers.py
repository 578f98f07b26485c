"""Every optimizer of the recipe learns, goes on from a checkpoint bit for bit, and leaves biases undecayed."""

from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import nn

from glasshouse.recipe import OptimizerRecipe
from glasshouse.training.checkpoints import (
    Position,
    optimizer_tensors,
    read_checkpoint,
    restore_optimizer,
    write_checkpoint,
)
from glasshouse.training.optimizers import OPTIMIZERS, ParameterGroup, build_optimizer, set_rate

RATES = {"sgd": 0.1, "adagrad": 0.1, "adadelta": 10.0, "adamax": 0.05, "rmsprop": 0.02}


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 36, 3))
    return net.to(memory_format=torch.channels_last)  # type: ignore[no-any-return, call-overload]


def steps(net: nn.Module, optimizer: torch.optim.Optimizer, first: int, last: int) -> float:
    loss = torch.zeros(())
    for step in range(first, last):
        draw = torch.Generator().manual_seed(step)
        inputs = torch.randn(12, 3, 8, 8, generator=draw)
        targets = torch.arange(12) % 3
        inputs[torch.arange(12), targets] += 1
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(inputs), targets)
        loss.backward()
        optimizer.step()
    return loss.item()


def recipe(name: str) -> OptimizerRecipe:
    momentum = 0.9 if name in ("sgd", "rmsprop") else 0.0
    return OptimizerRecipe(name=name, momentum=momentum, nesterov=name == "sgd")


def test_the_table_has_every_name_of_the_recipe() -> None:
    assert set(get_args(OptimizerRecipe.model_fields["name"].annotation)) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_an_optimizer_learns_and_goes_on_from_a_file_with_the_same_bits(name: str, tmp_path: Path) -> None:
    ends = []
    for stop in (None, 7):
        net = network()
        optimizer = build_optimizer(recipe(name), [ParameterGroup(list(net.parameters()))])
        set_rate(optimizer, RATES.get(name, 0.01))
        first = steps(net, optimizer, 0, 1)
        if stop is not None:
            steps(net, optimizer, 1, stop)
            tensors, numbers = optimizer_tensors(optimizer)
            write_checkpoint([tmp_path / "a"], tensors, Position(numbers=numbers))
            optimizer = build_optimizer(recipe(name), [ParameterGroup(list(net.parameters()))])
            tensors, position = read_checkpoint(tmp_path / "a")
            restore_optimizer(optimizer, tensors, position.numbers)
            set_rate(optimizer, RATES.get(name, 0.01))
        last = steps(net, optimizer, stop or 1, 20)
        assert last < 0.7 * first
        ends.append([p.detach().clone() for p in net.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*ends))


def test_constants_of_the_recipe_reach_torch() -> None:
    net = network()
    group = [ParameterGroup(list(net.parameters()))]
    adam = build_optimizer(OptimizerRecipe(name="adam", beta1=0.8, beta2=0.95, eps=1e-5), group)
    assert adam.defaults["betas"] == (0.8, 0.95) and adam.defaults["eps"] == 1e-5
    rms = build_optimizer(OptimizerRecipe(name="rmsprop", rho=0.7, momentum=0.1), group)
    assert rms.defaults["alpha"] == 0.7 and rms.defaults["momentum"] == 0.1
    delta = build_optimizer(OptimizerRecipe(name="adadelta", rho=0.6), group)
    assert delta.defaults["rho"] == 0.6


def test_only_weights_decay_and_groups_have_their_scale() -> None:
    net = network()
    parameters = list(net.parameters())
    groups = [ParameterGroup(parameters[:4], 0.1), ParameterGroup(parameters[4:])]
    optimizer = build_optimizer(OptimizerRecipe(weight_decay=0.3), groups)
    set_rate(optimizer, 2.0)
    found = [(len(g["params"]), g["weight_decay"], g["lr"]) for g in optimizer.param_groups]
    assert found == [(1, 0.3, 0.2), (3, 0.0, 0.2), (1, 0.3, 2.0), (1, 0.0, 2.0)]
