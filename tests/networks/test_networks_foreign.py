"""Files that are no weights get their name and the way out; weights of another network are seen before training."""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from glasshouse.errors import WeightsError
from glasshouse.layers import Conv2D, Dense, Dropout, Flatten, Input, Network
from glasshouse.networks.build import Built, build
from glasshouse.networks.identity import fitting_networks, normalized_otherwise
from glasshouse.networks.places import Origin, origin, weights_file
from glasshouse.networks.weights import load_weights, read_weights


def zipped(*names: str) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return found.getvalue()


def tarred() -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pt"), io.BytesIO())
    return found.getvalue()


class Learner:
    """Stands for a class of fastai: what a pickle holds of it is its module's name."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (str, ("fastai.learner",))


def torch_zip(value: Any) -> bytes:
    found = io.BytesIO()
    torch.save(value, found)
    return found.getvalue()


def script() -> bytes:
    return zipped("net/data.pkl", "net/constants.pkl", "net/code/__torch__.py")


HDF5 = b"\x89HDF\r\n\x1a\n" + b"\0" * 500
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0"
FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "keras": ("keras_model.h5", lambda: HDF5, r"a Keras model \(HDF5\).*set_weights"),
    "keras by another name": ("weights.bin", lambda: HDF5, r"a Keras model \(HDF5\)"),
    "keras zip": ("m.keras", lambda: zipped("metadata.json", "config.json", "model.weights.h5"), r"\(\.keras\)"),
    "onnx": ("m.onnx", lambda: b"\x08\x07\x12\x07pytorch" + b"\0" * 300, r"an ONNX model.*made from"),
    "onnx by another name": ("m", lambda: b"\x08\x0a\x12\x08tf2onnx\x1a" + b"\0" * 300, "an ONNX model"),
    "tflite": ("m.tflite", lambda: b"\x1c\0\0\0TFL3" + b"\0" * 99, "TensorFlow Lite"),
    "tflite by another name": ("m.bin", lambda: b"\x1c\0\0\0TFL3" + b"\0" * 99, "TensorFlow Lite"),
    "saved model": ("saved_model.pb", lambda: b"\x08\x01\x12\xff\x01meta", "SavedModel"),
    "fastai": ("export.pkl", lambda: torch_zip({"learn": Learner()}), r"a fastai export.*state_dict\(\)"),
    "fastai, old": ("export.pkl", lambda: pickle.dumps(Learner()), "a fastai export"),
    "torchscript": ("traced.pt", script, "a TorchScript program"),
    "git-lfs": ("w.safetensors", lambda: LFS, "git lfs pull"),
    "a page": ("w.pth", lambda: b"<!DOCTYPE html>\n<html>", "a web page"),
    "numpy": ("w.npz", lambda: zipped("a.npy", "b.npy"), "NumPy arrays"),
    "numpy, one": ("w.npy", lambda: b"\x93NUMPY\x01\0", "NumPy arrays"),
    "zip": ("w.zip", lambda: zipped("readme.txt", "resnet18.pth"), r"a zip archive of 2 files; unpack it.*18\.pth"),
    "zip of pictures": ("w.zip", lambda: zipped("a.png"), "it holds no file of weights"),
    "tar": ("w.tar", tarred, "a packed archive"),
    "gz": ("w.pt.gz", lambda: b"\x1f\x8b\x08rest", "a packed archive"),
    "language": ("w.gguf", lambda: b"GGUF\x03\0", "a language model"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_foreign_file_has_its_name_and_a_way_out(name: str, tmp_path: Path) -> None:
    file, make, says = FILES[name]
    (tmp_path / file).write_bytes(make())
    with pytest.raises(WeightsError, match=says) as told:
        read_weights(tmp_path / file)
    assert file in str(told.value) and "again" not in str(told.value)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["saved_model.pb", "fingerprint.pb"], "SavedModel"),
        (["model.json", "group1-shard1of1.bin", "metadata.json"], "Teachable Machine"),
        (["model.safetensors.index.json", "model-00001-of-00002.safetensors"], "in several files"),
        (["a.pt", "b.pt"], r"it is a folder, and holds a\.pt, b\.pt: give one of them"),
        (["x.png"], "holds no file of weights"),
    ],
)
def test_a_folder_that_is_no_weights_says_what_it_is(files: list[str], says: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(WeightsError, match=says):
        read_weights(tmp_path)


def test_a_length_of_the_header_that_looks_like_onnx_is_safetensors(tmp_path: Path) -> None:
    save_file({f"layer.{number}.weight": torch.zeros(1) for number in range(999)}, tmp_path / "w.safetensors")
    data = (tmp_path / "w.safetensors").read_bytes()
    length, target = struct.unpack("<Q", data[:8])[0], 0x120708
    padded = struct.pack("<Q", target) + data[8 : 8 + length] + b" " * (target - length) + data[8 + length :]
    (tmp_path / "w.safetensors").write_bytes(padded)
    assert padded.startswith(b"\x08\x07\x12")
    assert len(read_weights(tmp_path / "w.safetensors")) == 999


def resnet(name: str = "ResNet18", classes: int = 3, seed: int = 1) -> Built:
    return build(name, classes, 3, 32, 32, seed=seed)


def state_of(built: Built, path: Path) -> str:
    save_file({name: value.contiguous() for name, value in built.module.state_dict().items()}, path)
    return str(path)


def test_a_larger_network_of_the_family_is_refused_and_named(tmp_path: Path) -> None:
    file = state_of(resnet("ResNet34"), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"larger network than ResNet18.*has no place for \d+.*They fit ResNet34"):
        load_weights(resnet(), file)
    with pytest.raises(WeightsError, match="They fit ResNet18"):
        load_weights(resnet("ResNet34"), state_of(resnet(), tmp_path / "small.safetensors"))


def test_the_twin_with_another_normalization_is_refused(tmp_path: Path) -> None:
    """A network with group normalization has the names and shapes of batch normalization but for its statistics."""
    state = resnet().module.state_dict()
    bare = {name: value for name, value in state.items() if "running" not in name and "tracked" not in name}
    save_file(bare, tmp_path / "gn.safetensors")
    with pytest.raises(WeightsError, match=r"The network misses bn1.running_mean"):
        load_weights(resnet(), str(tmp_path / "gn.safetensors"))
    with torch.device("meta"):
        net = build("resnet50_gn", 3, 3, 32, 32)
    with pytest.raises(WeightsError, match=r"no place for 106 of the file's \d+ tensors.*They fit ResNet50"):
        load_weights(net, state_of(resnet("ResNet50"), tmp_path / "bn.safetensors"))


def test_only_the_head_may_differ(tmp_path: Path) -> None:
    report = load_weights(resnet(classes=3), state_of(resnet(classes=7), tmp_path / "w.safetensors"))
    assert report.skipped == ("fc.weight", "fc.bias") and report.notes == () and report.unused == ()


def test_networks_of_the_catalogue_are_recognised() -> None:
    for name, classes in (("MobileNetV2", 1000), ("Xception", 2)):
        with torch.device("meta"):
            built = build(name, classes, 3, 299, 299)
        assert fitting_networks(built.module.state_dict(), resnet().entry) == [name]


def test_a_model_beside_its_weights_says_whose_they_are(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    state_of(resnet("ResNet34"), model / "weights.safetensors")
    facts = {"kind": "glasshouse-model", "network": {"name": "ResNet34"}, "classes": ["a", "b", "c"],
             "preprocessing": {"mean": [0.1, 0.2, 0.3], "std": [0.3, 0.3, 0.3]}}  # fmt: skip
    (model / "model.json").write_text(json.dumps(facts))
    with pytest.raises(WeightsError, match="They are of ResNet34; choose that network"):
        load_weights(resnet(), str(model))
    assert load_weights(resnet("ResNet34"), str(model)).notes == ()
    assert load_weights(resnet("resnet34"), str(model / "weights.safetensors")).notes == ()
    (model / "model.json").write_text(json.dumps({**facts, "network": {"name": "tv_resnet34"}}))
    (note,) = load_weights(resnet("ResNet34"), str(model)).notes
    assert note.startswith("the weights are of tv_resnet34, as model.json beside them says")
    told = origin(weights_file(model))
    assert told is not None and told.classes == ("a", "b", "c")
    assert "normalized by mean 0.100, 0.200, 0.300" in str(normalized_otherwise(told, (0.4,) * 3, (0.3,) * 3))
    assert normalized_otherwise(told, (0.1, 0.2, 0.3), (0.3,) * 3) is None
    assert normalized_otherwise(told, (0.4,), (0.3,)) is None


def test_what_timm_writes_beside_its_weights_is_read(tmp_path: Path) -> None:
    state_of(resnet("resnet10t"), tmp_path / "model.safetensors")
    config = {"architecture": "resnet10t", "pretrained_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "tag": "c3_in1k"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load_weights(resnet("resnet10t"), str(tmp_path)).notes == ()
    assert origin(tmp_path / "model.safetensors") == Origin(
        tmp_path / "config.json", "resnet10t", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    )
    with pytest.raises(WeightsError, match="They are of resnet10t"):
        load_weights(resnet(), str(tmp_path))


def test_the_name_of_a_file_is_a_hint(tmp_path: Path) -> None:
    built = build("efficientnet_b0", 3, 3, 32, 32)
    file = state_of(built, tmp_path / "tf_efficientnet_b0_aa-827b6e33.safetensors")
    (note,) = load_weights(built, file).notes
    assert "the file's name says tf_efficientnet_b0" in note
    for name in ("efficientnet_b0_ra-3dd342df.safetensors", "efficientnet_b0.safetensors", "best.safetensors"):
        assert load_weights(built, state_of(built, tmp_path / name)).notes == (), name


def test_a_model_of_transformers_is_named(tmp_path: Path) -> None:
    save_file(
        {"vit.embeddings.cls_token": torch.zeros(1, 1, 8), "classifier.weight": torch.zeros(2, 8)}, tmp_path / "m"
    )
    with pytest.raises(WeightsError, match="Hugging Face's transformers"):
        load_weights(resnet(), str(tmp_path / "m"))


def lenet(seed: int = 1) -> Built:
    return build("LeNet", 3, 1, 20, 20, seed=seed)


def test_numbers_of_another_kind_become_the_networks(tmp_path: Path) -> None:
    state = lenet().module.state_dict()
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        save_file({name: value.to(dtype) for name, value in state.items()}, tmp_path / "w")
        target = lenet(seed=2)
        load_weights(target, str(tmp_path / "w"))
        for name, value in target.module.state_dict().items():
            assert value.dtype == torch.float32 and torch.allclose(value, state[name].to(dtype).float()), name


def test_numbers_that_32_bits_cannot_hold_are_refused(tmp_path: Path) -> None:
    state = {name: value.double() for name, value in lenet().module.state_dict().items()}
    state["conv1.bias"][0] = 1e300
    save_file(state, tmp_path / "w")
    with pytest.raises(WeightsError, match=r"NaN or infinite numbers in conv1\.bias"):
        load_weights(lenet(), str(tmp_path / "w"))


@pytest.mark.parametrize(
    ("dtype", "says"), [(torch.int8, "quantized for use"), (torch.uint8, "quantized for use"), (torch.complex64, "")]
)
def test_quantized_and_complex_numbers_are_refused(dtype: torch.dtype, says: str, tmp_path: Path) -> None:
    state = {name: (100 * value).abs().to(dtype) for name, value in lenet().module.state_dict().items()}
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=f"not of LeNet: 0%.*{says}"):
        load_weights(lenet(), str(tmp_path / "w.pt"))


def chain(activation: str = "relu", rate: float = 0.1) -> Network:
    x = start = Input((8, 8, 1))
    x = Dropout(rate)(Conv2D(3, 3, activation=activation)(x))
    return Network(start, Dense(2, activation="softmax")(Flatten()(x)), name="mine")


def test_layers_that_compute_otherwise_are_told(tmp_path: Path) -> None:
    chain().save(tmp_path / "mine.model")
    same = build(chain(rate=0.5).to_dict(), 4, 1, 8, 8)
    assert load_weights(same, str(tmp_path / "mine.model")).notes == ()
    other = build(chain("tanh").to_dict(), 2, 1, 8, 8)
    (note,) = load_weights(other, str(tmp_path / "mine.model")).notes
    assert note == "the weights were trained in other layers: activation of conv2d was relu, and is tanh"


def test_what_stands_beside_weights_may_be_anything(tmp_path: Path) -> None:
    state_of(lenet(), tmp_path / "weights.safetensors")
    odd = '{"kind": "glasshouse-model", "network": {"layers": {"layers": [3, {"layer": 4}]}}, "classes": 3}'
    for text in ("", "[]", "{}", '{"kind": "glasshouse-model", "network": 3}', "[" * 5000, "\0", odd):
        (tmp_path / "model.json").write_text(text)
        assert load_weights(lenet(), str(tmp_path)).loaded
    assert origin(tmp_path / "missing") is None
