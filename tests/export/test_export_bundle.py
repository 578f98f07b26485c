"""Models on disk: what is saved comes back, and what is damaged or strange is refused with its reason."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import ModelError
from glasshouse.export import archive
from glasshouse.export.archive import read_files, write_files
from glasshouse.export.bundle import load_model, save, save_model
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

CLASSES = ("고양이", "dog", "<b>bird</b>")
PREPROCESSING = Preprocessing(28, 28, "crop", "gray", "raw", 90, (0.4,), (0.2,))
ROWS = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)


def make(path: Path, network: str = "LeNet", card: str = "# A model\n") -> Path:
    module = build(network, len(CLASSES), 1, 28, 28, seed=7).module
    recipe = TrainingRecipe(data="digits", network=network)
    return save_model(
        path, network={"name": network}, module=module, preprocessing=PREPROCESSING, classes=CLASSES,
        recipe=recipe, card=card,
    )  # fmt: skip


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change model.json of the model's folder."""
    manifest = json.loads((path / "model.json").read_text())
    edit(manifest)
    (path / "model.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", ["pets", "pets.model", "pets.zip", "a/b/pets.MODEL"])
@pytest.mark.parametrize("network", ["LeNet", "Dense128"])
def test_a_model_that_is_saved_comes_back(tmp_path: Path, name: str, network: str) -> None:
    model = load_model(make(tmp_path / name, network))
    assert model.classes == CLASSES
    assert model.preprocessing == PREPROCESSING
    assert model.network == network
    assert model.card == "# A model\n"
    assert model.recipe == TrainingRecipe(data="digits", network=network)
    fresh = build(network, 3, 1, 28, 28, seed=7).module.state_dict()
    assert all(torch.equal(tensor, fresh[key]) for key, tensor in model.module.state_dict().items())
    assert model.probabilities(ROWS).shape == (5, 3)
    assert not model.module.training
    assert [entry.name for entry in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_saving_what_was_loaded_gives_the_same_bytes(tmp_path: Path) -> None:
    make(tmp_path / "one.zip")
    save(load_model(tmp_path / "one.zip"), tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    save(load_model(tmp_path / "two.zip"), tmp_path / "three")
    save(load_model(tmp_path / "three"), tmp_path / "four.model")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "four.model").read_bytes()


def test_the_network_of_a_model_keeps_its_dropout(tmp_path: Path) -> None:
    module = build("ConvNet4", 2, 3, 60, 60, dropout=0.25).module
    preprocessing = Preprocessing(60, 60)
    network = {"name": "ConvNet4", "dropout": 0.25}
    save_model(tmp_path / "m", network=network, module=module, preprocessing=preprocessing, classes=("a", "b"))
    loaded = load_model(tmp_path / "m")
    assert [m.p for m in loaded.module.modules() if isinstance(m, torch.nn.Dropout)] == [0.25]
    assert loaded.recipe is None
    assert not (tmp_path / "m" / "recipe.json").exists()


def test_a_runs_folder_gives_its_model(model_path: Path) -> None:
    assert load_model(model_path).path == model_path / "model"
    assert load_model(str(model_path / "model")).network == "LeNet"


def test_a_model_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    for name in ("m", "m.zip"):
        make(tmp_path / name)
        make(tmp_path / name, card="other")
        assert load_model(tmp_path / name).card == "other"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "both").mkdir()
    make(tmp_path / "both")
    (tmp_path / "both" / "notes.txt").write_text("mine")
    (tmp_path / "mine.zip").write_text("years of work")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("thesis.txt", "years of work")
    for name in ("mine", "both", "mine.zip", "other.zip"):
        with pytest.raises(ModelError, match="is no Glasshouse model; it is left as it is"):
            make(tmp_path / name)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "both" / "notes.txt").exists()
    assert sorted(os.listdir(tmp_path)) == ["both", "m", "m.zip", "mine", "mine.zip", "other.zip"]
    (tmp_path / "empty").mkdir()
    assert load_model(make(tmp_path / "empty")).classes == CLASSES


@pytest.mark.parametrize("name", ["m", "m.zip"])
def test_a_writing_that_fails_leaves_the_old_model(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / name, card="old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.os, "fsync", full)
    with pytest.raises(ModelError, match="No space left on device"):
        make(tmp_path / name, card="new")
    monkeypatch.undo()
    assert load_model(tmp_path / name).card == "old"
    assert os.listdir(tmp_path) == [name]


def test_a_folder_that_cannot_be_put_in_place_brings_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "m", card="old")
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(ModelError, match="Input/output error"):
        make(tmp_path / "m", card="new")
    monkeypatch.undo()
    assert load_model(tmp_path / "m").card == "old"
    assert os.listdir(tmp_path) == ["m"]


