"""A run in one file: trained again it has the same bits, what differs is named, and nothing hostile is unpacked."""

import json
import shutil
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
from tiny_pictures import make_tiny
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.errors import DamagedRunError, DatasetError, RunError
from glasshouse.recipe import TrainingRecipe
from glasshouse.training import pack_reading
from glasshouse.training.loop import train
from glasshouse.training.pack_reading import unpack
from glasshouse.training.packing import pack_run
from glasshouse.training.reproduction import Reproduction, reproduce


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packing")
    data = make_tiny(folder / "data", count=60)
    list(train(TrainingRecipe(data=str(data), network="Dense128", epochs=2, batch_size=16), folder / "run"))
    return folder / "run"


def whole(events: Generator[Any, None, Reproduction]) -> Reproduction:
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def test_a_pack_with_its_pictures_needs_nothing_else(run: Path, tmp_path: Path) -> None:
    packed = CliRunner().invoke(app, ["pack", str(run), "--out", str(tmp_path / "a.zip"), "--with-data", "--json"])
    told = json.loads(packed.stdout)
    assert told["data"] and told["pictures"] == 60 and told["bytes"] == (tmp_path / "a.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert {"run/recipe.json", "run/model/weights.safetensors", "dataset/train.arrow"} <= set(file.namelist())
        assert b"torch==" in file.read("requirements.txt") and b"numpy==" in file.read("requirements.txt")
    hidden = run.parent / "hidden"
    (run.parent / "data").rename(hidden)  # as on another computer
    try:
        args = ["reproduce", str(tmp_path / "a.zip"), "--out", str(tmp_path / "again"), "--json"]
        found = CliRunner().invoke(app, args)
    finally:
        hidden.rename(run.parent / "data")
    told = json.loads(found.stdout)
    assert found.exit_code == 0 and told["same"] and told["different"] == 0 and told["first"] is None
    assert told["accuracy"] == told["packed_accuracy"] is not None
    pack_run(run, tmp_path / "b.zip", with_data=True)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes(), "the same run, the same file"


def test_without_its_pictures_the_dataset_is_named_and_compared(run: Path, tmp_path: Path) -> None:
    pack_run(run, tmp_path / "a.zip")
    with pytest.raises(DatasetError, match="name the dataset with --data"):
        whole(reproduce(tmp_path / "a.zip", tmp_path / "x"))
    other = make_tiny(tmp_path / "other", count=57)
    with pytest.raises(DatasetError, match="of its pictures are missing"):
        whole(reproduce(tmp_path / "a.zip", tmp_path / "x", other))
    seeds = make_tiny(tmp_path / "seeds", count=60, valid=0.3, size=12)
    with pytest.raises(DatasetError, match=r"same pictures|another dataset"):
        whole(reproduce(tmp_path / "a.zip", tmp_path / "x", seeds))
    assert not (tmp_path / "x").exists(), "nothing is left"
    assert whole(reproduce(tmp_path / "a.zip", tmp_path / "x", run.parent / "data")).same


def test_what_differs_is_named_with_the_reason(run: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(run, changed)
    weights = safetensors.torch.load_file(changed / "model" / "weights.safetensors")
    name = sorted(weights)[0]
    weights[name] = weights[name] + 0.5
    safetensors.torch.save_file(weights, changed / "model" / "weights.safetensors")
    events = [json.loads(line) for line in (changed / "events.jsonl").read_text().splitlines()]
    for event in events:
        if event["type"] == "epoch" and event["epoch"] == 2:
            event["train_loss"] += 0.25
    (changed / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (tmp_path / "a.zip").write_bytes(b"")
    with pytest.raises(DamagedRunError, match="is damaged and was not packed"):
        pack_run(changed, tmp_path / "a.zip", data=run.parent / "data")
    assert (tmp_path / "a.zip").read_bytes() == b"", "what was there stays"
    found = _as_packed(changed, tmp_path, run)
    assert not found.same and found.different == 1 and found.largest == pytest.approx(0.5)
    assert found.first is not None and (found.first.epoch, found.first.name) == (2, "train_loss")
    assert "train_loss of epoch 2" in str(found) and "please report it" in str(found)


def _as_packed(changed: Path, tmp_path: Path, run: Path) -> Reproduction:
    """Return how a pack compares whose files are those of ``changed``, with the hashes that fit them."""
    pack_run(run, tmp_path / "own.zip")
    with zipfile.ZipFile(tmp_path / "own.zip") as source, zipfile.ZipFile(tmp_path / "forged.zip", "w") as target:
        facts = json.loads(source.read("pack.json"))
        for name in facts["files"]:
            file = changed / name.removeprefix("run/")
            content = file.read_bytes() if name.startswith("run/") else source.read(name)
            facts["files"][name] = {"bytes": len(content), "sha256": _sha256(content)}
            target.writestr(name, content)
        target.writestr("pack.json", json.dumps(facts))
    return whole(reproduce(tmp_path / "forged.zip", tmp_path / "new", run.parent / "data"))


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "run/../../evil", "run\\evil", "other/evil", "run/model/a/b"])
def test_a_pack_writes_nowhere_but_in_its_folder(name: str, tmp_path: Path) -> None:
    facts = {"kind": "glasshouse-pack", "format": 1, "fingerprint": "x", "data": False, "start": None,
             "files": {name: {"bytes": 4, "sha256": _sha256(b"evil")}}}  # fmt: skip
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("pack.json", json.dumps(facts))
        file.writestr(name, b"evil")
    with pytest.raises(RunError, match="which no pack has"):
        unpack(tmp_path / "a.zip", tmp_path / "folder")
    assert not (tmp_path / "folder").exists() and not (tmp_path / "evil").exists()


def test_damaged_and_foreign_files_are_refused(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack_run(run, tmp_path / "a.zip")
    good = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes(good[: len(good) // 2])
    (tmp_path / "c.zip").write_bytes(b"no zip")
    at = good.index(b"dense.weight") + 4000  # in the stored weights
    (tmp_path / "d.zip").write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    for name in "bcd":
        with pytest.raises(RunError, match=r"is no pack of a run, or it is damaged"):
            unpack(tmp_path / f"{name}.zip", tmp_path / name)
    with pytest.raises(RunError, match="There is no file"):
        unpack(tmp_path / "e.zip", tmp_path / "e")
    monkeypatch.setattr(pack_reading, "FORMAT", 0)
    with pytest.raises(RunError, match="which is newer"):
        unpack(tmp_path / "a.zip", tmp_path / "later")
