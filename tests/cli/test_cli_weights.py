"""``glasshouse weights``: the shelf on the command line, and weights from it in a training."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.errors import InputError, WeightsError
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

RUN = CliRunner()


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    torch.save(build("SqueezeNet", 1000, 3, 64, 64, seed=3).module.state_dict(), tmp_path / "mine.pth")
    return tmp_path / "mine.pth"


def said(*words: str) -> str:
    done = RUN.invoke(app, ["weights", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_file_is_added_listed_packed_removed_and_unpacked(file: Path, tmp_path: Path) -> None:
    assert "mine is on the shelf: weights of SqueezeNet" in said("add", str(file))
    assert (tmp_path / "home/weights/mine/weights.safetensors").is_file()
    rows = {row["name"]: row for row in json.loads(said("list", "--json"))}
    assert (rows["mine"]["network"], rows["mine"]["place"], rows["mine"]["here"]) == ("SqueezeNet", "shelf", True)
    assert rows["EfficientNetLite0"]["place"] == "box" and rows["EfficientNetLite0"]["licence"] == "Apache-2.0"
    assert rows["resnet50.a1_in1k"]["here"] is False and rows["resnet50.a1_in1k"]["commercial"] is True
    table = said("list")
    assert all(name in table for name in rows) and "mobilenetv4_conv_medium.e500_r256_in1k" in table
    assert "class.pack: mine" in said("pack", "mine", "--out", "class.pack")
    assert "no longer" in said("remove", "mine") and "is on the shelf now" in said("unpack", "class.pack")
    assert "already" in said("unpack", "class.pack")


def test_a_licence_is_shown_first_and_one_that_forbids_commercial_use_is_asked_about() -> None:
    done = RUN.invoke(app, ["weights", "fetch", "convnextv2_atto.fcmae_ft_in1k"])
    assert isinstance(done.exception, InputError) and "--yes" in str(done.exception)
    assert "cc-by-nc-4.0 (NO COMMERCIAL USE)" in done.stderr
    done = RUN.invoke(app, ["weights", "fetch", "EfficientNetLite0"])
    assert isinstance(done.exception, WeightsError) and "Apache-2.0 (allows commercial use)" in done.stderr


def test_a_training_begins_with_weights_named_as_on_the_shelf(file: Path, tmp_path: Path) -> None:
    from glasshouse.cli import train as command

    for label in ("cat", "dog"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for index in range(4):
            Image.effect_noise((40, 40), 20 + 9 * index).save(tmp_path / "data" / label / f"{index}.png")
    said("add", str(file))
    seen: list[TrainingRecipe] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "_train", lambda recipe, *_: seen.append(recipe))
        for name in ("mine", "EfficientNetLite0"):
            words = ["--data", "data", "--network", "SqueezeNet", "--strategy", "fine-tune", "--weights", name]
            assert RUN.invoke(app, ["train", *words, "--size", "40", "--epochs", "1"]).exit_code == 0
    place = (tmp_path / "home/weights/mine/weights.safetensors").resolve()
    assert [recipe.weights for recipe in seen] == [str(place), "pretrained"]