def test_where_there_is_no_model_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no model at .*nothing"):
        load_model(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"the folder has no model\.json"):
        load_model(tmp_path / "empty")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(ModelError, match="has no model yet; finish it with: glasshouse resume"):
        load_model(tmp_path / "run")
    (tmp_path / "picture.zip").write_bytes(b"\x89PNG")
    with pytest.raises(ModelError, match="is no model"):
        load_model(tmp_path / "picture.zip")


@pytest.mark.parametrize("piece", ["weights.safetensors", "recipe.json", "card.md"])
def test_a_missing_piece_is_named(tmp_path: Path, piece: str) -> None:
    make(tmp_path / "m")
    (tmp_path / "m" / piece).unlink()
    with pytest.raises(ModelError, match=f"is not whole: {piece} is missing"):
        load_model(tmp_path / "m")


def test_a_card_may_be_edited_by_hand(tmp_path: Path) -> None:
    make(tmp_path / "m")
    (tmp_path / "m" / "card.md").write_text("# My own words\n")
    assert load_model(tmp_path / "m").card == "# My own words\n"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda m: m.update(format=2), "has format 2, this version of Glasshouse .* reads up to 1"),
        (lambda m: m.update(format="x"), "has format x"),
        (lambda m: m.update(temperature=1.5), "Install that version or a later one"),
        (lambda m: m.update(kind="other"), "was written by something else"),
        (lambda m: m.pop("classes"), "lacks classes"),
        (lambda m: m.update(classes=["a", "a", "b"]), "class names that differ"),
        (lambda m: m.update(classes=["a"]), "do not fit its network: head.weight is .*, expected"),
        (lambda m: m.update(network={"name": "LeNett"}), "cannot be built: .*LeNet"),
        (lambda m: m.update(network={"name": "LeNet", "code": "x"}), "cannot be built"),
        (lambda m: m.update(network={"name": "Dense128"}), r"do not fit its network: .* and \d+ more"),
        (lambda m: m.update(network={}), "needs its network's name"),
        (lambda m: m.update(network=None), "lacks network"),
        (lambda m: m["preprocessing"].update(width="wide"), "is damaged|cannot be built"),
        (lambda m: m["preprocessing"].update(extra=1), "is damaged"),
        (lambda m: m["preprocessing"].pop("mean"), "is damaged: 'mean'"),
        (lambda m: m["weights"].update(sha256="0"), "is not the file that model.json describes"),
        (lambda m: m.update(weights=None, files=None), "lacks weights, files"),
        (lambda m: m["preprocessing"].update(mean=[0.1, 0.2]), "a mean and a std for each of 1 channels"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    tmp_path: Path, edit: Callable[[dict[str, Any]], object], words: str
) -> None:
    make(tmp_path / "m")
    change(tmp_path / "m", edit)
    with pytest.raises(ModelError, match=words):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: bytes) -> None:
    make(tmp_path / "m")
    (tmp_path / "m" / "model.json").write_bytes(text)
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(tmp_path / "m")


def test_a_damaged_recipe_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "m")
    (tmp_path / "m" / "recipe.json").write_text('{"epoch": 3}')
    with pytest.raises(ModelError, match="did you mean epochs"):
        load_model(tmp_path / "m")


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    make(tmp_path / "m")
    weights = tmp_path / "m" / "weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    with pytest.raises(ModelError, match=r"weights\.safetensors .* is not the file"):
        load_model(tmp_path / "m")
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match="is not the file"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize(
    ("weights", "words"),
    [(b"no safetensors", "is damaged: weights.safetensors"), (b"", "is damaged: weights.safetensors")],
)
def test_weights_that_are_no_safetensors_are_refused(tmp_path: Path, weights: bytes, words: str) -> None:
    model = load_model(make(tmp_path / "m"))
    write_files(tmp_path / "n", model.description.to_files(weights))
    with pytest.raises(ModelError, match=words):
        load_model(tmp_path / "n")


