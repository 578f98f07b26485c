"""What layers see: names, statistics, the boxes of patches, and the nine pictures that excite a filter most."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import glasshouse as gh
import glasshouse.layers as L
from glasshouse.cli.main import app
from glasshouse.errors import DatasetError, InputError
from glasshouse.events import result_of
from glasshouse.explanation.layers.fields import traced_fields
from glasshouse.explanation.layers.histograms import GrowingHistogram
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.receptive_field import receptive_fields
from glasshouse.explanation.layers.strongest import strongest
from glasshouse.explanation.layers.watching import Call, Convolution, convolutions, layer_names, watching
from glasshouse.explanation.opened import open_model
from glasshouse.networks.build import build


def seen(network: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What every layer gave, by its name."""
    found: dict[str, torch.Tensor] = {}

    def see(call: Call) -> None:
        found[call.name] = call.output

    with watching(network, see):
        network(x)
    return found


def all_ones(network: nn.Module) -> nn.Module:
    """Let every path through the network count: weights 1, means for maxima, nothing that clips."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.MaxPool2d):
                pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
                setattr(module, name, pool)
            elif isinstance(child, nn.BatchNorm2d | nn.ReLU | nn.ReLU6):
                setattr(module, name, nn.Dropout(0.0))
        if isinstance(module, nn.Conv2d):
            module.weight.data.fill_(1.0 / module.weight[0].numel())
            if module.bias is not None:
                module.bias.data.zero_()
    return network.eval()


@pytest.mark.parametrize("name", ["ResNet18", "GoogLeNet", "MobileNetV2", "ConvNet4"])
def test_the_box_is_where_the_gradient_of_an_all_ones_copy_is(name: str) -> None:
    network = build(name, classes=3, channels=3, width=96, height=64).module.eval()
    x = torch.ones(1, 3, 64, 96, dtype=torch.float64, requires_grad=True)
    copy = all_ones(network).double()
    found = [one for one in convolutions(copy, x) if one.height > 1][::4][:6]
    fields = receptive_fields(copy, found, x.detach())
    outputs, checked = seen(copy, x), 0
    for one in found:
        field = fields[one.name]
        for place in (0, one.height // 2 * one.width + one.width // 3, one.height * one.width - 1):
            if field.exceeds:
                continue
            value = outputs[one.seen].flatten(2)[0, 0, place]
            (gradient,) = torch.autograd.grad(value, x, retain_graph=True)
            ys, xs = np.nonzero(gradient[0].abs().sum(0).numpy())
            expected = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
            assert field.box(place) == expected, (one.name, place)
            checked += 1
    assert checked >= 3


def test_branches_see_the_union_and_gates_the_whole_picture() -> None:
    class Branched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.wide, self.last = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 5, padding=2), nn.Conv2d(2, 1, 3)
            self.gated = nn.Conv2d(1, 1, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.last(torch.cat([self.small(x), self.wide(x)], 1))
            gated: torch.Tensor = self.gated(y * y.mean((2, 3), keepdim=True).sigmoid())
            return gated.mean((2, 3))

    fields = traced_fields(Branched().eval(), torch.zeros(1, 1, 16, 16))
    last, gated = fields["last"].rows, fields["gated"].rows
    assert last is not None and (last.first, last.last) == (-2, 4) and gated is None


def test_an_effective_field_is_taken_where_the_arithmetic_exceeds_the_picture() -> None:
    network = build("ResNet18", classes=2, channels=3, width=32, height=32).module.eval()
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = [one for one in convolutions(network, x) if one.name in ("conv1", "layer2.0.conv2", "layer3.0.conv1")]
    fields = receptive_fields(network, found, x)
    assert not fields["conv1"].exceeds and fields["conv1"].reach is None
    large = fields["layer3.0.conv1"]
    assert large.exceeds and large.reach is not None and 1 < large.reach < 32
    assert type(large).from_dict(json.loads(json.dumps(large.to_dict()))) == large


def test_layers_have_the_names_of_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    layers = [L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(3, activation="softmax")]
    net = L.Network(layers, input_shape=(12, 12, 1))
    module = build(net.to_dict(), classes=3, channels=1, width=12, height=12).module.eval()
    names = layer_names(module, torch.zeros(1, 1, 12, 12))
    net.summary()
    told = capsys.readouterr().out
    assert all(f"{name} (" in told for name in names) and len(names) == 4
    resnet = build("ResNet18", classes=2, channels=3, width=32, height=32).module.eval()
    assert {"layer1.0.relu", "layer1.0.relu:2", "fc"} <= set(layer_names(resnet, torch.zeros(1, 3, 32, 32)))


def test_the_nine_pictures_are_those_of_brute_force(run: Path) -> None:
    opened = open_model(run)
    pictures = opened.split("train")
    best = result_of(strongest(opened.module, Batches(opened, pictures, at_once=7)))
    with torch.no_grad():
        outputs = seen(opened.module, opened.inputs(pictures.rows(np.arange(len(pictures)))))
    assert list(best) == ["conv1", "conv2"]
    for name, one in best.items():
        most = outputs[name].flatten(2).max(2).values.numpy()
        order = np.argsort(-most, axis=0, kind="stable")[:9]
        np.testing.assert_allclose(one.values, np.take_along_axis(most, order, 0), rtol=1e-4, atol=1e-6)
        assert (one.rows == order).mean() > 0.99
        at = outputs[name].flatten(2).numpy()[one.rows, np.arange(one.values.shape[1])[None], one.places]
        np.testing.assert_allclose(at, one.values, rtol=1e-4, atol=1e-6)


def test_the_response_of_a_convolution_is_what_the_norm_behind_it_makes_of_it() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True), nn.Conv2d(2, 1, 3))
    found = convolutions(network.eval(), torch.zeros(1, 1, 9, 9))
    assert found == (Convolution("0", "1", 2, 7, 7), Convolution("3", "3", 1, 5, 5))


def test_a_histogram_counts_the_same_in_any_parts() -> None:
    values = np.random.default_rng(5).normal(0, 3, 4000)
    parts = GrowingHistogram()
    for part in (values[:1], values[1:10], values[10:]):
        parts.add(part)
    found = parts.to_dict()
    assert sum(found["counts"]) == 4000
    assert found["edges"][0] <= values.min() and found["edges"][-1] >= values.max() and len(found["counts"]) <= 64
    again = np.histogram(values, np.array(found["edges"]))[0]
    assert np.abs(again - found["counts"]).sum() <= 8


def test_statistics_of_a_picture_are_those_of_its_numbers(run: Path, pictures: Path) -> None:
    file = next((pictures / "left").glob("left-*.png"))
    found = gh.activations(run, file)
    opened = open_model(run)
    with torch.no_grad():
        outputs = seen(opened.module, opened.inputs(opened.row(file)[None]))
    assert [one.name for one in found.layers] == ["conv1", "conv2", "dense", "head"]
    for one in found.layers:
        y = outputs[one.name].double()
        expected = [float(value) for value in (y.mean(), y.std(unbiased=False), y.min(), y.max())]
        assert [one.mean, one.std, one.minimum, one.maximum] == pytest.approx(expected, rel=1e-5, abs=1e-6)
        assert one.shape == tuple(y.shape[1:]) and sum(one.histogram["counts"]) > 0
    assert found.layer("conv1").parameters == 20 * 25 + 20
    with pytest.raises(InputError, match=r"conv9.*conv1, conv2"):
        found.layer("conv9")
    assert "<svg" in found._repr_html_() and "conv2" in found.to_svg()


def test_a_unit_that_is_zero_on_every_picture_is_dead() -> None:
    from glasshouse.explanation.layers.statistics import layer_statistics

    network = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU())
    conv = network[0]
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    conv.weight.data.fill_(1.0)
    conv.bias.data.copy_(torch.tensor([0.0, -9.0, -9.0, 1.0]))

    class Two(Batches):
        def passed(self, stage: str):  # type: ignore[no-untyped-def]
            yield torch.rand(3, 1, 5, 5), None
            yield torch.rand(2, 1, 5, 5), None

    found = result_of(layer_statistics(network, Two(None, np.zeros((5, 1, 1, 1), np.uint8))))  # type: ignore[arg-type]
    relu = found[1]
    assert (relu.units, relu.dead) == (4, 0.5) and relu.zeros == pytest.approx(0.5, abs=0.02)


def test_the_words_of_the_command_line(run: Path, pictures: Path, tmp_path: Path) -> None:
    runner, file = CliRunner(), next((pictures / "left").glob("left-*.png"))
    done = runner.invoke(app, ["activations", str(run), str(file), "--json", "--out", str(tmp_path / "out")])
    layer = json.loads(done.output)["layers"][0]
    assert {"name", "kind", "shape", "parameters", "mean", "std", "minimum", "maximum", "zeros"} <= set(layer)
    assert (tmp_path / "out" / "activations.svg").read_text().startswith("<svg")
    words = ["filters", str(run), "--layer", "conv2", "--filter", "3", "--json", "--out", str(tmp_path / "n.png")]
    found = json.loads(runner.invoke(app, words).output)
    assert found["layer"] == "conv2" and [one["filter"] for one in found["filters"]] == [3]
    examples = found["filters"][0]["examples"]
    assert len(examples) == 9 and {"path", "activation", "box"} <= set(examples[0])
    activations = [one["activation"] for one in examples]
    assert activations == sorted(activations, reverse=True)
    x0, y0, x1, y1 = examples[0]["box"]
    assert 0 <= x0 < x1 <= 28 and 0 <= y0 < y1 <= 28
    assert (tmp_path / "n.png").read_bytes()[:4] == b"\x89PNG"
    kept = run / "explanations" / "filters-train.json"
    written = kept.stat().st_mtime_ns
    again = gh.filters(run, "conv2", number=3)
    assert again.filters[0].examples[0].activation == activations[0] and kept.stat().st_mtime_ns == written
    assert "<svg" in again._repr_html_()
    with pytest.raises(InputError, match="there are conv1, conv2"):
        gh.filters(run, "conv7")
    with pytest.raises(InputError, match="50 filters"):
        gh.filters(run, "conv2", number=50)
    with pytest.raises(DatasetError, match="sealed"):
        gh.filters(run, "conv2", split="test")
