"""The shelf of weights: what is put on it can be chosen again, carried away and brought elsewhere, and is checked."""

import json
import shutil
import zipfile
from http.client import HTTPException
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from glasshouse.errors import WeightsError
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE, find
from glasshouse.networks.pretrained import at_hand, locate
from glasshouse.networks.shelf import adding
from glasshouse.networks.shelf.adding import add_file, fetch_item, published_card
from glasshouse.networks.shelf.items import Card, find_item, item_for, items
from glasshouse.networks.shelf.listing import chosen, here, listed, remove_listed, to_fetch, weights_by_name
from glasshouse.networks.shelf.packs import pack, unpack
from glasshouse.networks.shelf.recommended import RECOMMENDED
from glasshouse.networks.weights import load_weights


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GLASSHOUSE_WEIGHTS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def squeezenet(path: Path, seed: int = 3) -> Path:
    """A file as torchvision's users have it: a pickle of 1,000 classes."""
    torch.save(build("SqueezeNet", 1000, 3, 64, 64, seed=seed).module.state_dict(), path)
    return path


def test_a_file_is_recognised_kept_as_safetensors_and_found_by_name(tmp_path: Path, shelf: Path) -> None:
    item = add_file(squeezenet(tmp_path / "my weights.pth"), licence="BSD-2-Clause")
    assert (item.card.name, item.card.network, item.card.classes) == ("my-weights", "SqueezeNet", 1000)
    assert item.file == shelf / "my-weights" / "weights.safetensors" and item.card.bytes == item.file.stat().st_size
    assert item.card.commercial is True and [one.card.name for one in items()] == ["my-weights"]
    assert weights_by_name("My_Weights") == str(item.file.resolve())
    assert load_weights(build("SqueezeNet", 2, 3, 64, 64), weights_by_name("my-weights")).loaded == 50
    assert sorted(path.name for path in shelf.iterdir()) == ["my-weights"]


def test_pretrained_means_the_shelfs_too(tmp_path: Path) -> None:
    assert not at_hand(CATALOGUE["SqueezeNet"])
    item = add_file(squeezenet(tmp_path / "a.pth"))
    assert at_hand(CATALOGUE["SqueezeNet"]) and locate(CATALOGUE["SqueezeNet"]) == item.file


def test_a_tag_is_preferred_to_another_tag_of_the_same_network(tmp_path: Path) -> None:
    state = build("resnet10t", 10, 3, 64, 64).module.state_dict()
    save_file(state, tmp_path / "one.safetensors")
    add_file(tmp_path / "one.safetensors", network="resnet10t", name="plain")
    add_file(tmp_path / "one.safetensors", network="resnet10t.c3_in1k", name="tagged")
    found = item_for(find("resnet10t.c3_in1k"))
    assert found is not None and found.card.name == "tagged" and found.card.classes == 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": "ResNet18"}, "not of ResNet18"), ({"name": "../x"}, "cannot be the name"),
        ({"network": "resnet999"}, "no network named"), ({"name": "."}, "cannot be the name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_is_left(tmp_path: Path, shelf: Path, change: dict[str, str],
                                                          words: str) -> None:  # fmt: skip
    with pytest.raises(ValueError, match=words):
        add_file(squeezenet(tmp_path / "a.pth"), **change)
    assert not shelf.exists() or list(shelf.iterdir()) == []


def test_weights_of_no_known_network_ask_for_its_name(tmp_path: Path) -> None:
    save_file({"a.weight": torch.ones(2, 2)}, tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="name the network"):
        add_file(tmp_path / "a.safetensors")


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    item = add_file(squeezenet(tmp_path / "a.pth"))
    with pytest.raises(WeightsError, match="already"):
        add_file(squeezenet(tmp_path / "a.pth", seed=4))
    assert find_item("a") == item


def test_a_pack_brings_items_elsewhere(tmp_path: Path) -> None:
    item = add_file(squeezenet(tmp_path / "a.pth"), licence="MIT", source="here")
    pack(["a"], tmp_path / "class.pack")
    other = tmp_path / "other"
    assert [card.name for card in unpack(tmp_path / "class.pack", other).added] == ["a"]
    brought = find_item("a", other)
    assert brought is not None and brought.card == item.card
    assert all(torch.equal(value, load_file(brought.file)[name]) for name, value in load_file(item.file).items())
    again = unpack(tmp_path / "class.pack", other)
    assert (again.added, [card.name for card in again.known]) == ((), ["a"])
    with pytest.raises(WeightsError, match="exists already"):
        pack(["a"], tmp_path / "class.pack")
    with pytest.raises(WeightsError, match="no weights named 'b'"):
        pack(["a", "b"], tmp_path / "b.pack")
    assert not (tmp_path / "b.pack").exists()


