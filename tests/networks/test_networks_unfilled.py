"""Networks whose weights are read draw none before, and are the same afterwards."""

import pytest
import torch
from torch import nn

from glasshouse.networks.build import construct, frame
from glasshouse.networks.own import OWN, Head
from glasshouse.networks.resolved import ResolvedNetwork, resolve
from glasshouse.networks.unfilled import Unfilled


def resolved(name: str) -> ResolvedNetwork:
    return resolve(name, classes=3, channels=3, width=64, height=64)


@pytest.mark.parametrize("name", ["LeNet", "ResNet18", "MobileNetV2", "EfficientNetLite0", "resnet10t"])
def test_a_network_read_into_its_frame_is_the_one_that_was_built(name: str) -> None:
    drawn, read = construct(resolved(name), seed=3).module.eval(), frame(resolved(name), dropout=0.5).eval()
    assert repr(read) == repr(construct(resolved(name), dropout=0.5).module.eval())
    read.load_state_dict(drawn.state_dict(), strict=True)
    x = torch.linspace(-1, 1, 2 * 3 * 64 * 64).reshape(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(drawn(x), read(x))


def test_nothing_is_drawn_within() -> None:
    part = nn.Linear(2, 2)
    state = torch.random.get_rng_state()
    with Unfilled(), torch.no_grad():
        nn.init.kaiming_uniform_(part.weight.fill_(5))
        assert torch.equal(part.weight, torch.full((2, 2), 5.0))
        assert torch.equal(nn.init.normal_(part.weight, 3), torch.full((2, 2), 3.0))
        assert torch.equal(part.weight.uniform_(2, 4), torch.full((2, 2), 2.0))
        assert torch.equal(nn.init.uniform_(part.weight, a=-1), torch.full((2, 2), -1.0))
    assert torch.equal(torch.random.get_rng_state(), state)
    nn.init.ones_(part.weight)
    assert part.weight.sum() == 4


@pytest.mark.parametrize("before", [1e13, float("nan"), float("inf")])
def test_a_drawing_within_bounds_ends_whatever_the_memory_held(before: float) -> None:
    part = nn.Linear(2, 2)
    with Unfilled(), torch.no_grad():
        part.weight.fill_(before)
        for low, high in ((-2, 2), (1, 3), (-0.01, 0.01)):
            nn.init.trunc_normal_(part.weight, a=low, b=high)
            assert ((low <= part.weight) & (part.weight <= high)).all()


class Remembering(nn.Module):
    """Has numbers that no file of weights holds."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.head = Head(8, 3)
        self.register_buffer("drawn", torch.empty(4).normal_(), persistent=False)


def test_a_buffer_that_no_file_holds_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OWN, "lenet", Remembering)
    one, other = frame(resolved("LeNet")), construct(resolved("LeNet"), seed=0).module
    assert torch.equal(one.get_buffer("drawn"), other.get_buffer("drawn"))