def test_weights_of_another_type_missing_and_extra_ones_are_told(tmp_path: Path) -> None:
    model = load_model(make(tmp_path / "m"))
    state = {name: tensor.contiguous() for name, tensor in model.module.state_dict().items()}
    state["conv1.bias"] = state["conv1.bias"].double()
    state["odd"] = state.pop("conv2.bias")
    write_files(tmp_path / "n", model.description.to_files(safetensors.torch.save(state)))
    with pytest.raises(ModelError, match=r"conv2.bias is missing; odd is not part of it; conv1.bias is torch.float64"):
        load_model(tmp_path / "n")


def rezip(source: Path, target: Path, **changes: Any) -> None:
    """Write the files of a model's folder into a zip by hand, with other names or attributes."""
    with zipfile.ZipFile(target, "w", changes.get("compression", zipfile.ZIP_STORED)) as file:
        for path in sorted(source.iterdir()):
            info = zipfile.ZipInfo(changes.get("prefix", "") + path.name)
            info.external_attr = changes.get("attributes", 0o100644) << 16
            info.compress_type = changes.get("compression", zipfile.ZIP_STORED)
            file.writestr(info, path.read_bytes())
        for name, data in changes.get("extra", {}).items():
            file.writestr(name, data)


@pytest.mark.parametrize(
    "changes", [{"prefix": "pets/"}, {"compression": zipfile.ZIP_DEFLATED}, {"extra": {"README.txt": "hello"}}]
)
def test_a_model_zipped_by_hand_can_be_loaded(tmp_path: Path, changes: dict[str, Any]) -> None:
    rezip(make(tmp_path / "m"), tmp_path / "m.zip", **changes)
    assert load_model(tmp_path / "m.zip").classes == CLASSES


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "..\\x", "C:x", "a/.."])
def test_a_zip_with_odd_paths_is_refused(tmp_path: Path, name: str) -> None:
    rezip(make(tmp_path / "m"), tmp_path / "m.zip", extra={name: "x"})
    with pytest.raises(ModelError, match="is refused: its entry"):
        load_model(tmp_path / "m.zip")


@pytest.mark.parametrize("attributes", [0o120777, 0o010644, 0o020644])
def test_a_zip_with_links_or_devices_is_refused(tmp_path: Path, attributes: int) -> None:
    rezip(make(tmp_path / "m"), tmp_path / "m.zip", attributes=attributes)
    with pytest.raises(ModelError, match="is not a plain file"):
        load_model(tmp_path / "m.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_entries_of_one_name_is_refused(tmp_path: Path) -> None:
    rezip(make(tmp_path / "m"), tmp_path / "m.zip", extra={"model.json": "{}"})
    with pytest.raises(ModelError, match="two entries of one name"):
        load_model(tmp_path / "m.zip")


def test_a_zip_with_a_flipped_bit_or_cut_off_is_refused(tmp_path: Path) -> None:
    whole = make(tmp_path / "m.zip").read_bytes()
    for place in (200, len(whole) // 2, len(whole) - 400):
        (tmp_path / "m.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(ModelError, match=r"damaged|no model|refused|not whole"):
            load_model(tmp_path / "m.zip")
    (tmp_path / "m.zip").write_bytes(whole[:-30])
    with pytest.raises(ModelError, match="cut off"):
        load_model(tmp_path / "m.zip")


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "m", card="x" * 5000)
    rezip(tmp_path / "m", tmp_path / "m.zip", compression=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(archive, "TEXT_LIMIT", 4000)
    for name in ("m", "m.zip"):
        with pytest.raises(ModelError, match=r"card\.md has 5,000 bytes, the limit is 4,000"):
            load_model(tmp_path / name)
    monkeypatch.setattr(archive, "ENTRY_LIMIT", 2)
    with pytest.raises(ModelError, match="has 4 entries"):
        load_model(tmp_path / "m.zip")


def test_a_model_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "m")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ModelError, match="cannot be read: Permission denied"):
        load_model(tmp_path / "m")


def test_an_unknown_device_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="The device gpu7 cannot be used here"):
        load_model(make(tmp_path / "m"), device="gpu7")


def test_a_model_without_model_json_beside_other_files_is_no_model(tmp_path: Path) -> None:
    make(tmp_path / "m")
    (tmp_path / "m" / "model.json").unlink()
    assert set(read_files(tmp_path / "m")) == {"weights.safetensors", "recipe.json", "card.md"}
    shutil.make_archive(str(tmp_path / "n"), "zip", tmp_path / "m")
    with pytest.raises(ModelError, match=r"it has no model\.json"):
        load_model(tmp_path / "n.zip")