def damaged(path: Path, change: str) -> None:
    """Write the pack again with one thing wrong."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    card = json.loads(members["a/card.json"])
    if change == "bit":
        data = bytearray(members["a/weights.safetensors"])
        data[-1] ^= 1
        members["a/weights.safetensors"] = bytes(data)
    elif change == "path":
        members = {name.replace("a/", "../a/"): data for name, data in members.items()}
    elif change == "name":
        members["a/card.json"] = json.dumps({**card, "name": "../../a"}).encode()
    elif change == "size":
        members["a/card.json"] = json.dumps({**card, "bytes": 5}).encode()
    elif change == "nested":
        members["a/card.json"] = b"[" * 100_000
    elif change == "kind":
        members["a/card.json"] = json.dumps({**card, "width": "x"}).encode()
    elif change == "gone":
        del members["a/weights.safetensors"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("change", ["bit", "path", "name", "size", "nested", "kind", "gone"])
def test_a_damaged_or_hostile_pack_is_refused_and_leaves_nothing(tmp_path: Path, change: str) -> None:
    add_file(squeezenet(tmp_path / "a.pth"))
    pack(["a"], tmp_path / "class.pack")
    damaged(tmp_path / "class.pack", change)
    with pytest.raises(WeightsError):
        unpack(tmp_path / "class.pack", tmp_path / "other")
    assert not (tmp_path / "other").exists() or list((tmp_path / "other").iterdir()) == []


def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no zip")
    with zipfile.ZipFile(tmp_path / "b", "w") as archive:
        archive.writestr("x", "y")
    for name in ("a", "b"):
        with pytest.raises(WeightsError, match="pack"):
            unpack(tmp_path / name)
    with pytest.raises(WeightsError, match="No such file"):
        unpack(tmp_path / "c")


def test_published_weights_are_fetched_checked_and_kept(tmp_path: Path, shelf: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    source = squeezenet(tmp_path / "served.pth")
    monkeypatch.setattr(adding, "fetch_file", lambda url, target: shutil.copy(source, target))
    item = fetch_item("SqueezeNet")
    assert item.card.name == "SqueezeNet" and item.card.source.startswith("https://")
    assert item.card.licence == "BSD-3-Clause" and weights_by_name("squeezenet") == str(item.file.resolve())
    with pytest.raises(WeightsError, match="already"):
        fetch_item("SqueezeNet")
    source.write_bytes(b"an error page")
    with pytest.raises(WeightsError):
        fetch_item("MobileNetV2")
    assert sorted(path.name for path in shelf.iterdir()) == ["SqueezeNet"]


def test_what_cannot_be_fetched_names_the_file_to_bring(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, target: Path) -> None:
        raise HTTPException("no route")

    monkeypatch.setattr(adding, "fetch_file", refuse)
    with pytest.raises(WeightsError, match=r"no route.*squeezenet1_0-.*\.pth from https://"):
        fetch_item("SqueezeNet")


def test_licences_that_forbid_commercial_use_are_marked() -> None:
    assert published_card("convnextv2_atto.fcmae_ft_in1k").commercial is False
    assert all(card.commercial for card in RECOMMENDED.values())
    marks = {"CC-BY-NC-4.0": False, "cc-by-nc-sa-4.0": False, "MIT": True, "": None, "Research only": False}
    assert {text: Card("a", "a", 1, 1, 1, licence=text).commercial for text in marks} == marks


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RECOMMENDED))
def test_the_cards_of_recommended_networks_agree_with_timm(name: str) -> None:
    from glasshouse.networks import timm_networks

    card, entry = RECOMMENDED[name], find(RECOMMENDED[name].network)
    licence, classes = timm_networks.timm_licence(entry.id)
    assert (card.width, card.height, card.mean, card.std) == (entry.width, entry.height, entry.mean, entry.std)
    assert (card.licence.lower(), card.classes) == (licence, classes)
    module = timm_networks.make_timm(entry.id, classes, 3, None)
    assert card.parameters == sum(one.numel() for one in module.parameters())


def test_what_is_in_the_box_is_listed_and_stays(tmp_path: Path) -> None:
    boxed = next(item for item in here() if item.packaged)
    assert boxed.card.name == "EfficientNetLite0" and boxed.file.is_file() and weights_by_name("efficientnet_lite0")
    assert weights_by_name("EfficientNetLite0") == "pretrained"
    assert boxed.card.name not in [card.name for card in to_fetch()]
    with pytest.raises(WeightsError, match="comes with Glasshouse"):
        remove_listed("EfficientNetLite0")
    with pytest.raises(WeightsError, match="comes with Glasshouse"):
        fetch_item("EfficientNetLite0")
    told = listed(boxed)
    assert told["here"] and told["place"] == "box" and not listed(to_fetch()[0])["here"]


def test_an_item_is_removed_and_a_damaged_card_is_passed_over(tmp_path: Path, shelf: Path) -> None:
    add_file(squeezenet(tmp_path / "a.pth"))
    add_file(squeezenet(tmp_path / "b.pth"))
    (shelf / "b" / "card.json").write_text("{")
    assert remove_listed("a").name == "a" and not (shelf / "a").exists()
    assert list(items()) == [] and chosen("a") is None
    with pytest.raises(WeightsError, match="no weights named 'a'"):
        remove_listed("a")
