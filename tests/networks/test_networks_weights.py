"""Files of weights: none may run code, names may be another library's, and what was not loaded is told."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from glasshouse.errors import WeightsError
from glasshouse.networks.build import Built, build
from glasshouse.networks.fitting import fit
from glasshouse.networks.weights import load_weights, read_weights

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared with pictures and weights")


def lenet(classes: int = 3, seed: int = 1, channels: int = 1) -> Built:
    return build("LeNet", classes, channels, 20, 20, seed=seed)


def same_body(a: Built, b: Built) -> bool:
    pairs = zip(a.module.named_parameters(), b.module.parameters())
    return all(torch.equal(p, q) for (name, p), q in pairs if not name.startswith(a.head_name))


def saved(state: object, path: Path) -> str:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return str(path)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.pth", "weights"])
def test_round_trip_in_every_format(tmp_path: Path, name: str) -> None:
    source, target = lenet(seed=1), lenet(seed=2)
    report = load_weights(target, saved(source.module.state_dict(), tmp_path / name))
    assert same_body(source, target) and torch.equal(source.head.weight, target.head.weight)
    assert (report.loaded, report.total, report.skipped, report.unused) == (8, 8, (), ())


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
def test_wrappers_of_training_scripts_come_off(tmp_path: Path, wrapper: str, prefix: str) -> None:
    source, target = lenet(seed=1), lenet(seed=2)
    state = {prefix + name: value for name, value in source.module.state_dict().items()}
    load_weights(target, saved({wrapper: state, "epoch": 3, "lr": 0.1}, tmp_path / "w.pt"))
    assert same_body(source, target)


def test_none() -> None:
    built = lenet()
    report = load_weights(built, "none")
    assert report.loaded == 0 and "random" in report.message and same_body(built, lenet())


def test_the_head_stays_fresh_for_other_classes(tmp_path: Path) -> None:
    source, target = lenet(10), lenet(3, seed=2)
    before = target.head.weight.clone()
    report = load_weights(target, saved(source.module.state_dict(), tmp_path / "w.safetensors"))
    assert same_body(source, target) and torch.equal(target.head.weight, before)
    assert report.loaded == 6 and report.skipped == ("head.weight", "head.bias") and report.unused == ()
    assert "loaded 6 of 8" in report.message and "the head, for 3 classes" in report.message


def test_grey_gets_the_sum_over_colours(tmp_path: Path) -> None:
    source, target = lenet(channels=3), lenet(channels=1, seed=2)
    load_weights(target, saved(source.module.state_dict(), tmp_path / "w.pt"))
    grey = torch.rand(2, 1, 20, 20)
    torch.testing.assert_close(target.module(grey), source.module(grey.expand(-1, 3, -1, -1)))
    back = lenet(channels=3, seed=3)
    load_weights(back, saved(target.module.state_dict(), tmp_path / "grey.pt"))
    torch.testing.assert_close(back.module(grey.expand(-1, 3, -1, -1)), target.module(grey))


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("names", [("mobilenet_v2", "mobilenetv2_100"), ("mobilenetv2_100", "mobilenet_v2")])
def test_names_of_the_other_library(tmp_path: Path, names: tuple[str, str], suffix: str) -> None:
    source, target = (build(name, 1000, 3, 32, 32, seed=seed) for seed, name in enumerate(names))
    report = load_weights(target, saved(source.module.state_dict(), tmp_path / f"w.{suffix}"))
    assert report.loaded == report.total == 262
    x = torch.randn(1, 3, 32, 32)
    source.module.eval(), target.module.eval()
    torch.testing.assert_close(source.module(x), target.module(x))


def test_dense_layers_as_convolutions() -> None:
    """timm's VGG16 has its dense layers as convolutions; on no device, since it has 138 million parameters."""
    from glasshouse.networks import timm_networks  # slow to import: not while tests are collected

    with torch.device("meta"):
        source, target = build("VGG16", 1000, 3, 224, 224), build("resnet18", 2, 3, 64, 64)
    theirs = timm_networks.make_timm("vgg16", 1000, 3, None)
    found = fit(source, theirs.state_dict())
    assert found.share == 1 and found.missing == ()
    assert found.tensors["classifier.0.weight"].shape == (4096, 25088)
    assert fit(target, theirs.state_dict()).share == 0


def test_auxiliary_classifiers_are_left_out_and_told(tmp_path: Path) -> None:
    built = build("GoogLeNet", 2, 3, 32, 32)
    state = {**build("GoogLeNet", 1000, 3, 32, 32, seed=2).module.state_dict(), "aux1.fc1.weight": torch.zeros(4, 4)}
    report = load_weights(built, saved(state, tmp_path / "w.pt"))
    assert report.unused == ("aux1.fc1.weight",) and "not used of the file: aux1.fc1.weight" in report.message


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("how", ["torch", "old torch", "pickle"])
def test_a_file_that_would_run_code_is_refused(tmp_path: Path, how: str) -> None:
    proof, path = tmp_path / "code-has-run", tmp_path / "w.pt"
    state = {"conv1.weight": torch.zeros(1), "evil": Malicious(proof)}
    if how == "pickle":
        path.write_bytes(pickle.dumps(state))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(WeightsError, match="Refused"):
        read_weights(path)
    assert not proof.exists()


