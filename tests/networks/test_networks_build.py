"""Every network passes the same list: shapes, features, groups, grey, sizes; those that are quickly made, seeds too."""

import pytest
import torch
from torch import nn

from glasshouse.errors import NetworkError
from glasshouse.networks.build import Built, build
from glasshouse.networks.catalogue import CATALOGUE

LARGE = ("AlexNet", "VGG16", "VGG19")
SMALL = [name for name in CATALOGUE if name not in LARGE]
QUICK = [name for name in SMALL if CATALOGUE[name].parameters < 8e6]
TIMM = ("mobilenetv3_small_050", "vit_tiny_patch16_224", "dpn48b", "convnext_atto")


def built_small(name: str, channels: int = 3, classes: int = 3, seed: int = 1) -> Built:
    side = 224 if name.startswith("vit") else max(32, CATALOGUE[name].least if name in CATALOGUE else 64)
    built = build(name, classes, channels, side, side, seed=seed)
    built.module.eval()
    return built


def pictures_for(built: Built, channels: int, count: int = 2) -> torch.Tensor:
    name = built.entry.name
    side = 224 if name.startswith("vit") else max(32, built.entry.least if name in CATALOGUE else 64)
    return torch.randn(count, channels, side, side)


@pytest.mark.parametrize("name", [*SMALL, *TIMM])
def test_head_features_and_groups(name: str) -> None:
    built = built_small(name)
    x = pictures_for(built, 3)
    with torch.no_grad():
        logits, features = built.module(x), built.features(x)
    assert logits.shape == (2, 3) and features.shape == (2, built.feature_count)
    torch.testing.assert_close(built.head(features), logits, atol=1e-4, rtol=1e-4)
    early, late, head = built.groups()
    assert [id(p) for p in head] == [id(p) for p in built.head.parameters()]
    assert sorted(map(id, [*early, *late, *head])) == sorted(id(p) for p in built.module.parameters())
    assert late and (early or name == "Dense128")


@pytest.mark.parametrize("name", [*SMALL, *TIMM])
def test_grey_pictures(name: str) -> None:
    built = built_small(name, channels=1)
    with torch.no_grad():
        assert built.module(pictures_for(built, 1)).shape == (2, 3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", LARGE)
def test_a_large_network_passes_the_list_without_its_numbers(name: str, channels: int) -> None:
    """On no device, so that nobody draws a hundred million weights."""
    side = CATALOGUE[name].least
    with torch.device("meta"):
        built = build(name, 3, channels, side, side)
        logits, features = built.module.eval()(x := torch.empty(2, channels, side, side)), built.features(x)
    assert logits.shape == built.head(features).shape == (2, 3) and features.shape == (2, built.feature_count)
    early, late, head = built.groups()
    assert early and late and [id(p) for p in head] == [id(p) for p in built.head.parameters()]
    assert sorted(map(id, [*early, *late, *head])) == sorted(id(p) for p in built.module.parameters())


@pytest.mark.parametrize("name", [*QUICK, "ResNet18", "mobilenetv3_small_050"])
def test_weights_are_a_function_of_the_seed_alone(name: str) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, other = built_small(name, seed=1), built_small(name, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    again = built_small(name, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(first.module.parameters(), again.module.parameters()))
    assert not torch.equal(first.head.weight, other.head.weight)


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.least > 1])
def test_the_least_side_is_stated(name: str) -> None:
    least = CATALOGUE[name].least
    with torch.device("meta"):
        built = build(name, 2, 3, least, least)
        built.module.eval()
        assert built.module(torch.empty(2, 3, least, least)).shape == (2, 2)
    expected = f"{name} needs pictures of at least {least}x{least}, these are {least - 1}x300"
    with pytest.raises(NetworkError, match=expected):
        build(name, 2, 3, least - 1, 300)


@pytest.mark.parametrize("name", ["AlexNet", "VGG16", "InceptionV3", "GoogLeNet", "SqueezeNet"])
def test_less_than_the_least_side_would_fail(name: str) -> None:
    with torch.device("meta"):
        built = build(name, 2, 3, 300, 300)
        with pytest.raises(RuntimeError):
            built.module(torch.empty(2, 3, CATALOGUE[name].least - 1, 300))


@pytest.mark.parametrize(
    ("name", "side", "reason"),
    [
        ("deit_tiny_distilled_patch16_224", 224, "one dense layer"),
        ("crossvit_tiny_240", 240, "several heads"),
        ("inception_v4", 30, "made for 299x299"),
    ],
)
def test_a_timm_network_that_does_not_fit_is_told(name: str, side: int, reason: str) -> None:
    with pytest.raises(NetworkError, match=reason):
        build(name, 2, 3, side, side)


def test_a_timm_network_with_two_heads_in_one_gets_a_single_one() -> None:
    """RepVit, which is recommended, has a head and one that learned from a teacher."""
    built = build("repvit_m0_9.dist_450e_in1k", 5, 3, 64, 64)
    assert built.module.train()(torch.zeros(2, 3, 64, 64)).shape == (2, 5) and built.head.weight.shape == (5, 384)
    early, late, head = built.groups()
    assert early and late and [id(p) for p in head] == [id(p) for p in built.head.parameters()]


@pytest.mark.parametrize(("classes", "channels", "reason"), [(0, 3, "one class"), (2, 2, "1 or 3 channels")])
def test_impossible_wishes(classes: int, channels: int, reason: str) -> None:
    with pytest.raises(NetworkError, match=reason):
        build("LeNet", classes, channels, 28, 28)


def test_dropout_takes_the_networks_own_place() -> None:
    own = [m.p for m in build("ConvNet4", 2, 3, 64, 64).module.modules() if isinstance(m, nn.Dropout)]
    changed = [m.p for m in build("ConvNet4", 2, 3, 64, 64, dropout=0.2).module.modules() if isinstance(m, nn.Dropout)]
    assert own == [0.5] and changed == [0.2]


def test_dropout_goes_before_the_head_where_there_was_none() -> None:
    built = build("Dense128", 2, 1, 8, 8, dropout=0.9)
    features = torch.ones(4, 128)
    assert built.head.dropout == 0.9
    assert not torch.equal(built.head(features), built.head.eval()(features))


def test_batch_norms_are_found() -> None:
    assert len(build("ResNet18", 2, 3, 32, 32).batch_norms()) == 20
    assert len(build("mobilenetv2_100", 2, 3, 64, 64).batch_norms()) == 52
    assert build("LeNet", 2, 1, 28, 28).batch_norms() == []


def test_groups_of_resnet_are_those_of_fastai() -> None:
    built = build("ResNet18", 2, 3, 32, 32)
    module = built.module
    early = sum(
        p.numel() for n, p in module.named_parameters() if n.split(".")[0] in ("conv1", "bn1", "layer1", "layer2")
    )
    assert sum(p.numel() for p in built.groups()[0]) == early
