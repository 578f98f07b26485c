"""The command train: options, recipe files, JSON, and the words at its end."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.cli.recipe_options import idle_notes
from glasshouse.errors import ModelError, RecipeError, RunError
from glasshouse.layers import Dense, Flatten, Network
from glasshouse.recipe import TrainingRecipe


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two class folders with 20 pictures each."""
    folder = tmp_path_factory.mktemp("pictures") / "lights"
    draw = np.random.default_rng(3)
    for name, low in (("dark", 0), ("light", 150)):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            picture = draw.integers(low, low + 100, (20, 20, 3)).astype(np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def invoke(*words: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["train", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr


def test_a_source_becomes_a_dataset_and_a_run(pictures: Path) -> None:
    out, err = invoke("--data", str(pictures), "--network", "lenet", "--size", "16", "--epochs", "3", "--lr", "0.01")
    assert "valid loss" in err and "Accuracy" in out and "95 % interval" in out and "commonest class" in out
    run = Path("runs/lights-lenet-1")
    assert f"glasshouse evaluate {run}" in out
    recipe = TrainingRecipe.load(run / "recipe.json")
    assert recipe.optimizer.lr == 0.01 and recipe.epochs == 3 and recipe.fingerprint
    invoke("--data", str(pictures), "--network", "lenet", "--size", "16", "--epochs", "1")
    assert Path("runs/lights-lenet-2/model/model.json").is_file()


def test_json_is_one_document_with_the_fixed_words(pictures: Path) -> None:
    out, _ = invoke("--data", str(pictures), "--network", "lenet", "--size", "16", "--epochs", "1", "--json",
                    "--out", "r")  # fmt: skip
    document = json.loads(out)
    assert set(document) == {"accuracy", "interval", "loss", "count", "split", "baselines", "seconds", "run"}
    assert document["count"] == 10 and document["split"] == "val" and document["run"] == "r"


def test_options_override_the_recipe_file(pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    fields = {"network": "LeNet", "epochs": 9, "batch_size": 8, "optimizer": {"name": "sgd", "momentum": 0.9}}
    file.write_text(json.dumps(fields))
    invoke("--recipe", str(file), "--data", str(pictures), "--size", "16", "--epochs", "1", "--lr", "0.02",
           "--early-stopping", "3", "--clip-norm", "1", "--out", "r")  # fmt: skip
    recipe = TrainingRecipe.load("r/recipe.json")
    assert (recipe.epochs, recipe.batch_size, recipe.clip_norm) == (1, 8, 1.0)
    assert (recipe.optimizer.name, recipe.optimizer.momentum, recipe.optimizer.lr) == ("sgd", 0.9, 0.02)
    assert recipe.early_stopping is not None and recipe.early_stopping.patience == 3


def test_all_that_is_missing_or_wrong_is_told_at_once() -> None:
    with pytest.raises(RecipeError, match=r"(?s)data: needed.*--data.*network: needed.*--network.*batch_size"):
        CliRunner().invoke(app, ["train", "--batch-size", "0"], catch_exceptions=False)


def test_a_folder_that_is_taken_is_refused(pictures: Path) -> None:
    words = ["--data", str(pictures), "--network", "lenet", "--size", "16", "--epochs", "1", "--out", "r"]
    invoke(*words)
    with pytest.raises(RunError, match="glasshouse resume r, or choose another name"):
        CliRunner().invoke(app, ["train", *words], catch_exceptions=False)


def test_every_option_has_help() -> None:
    text = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200"}).stdout
    lines = text.splitlines()
    for line, after in pairwise(lines):
        if line.strip().startswith("--"):
            assert len(line.split("  ")) > 2 or after.startswith(" " * 20), line  # a long one has its help below


@pytest.mark.real
def test_the_keras_recipe_of_the_docs_runs(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    source = root.parent / "shared" / "data" / "dogs-vs-cats" / "train"
    if not source.is_dir():
        pytest.skip("the pictures of ../shared are missing")
    few = tmp_path / "few"
    for name in ("cat", "dog"):
        (few / name).mkdir(parents=True)
        for path in sorted((source / name).iterdir())[:24]:
            (few / name / path.name).symlink_to(path)
    file = root / "docs" / "recipes" / "dogs-vs-cats-keras.json"
    out, _ = invoke("--data", str(few), "--recipe", str(file), "--epochs", "1", "--out", "r", "--json")
    recipe = TrainingRecipe.load("r/recipe.json")
    assert json.loads(out)["count"] == 12 and recipe.optimizer.name == "rmsprop" and recipe.augmentation.rotation == 40


def test_a_network_of_layers_comes_from_a_file(pictures: Path, tmp_path: Path) -> None:
    net = Network([Flatten(), Dense(9, activation="tanh"), Dense(5, activation="softmax")], input_shape=(12, 10, 3))
    Path("net.json").write_text(json.dumps(net.to_dict()))
    net.save("net.model")
    invoke("--data", str(pictures), "--network", "net.json", "--epochs", "1", "--weights", "net.model")
    recipe = TrainingRecipe.load("runs/lights-network-1/recipe.json")
    assert isinstance(recipe.network, dict)
    assert recipe.network["layers"][0]["shape"] == [12, 10, 3]
    assert recipe.network["layers"][-1]["settings"]["units"] == 2
    invoke("--data", str(pictures), "--network", "net.model", "--size", "8", "--epochs", "1")
    assert TrainingRecipe.load("runs/lights-network-2/recipe.json").network["layers"][0]["shape"] == [8, 8, 3]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("{", ModelError, "is no network: not JSON"),
        ("{}", ModelError, 'expected a JSON object with "layers"'),
        ("\x00\x01", ModelError, "cannot be read as a network"),
        (None, ModelError, "cannot read the network"),
        ('{"layers": [{"layer": "Input", "shape": [8, 8, 3]}, {"layer": "Flaten"}]}', RecipeError, "mean Flatten"),
        ('{"layers": [{"layer": "Input", "shape": [8, 8, 3]}, {"layer": "Flatten"}]}', RecipeError, "got Flatten; add"),
    ],
)
def test_a_file_that_is_no_network_is_told(
    content: str | None, error: type[Exception], message: str, pictures: Path
) -> None:
    if content is not None:
        Path("net.json").write_text(content)
    with pytest.raises(error, match=message):
        invoke("--data", str(pictures), "--network", "net.json")


def test_an_option_without_effect_is_told_with_the_reason(pictures: Path) -> None:
    _, err = invoke("--data", str(pictures), "--network", "lenet", "--size", "16", "--epochs", "1", "--momentum", "0.9",
                    "--freeze-epochs", "2", "--views", "3", "--weight-decay", "0.1")  # fmt: skip
    notes = [line.removeprefix("note: ") for line in err.splitlines() if "no effect" in line]
    assert notes == [
        "--freeze-epochs has no effect with --strategy scratch; it is for fine-tune",
        "--views has no effect with --strategy scratch; it is for features",
        "--momentum has no effect with --optimizer adamw; it is for sgd, rmsprop",
    ]


def test_a_missing_choice_that_makes_an_option_idle_is_named() -> None:
    recipe = TrainingRecipe(data="-", network="LeNet", strategy="features", weights="pretrained", views=2)
    assert idle_notes(recipe, {"views": 2}) == ["--views has no effect without augmentation"]
    assert idle_notes(recipe, {"epochs": 3}) == []


def test_other_commands_do_not_wait_for_the_recipe() -> None:
    program = (
        "import sys, glasshouse.cli.main; print([n for n in ('pydantic', 'glasshouse.recipe') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
