"""A picture drawn by gradient ascent shows what a filter looks for."""

import torch
from torch import nn

from glasshouse.explanation.layers.ascent import ascended, response


def edges() -> nn.Module:
    """One layer: a filter of upright edges, light on the right, and one of lying edges."""
    conv = nn.Conv2d(1, 2, 3, bias=False).requires_grad_(requires_grad=False)
    upright = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
    conv.weight.data = torch.stack([upright, upright.T])[:, None]
    return nn.Sequential(conv)


def test_the_drawn_picture_excites_its_filter_more_than_noise_and_other_filters() -> None:
    module, shape = edges(), (1, 16, 16)
    noise = torch.rand(8, *shape, generator=torch.Generator().manual_seed(1))
    for unit in (0, 1):
        drawn = ascended(module, "0", unit, shape)
        assert drawn.shape == shape
        assert 0 <= float(drawn.min()) < float(drawn.max()) <= 1
        own, other = (float(response(module, "0", drawn[None])[0, k].relu().mean()) for k in (unit, 1 - unit))
        assert own > 2 * float(response(module, "0", noise)[:, unit].relu().mean((1, 2)).max())
        assert own > 2 * other


def test_the_same_seed_draws_the_same_picture() -> None:
    first, second = (ascended(edges(), "0", 0, (1, 8, 8), seed=4, steps=3) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, ascended(edges(), "0", 0, (1, 8, 8), seed=5, steps=3))
