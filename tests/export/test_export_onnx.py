"""Networks as ONNX files: the numbers of torch, the same bits alone and in company, and what cannot be written."""

import copy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from glasshouse.errors import DamagedModelError, ModelError
from glasshouse.export.bundle import load_model, save, save_model
from glasshouse.export.description import ONNX
from glasshouse.export.engines import engine_problem, picture_network
from glasshouse.export.inference import Inference, normalized
from glasshouse.export.onnx_network import OnnxNetwork
from glasshouse.export.onnx_writing import model_file, written
from glasshouse.export.predictor import Model
from glasshouse.export.verify import verify_model
from glasshouse.layers import (
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    GaussianNoise,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    LayerNormalization,
    Network,
    UpSampling2D,
)
from glasshouse.networks.build import Built, build
from glasshouse.networks.folding import Pooled
from glasshouse.networks.layered import Layered

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NETWORKS = [("LeNet", 16), ("MobileNetV2", 32)]


def network(name: str | dict[str, Any], side: int) -> Built:
    """A network whose batch norms have seen something."""
    built = build(name, 4, 3, side, side, seed=1)
    for part in built.module.modules():
        if isinstance(part, nn.BatchNorm2d):
            draw = torch.Generator().manual_seed(part.num_features)
            part.running_var.uniform_(0.5, 2, generator=draw)  # type: ignore[union-attr, operator]
            part.running_mean.normal_(generator=draw)  # type: ignore[union-attr, operator]
    built.module.eval()
    return built


SMALL = [Conv2D(6, 3, strides=2, activation="relu"), BatchNormalization(), DepthwiseConv2D(3), BatchNormalization(),
         Conv2D(8, 1, activation="swish"), GlobalAveragePooling2D(), Dense(4, activation="softmax")]  # fmt: skip


@pytest.mark.parametrize("engine", ["openvino", "openvino-bf16"])
def test_openvino_gives_the_same_bits_everywhere(engine: str) -> None:
    if (problem := engine_problem(engine)) is not None:
        pytest.skip(problem)
    built = network(Network(SMALL, input_shape=(18, 18, 3)).to_dict(), 18)
    built.head.weight.data.mul_(3)
    check_bits(built, 18, engine, 70)
    assert "openvino_telemetry" not in sys.modules  # whose import would report it to OpenVINO's makers


@pytest.mark.parametrize(("name", "side"), NETWORKS, ids=[name for name, _ in NETWORKS])
def test_an_onnx_file_says_what_torch_says_with_the_same_bits_everywhere(name: str, side: int) -> None:
    check_bits(network(name, side), side, "onnxruntime")


def check_bits(built: Built, side: int, engine: str, n: int = 8) -> None:
    """Pictures, their features and those of a cache have the same answers, close to those of torch."""
    inference = Inference(built.module, (side, side, 3), engine=engine)
    assert inference.engine == engine
    data = model_file(inference.module, MEAN, STD, side, side, engine)
    assert data is not None
    file, rows = (
        picture_network(data, side, side, engine),
        np.random.default_rng(2).integers(0, 256, (n, side, side, 3), np.uint8),
    )
    said = file.probabilities(rows)
    with threads_of_torch(3):
        assert np.array_equal(picture_network(data, side, side, engine).probabilities(rows), said)
    torchs = Inference(built.module, (side, side, 3)).probabilities(rows, MEAN, STD)
    assert np.allclose(said, torchs, atol=2e-2 if engine == "openvino-bf16" else 1e-5)
    for count in (1, 3, n):  # the number of pictures is open
        if isinstance(file, OnnxNetwork):
            found = file.session.run(["probabilities"], {"pictures": rows[:count]})[0]
            assert np.allclose(found, torchs[:count], atol=1e-5)
        assert np.array_equal(file.probabilities(rows[n - count :]), said[n - count :])
    assert np.array_equal(inference.probabilities(rows, MEAN, STD), said)  # as a training validates
    body = copy.deepcopy(built.module).eval()
    body.set_submodule(built.head_name, Pooled())
    frozen = Inference(body, (side, side, 3), engine=engine)
    pictures = torch.from_numpy(rows).permute(0, 3, 1, 2).float().div_(255)
    features = frozen.outputs(n, lambda first, end: normalized(pictures[first:end], MEAN, STD))
    assert np.array_equal(features.numpy(), file.outputs(rows, "features"))
    head = Inference(built.head, features.shape[1:], frozen.block, engine)
    logits = head.outputs(n, lambda first, end: features[first:end], task=n)
    assert np.array_equal(head.softmax(logits), said)  # as a training validates a head


@contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Attending(nn.Module):
    """A transformer's layer: patches, a class token, positions, attention over two heads."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(1)
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token, self.places = (nn.Parameter(torch.randn(1, n, 8, generator=draw)) for n in (1, 5))
        self.norm, self.qkv = nn.LayerNorm(8), nn.Linear(8, 24)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = len(x)
        x = torch.cat([self.token.expand(n, -1, -1), self.patches(x).flatten(2).transpose(1, 2)], 1) + self.places
        q, k, v = self.qkv(self.norm(x)).reshape(n, 5, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, 5, 8)
        return nn.functional.gelu(x + y)[:, 0]


def test_attention_is_written_too() -> None:
    module, x = Attending().eval(), torch.randn(7, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    ways = [Inference(module, (8, 8, 3), 3, engine) for engine in ("torch", "onnxruntime")]
    one, other = (way.outputs(7, lambda first, end: x[first:end]) for way in ways)
    assert ways[1].engine == "onnxruntime" and torch.allclose(one, other, atol=1e-5)


def test_layers_that_make_pictures_larger_are_written_too() -> None:
    layers = [
        Conv2D(4, 3, strides=2, activation="relu"), LayerNormalization(), UpSampling2D(2, "bilinear"),
        Conv2DTranspose(3, (3, 2), strides=2, padding="same"), UpSampling2D((1, 3)), GaussianNoise(0.1),
        GlobalMaxPooling2D(), Dense(2, activation="softmax"),
    ]  # fmt: skip
    module = Layered(Network(layers, input_shape=(9, 11, 3)).to_dict()).eval()
    x = torch.randn(5, 3, 9, 11, generator=torch.Generator().manual_seed(2))
    ways = [Inference(module, (9, 11, 3), 3, engine) for engine in ("torch", "onnxruntime")]
    one, other = (way.outputs(5, lambda first, end: x[first:end]) for way in ways)
    assert ways[1].engine == "onnxruntime" and torch.allclose(one, other, atol=1e-5)


class Rolled(nn.Module):
    """Does what no file can say."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.roll(x, 1, dims=2).mean(dim=(2, 3))


def test_what_cannot_be_written_is_computed_by_torch() -> None:
    assert written(Rolled(), (3, 8, 8)) is None
    inference = Inference(Rolled(), (8, 8, 3), engine="onnxruntime")
    assert inference.engine == "torch" and inference.outputs(2, lambda a, b: torch.ones(b - a, 3, 8, 8)).shape == (2, 3)


@pytest.fixture
def model(model_path: Path, tmp_path: Path) -> Model:
    """The model of ``model_path`` with a file for onnxruntime."""
    plain = load_model(model_path)
    p = plain.preprocessing
    data = model_file(Inference(plain.module, p.shape).module.eval(), p.mean, p.std, p.height, p.width)
    place = save_model(tmp_path / "model", network=plain.description.network, module=plain.module, preprocessing=p,
                       classes=plain.classes, recipe=plain.recipe, onnx=data)  # fmt: skip
    return load_model(place)


def test_a_model_has_its_engine_wherever_it_is_saved(model: Model, model_path: Path, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).integers(0, 256, (5, *model.preprocessing.shape), np.uint8)
    said = model.probabilities(rows)
    assert model.engine == "onnxruntime"
    moved = load_model(save(model, tmp_path / "moved.model"))
    assert moved.engine == "onnxruntime" and np.array_equal(moved.probabilities(rows), said)
    torchs = load_model(tmp_path / "moved.model", engine="torch")
    assert torchs.engine == "torch" and np.array_equal(
        torchs.probabilities(rows), load_model(model_path).probabilities(rows)
    )
    assert np.allclose(torchs.probabilities(rows), said, atol=1e-6)
    with pytest.raises(ModelError, match=r"has no model.onnx"):
        load_model(model_path, engine="onnxruntime")


@pytest.mark.system
def test_a_prediction_by_onnxruntime_loads_no_torch(model: Model, folder: Path) -> None:
    picture = next(folder.glob("dog/*.png"))
    program = (
        "import sys; from glasshouse.cli.main import main; sys.argv = ['glasshouse', 'predict', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "slow = {'torch', 'torchvision', 'timm', 'onnx', 'scipy', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    asked = [sys.executable, "-c", program, str(model.path), str(picture)]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert str(model.predict(picture)) in found.stdout


def test_a_damaged_file_is_told(model: Model, tmp_path: Path) -> None:
    place = tmp_path / "model" / ONNX
    assert verify_model(place.parent).ok
    whole = place.read_bytes()
    place.write_bytes(whole[:-9] + b"123456789")
    with pytest.raises(DamagedModelError, match=r"model.onnx .* is not the file"):
        load_model(place.parent)
    assert [check.name for check in verify_model(place.parent).files if check.state == "damaged"] == [ONNX]
    place.unlink()
    with pytest.raises(DamagedModelError, match=r"model.onnx is missing"):
        load_model(place.parent)
