"""The written formulas of the optimisers give torch's numbers, at the first step and later ones."""

from typing import Any

import pytest
import torch

from glasshouse.explanation.updates import FORMULAS, update
from glasshouse.recipe import OptimizerRecipe
from glasshouse.training.optimizers import ParameterGroup, build_optimizer, set_rate

CASES = [
    *[{"name": name} for name in FORMULAS],
    {"name": "sgd", "momentum": 0.9},
    {"name": "sgd", "momentum": 0.9, "nesterov": True},
    {"name": "rmsprop", "momentum": 0.5},
    {"name": "adam", "eps": 1e-3, "beta1": 0.5},
]


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("settings", CASES, ids=lambda s: "-".join(map(str, s.values())))
def test_seven_steps_are_those_of_torch(settings: dict[str, Any], decay: float) -> None:
    recipe = OptimizerRecipe(**settings, weight_decay=decay)
    held = torch.nn.Parameter(torch.tensor([[0.7]], dtype=torch.float64))
    optimizer = build_optimizer(recipe, [ParameterGroup([held])])
    weight, kept = 0.7, {}
    for step, gradient in enumerate((0.2, -0.4, 0.1, 0.3, -0.6, 0.05, 0.4)):
        rate = 0.1 / (1 + step)
        set_rate(optimizer, rate)
        held.grad = torch.tensor([[gradient]], dtype=torch.float64)
        optimizer.step()
        found = update(recipe, weight, gradient, rate, decay, kept)
        assert found.after == pytest.approx(held.item(), rel=1e-7, abs=1e-10)  # torch keeps some numbers in float32
        assert found.lines[-1].value == found.after
        assert found.before == weight
        weight, kept = found.after, dict(found.kept)
        state = optimizer.state[held]
        assert set(kept) <= set(state)
        for name, value in kept.items():
            assert value == pytest.approx(float(state[name]), rel=1e-6)


def test_every_optimizer_of_a_recipe_has_its_formula() -> None:
    names = OptimizerRecipe.model_fields["name"].annotation.__args__  # type: ignore[union-attr]
    assert set(FORMULAS) == set(names)
