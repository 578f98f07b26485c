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
    with Unfilled():
        part = nn.Linear(2, 2)
        before = part.weight.detach().clone()
        nn.init.normal_(part.weight)
        nn.init.trunc_normal_(tensor=part.weight)
    assert torch.equal(part.weight.nan_to_num(), before.nan_to_num())
    nn.init.ones_(part.weight)
    assert part.weight.sum() == 4


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
