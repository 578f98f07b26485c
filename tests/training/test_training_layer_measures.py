"""How the layers learn is measured beside a training: known numbers, seldom, and no bit of the training changes."""

import torch
from torch import nn

from glasshouse.training.layer_measures import LayerMeasures, measured_steps
from glasshouse.web.models.layer_learning import layer_learning


def trained(total: int) -> tuple[nn.Sequential, list[dict[str, object]]]:
    """Take 25 steps, measured as a run of ``total`` steps would be."""
    torch.manual_seed(3)
    network = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network[0].bias.data[:3] = -99.0
    measures, found = LayerMeasures(total), []
    for step in range(1, 26):
        with measures.watched(network, step, 1):
            optimizer.zero_grad(set_to_none=True)
            network(torch.rand(8, 4)).square().mean().backward()
            optimizer.step()
        if measures.taken is not None:
            found.append(measures.taken.to_dict())
    return network, found


def test_a_measure_has_the_numbers_of_its_step_and_changes_none() -> None:
    measured, found = trained(25)
    plain, none = trained(24)
    assert none == [] and len(found) == 1 and found[0]["step"] == 25
    assert all(torch.equal(a, b) for a, b in zip(measured.parameters(), plain.parameters()))
    layers = {layer["name"]: layer for layer in found[0]["layers"]}  # type: ignore[attr-defined]
    last = measured[2].weight
    assert last.grad is not None
    before = last.detach() + 0.1 * last.grad
    assert abs(layers["2"]["gradient"] - float(last.grad.norm())) < 1e-6
    assert abs(layers["2"]["update"] - 0.1 * float(last.grad.norm() / before.norm())) < 1e-6
    assert sum(layers["0"]["weights"]["counts"]) == 24 and layers["1"]["dead"] >= 0.5
    rows = {row.name: row for row in layer_learning(found)}
    assert rows["1"].dead == layers["1"]["dead"] and rows["2"].weights.startswith("M")


def test_a_run_is_measured_about_thirty_times_and_a_short_one_never() -> None:
    assert [measured_steps(total) for total in (0, 24, 25, 750, 30_000)] == [0, 0, 25, 25, 1000]
