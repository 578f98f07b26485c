"""The patch of a picture that a place in a layer's map answers to: by arithmetic, or by where the gradient is."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from glasshouse.explanation.layers.boxes import ReceptiveField, middle_of
from glasshouse.explanation.layers.fields import Field, traced_fields
from glasshouse.explanation.layers.watching import Call, Convolution, watching

__all__ = ["MASS", "receptive_fields"]

MASS = 0.95  # of the gradient's size that an effective field holds


def receptive_fields(network: nn.Module, found: Sequence[Convolution], x: Tensor) -> dict[str, ReceptiveField]:
    """Return the field of every convolution by name; the pictures x (n, C, H, W) are for the effective ones."""
    traced = traced_fields(network, x[:1])
    fields = {one.name: _field(one, traced[one.seen], x) for one in found}
    large = [one for one in found if fields[one.name].exceeds]
    reaches = _reaches(network, large, fields, x) if large else {}
    return {
        name: ReceptiveField(f.height, f.width, f.rows, f.columns, f.down, f.across, reaches.get(name))
        for name, f in fields.items()
    }


def _field(one: Convolution, traced: Field, x: Tensor) -> ReceptiveField:
    rows, columns = int(x.shape[2]), int(x.shape[3])
    return ReceptiveField(one.height, one.width, rows, columns, traced.rows, traced.columns)


def _reaches(
    network: nn.Module, large: Sequence[Convolution], fields: Mapping[str, ReceptiveField], x: Tensor
) -> dict[str, float]:
    """How far around the middle of the field 95 % of the gradient lies: the median over the pictures x."""
    wanted, outputs = {one.seen for one in large}, dict[str, Tensor]()

    def see(call: Call) -> None:
        if call.name in wanted:
            outputs[call.name] = call.output

    x = x.detach().clone().requires_grad_()
    found = {}
    with watching(network, see), torch.enable_grad():
        network(x)
    for one in large:
        y = outputs[one.seen].flatten(2)
        values, places = y.max(2)
        filters = values.argmax(1)
        total = values.gather(1, filters[:, None]).sum()
        (gradient,) = torch.autograd.grad(total, x, retain_graph=True)
        best = places.gather(1, filters[:, None])[:, 0]
        reaches = [_reach(g, int(place), fields[one.name]) for g, place in zip(gradient.abs().sum(1), best)]
        if known := [reach for reach in reaches if reach is not None]:
            found[one.name] = float(np.median(known))
    return found


def _reach(mass: Tensor, place: int, field: ReceptiveField) -> float | None:
    """How far from the middle (in rows or columns, whichever is more) 95 % of the mass (H, W) is reached."""
    total = float(mass.sum())
    if not total > 0 or not math.isfinite(total):
        return None
    i, j = divmod(place, field.width)
    y = torch.arange(field.rows) - middle_of(i, field.height, field.rows, field.down)
    x = torch.arange(field.columns) - middle_of(j, field.width, field.columns, field.across)
    far = torch.maximum(y.abs()[:, None], x.abs()[None, :]).flatten()
    order = far.argsort()
    held = mass.flatten()[order].cumsum(0) / total
    return float(far[order][min(int((held < MASS).sum()), len(held) - 1)])