def test_a_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="Refused"):
        read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize(
    "content", [b"", b"\x10\x00\x00\x00\x00\x00\x00\x00{", b"hello world, no weights", b"PK\x03\x04rest", b"\x80\x02"]
)
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.safetensors"):
        read_weights(tmp_path / "w.safetensors")


def test_truncated_files(tmp_path: Path) -> None:
    for name in ("w.pt", "w.safetensors"):
        saved(lenet().module.state_dict(), tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(WeightsError, match="fetch or convert it again"):
            read_weights(tmp_path / name)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "no.pt", tmp_path):
        with pytest.raises(WeightsError, match="Cannot read"):
            read_weights(path)


def test_no_tensors(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no tensors"):
        read_weights(saved({"epoch": 3}, tmp_path / "w.pt"))
    with pytest.raises(WeightsError, match="no tensors"):
        read_weights(saved([torch.zeros(2)], tmp_path / "w.pt"))


def test_another_networks_weights_are_told_not_skipped(tmp_path: Path) -> None:
    path = saved(build("Dense128", 3, 1, 20, 20).module.state_dict(), tmp_path / "w.pt")
    built = lenet()
    with pytest.raises(WeightsError, match="not of LeNet: 0%"):
        load_weights(built, path)
    assert same_body(built, lenet())


def test_weights_for_another_size_are_told(tmp_path: Path) -> None:
    path = saved(build("LeNet", 3, 1, 28, 28).module.state_dict(), tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"misses dense\.weight"):
        load_weights(lenet(), path)


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    state = lenet().module.state_dict()
    state["conv2.bias"][3] = float("nan")
    with pytest.raises(WeightsError, match=r"NaN .* conv2\.bias"):
        load_weights(lenet(), saved(state, tmp_path / "w.pt"))


def test_half_precision_weights_become_float32(tmp_path: Path) -> None:
    target = lenet()
    load_weights(target, saved({k: v.half() for k, v in lenet().module.state_dict().items()}, tmp_path / "w.pt"))
    assert target.head.weight.dtype == torch.float32


def imagenette(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    from PIL import Image

    folders = sorted((SHARED / "data/imagenette/val").iterdir())
    files = [(file, label) for folder, label in zip(folders, (0, 217, 482, 491, 497, 566, 569, 571, 574, 701))
             for file in sorted(folder.iterdir())[:: 60 * len(folders) // count]]  # fmt: skip
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file, _ in files]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2), torch.tensor([label for _, label in files])


def normalized(built: Built, pictures: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(v)[:, None, None] for v in built.entry.normalization(3))
    return ((pictures.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


@real
@pytest.mark.real
@torch.inference_mode()
def test_mobilenet_v2_knows_imagenet() -> None:
    built = build("mobilenet_v2", 1000, 3, 224, 224)
    assert load_weights(built, str(SHARED / "weights/mobilenet_v2.safetensors")).skipped == ()
    pictures, labels = imagenette(150)
    built.module.eval()
    correct = torch.cat([built.module(normalized(built, p)).argmax(1) for p in pictures.split(30)]) == labels
    assert 0.6 < correct.float().mean() < 0.8  # 68.6 % of 1,000 pictures in ../shared/weights/README.md


@real
@pytest.mark.real
@torch.inference_mode()
def test_squeezenet_knows_imagenet() -> None:
    """Its published head rectifies each place before it averages; the head here does not, so it is put together."""
    path = SHARED / "weights/squeezenet1_0.safetensors"
    built = build("squeezenet1_0", 2, 3, 224, 224)
    assert load_weights(built, str(path)).skipped == ("classifier.1.weight", "classifier.1.bias")
    head = load_file(path)
    pictures, labels = imagenette(150)
    built.module.eval()
    right = []
    for part, label in zip(pictures.split(30), labels.split(30)):
        maps = built.module.features(normalized(built, part))
        logits = torch.conv2d(maps, head["classifier.1.weight"], head["classifier.1.bias"]).relu().mean((2, 3))
        right.append(logits.argmax(1) == label)
    assert 0.5 < torch.cat(right).float().mean() < 0.75  # 61.3 % of 1,000 pictures in ../shared/weights/README.md


def test_a_header_as_long_as_a_pickle_begins_is_still_read(tmp_path: Path) -> None:
    """A header of 128, 384, … bytes: the file's first byte is a pickle's."""
    tensors = {"head.weight": torch.ones(2, 3)}
    for padding in range(0, 400, 8):
        path = tmp_path / f"{padding}.safetensors"
        save_file(tensors, path, metadata={"note": " " * padding})
        assert read_weights(path)["head.weight"].equal(tensors["head.weight"])
    assert any(path.read_bytes()[:1] == b"\x80" for path in tmp_path.iterdir())
