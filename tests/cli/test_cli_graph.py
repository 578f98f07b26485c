"""``glasshouse graph``: drawings of runs, networks and examples."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corner_pictures import draw_pictures
from glasshouse.cli.main import app
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import InputError, NetworkError
from glasshouse.explanation.examples import EXAMPLES
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.loop import train


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("graph")
    pictures = draw_pictures(place / "corners")
    create_dataset(DatasetRecipe(source=str(pictures), width=28, height=28, color="gray", valid=0.2), place / "data")
    list(train(TrainingRecipe(data=str(place / "data"), network="LeNet", epochs=1, batch_size=32), place / "run"))
    return place / "run"


def call(*words: object) -> str:
    done = CliRunner().invoke(app, ["graph", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def drawn(path: Path) -> list[str]:
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_goldstein_has_the_books_gradients(tmp_path: Path) -> None:
    found = json.loads(call("--example", "goldstein", "--json"))
    inputs = {v["name"]: v["gradient"] for v in found["variables"] if v["kind"] == "input"}
    assert inputs == {"x": -5376.0, "y": 8064.0}
    call("--example", "goldstein", "--out", tmp_path / "g.svg")
    assert "grad -5376" in drawn(tmp_path / "g.svg")


def test_the_second_derivative_of_the_quartic_is_44() -> None:
    found = json.loads(call("--example", "quartic", "--json"))
    (x,) = [v for v in found["variables"] if v["kind"] == "input"]
    assert (x["name"], x["gradient"]) == ("x", 44.0)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_drawn(name: str, tmp_path: Path) -> None:
    call("--example", name, "--out", tmp_path / "e.svg")
    assert len(drawn(tmp_path / "e.svg")) > 5


def test_a_network_by_name_and_a_run_have_their_layers(run: Path, tmp_path: Path) -> None:
    call("lenet", "--out", tmp_path / "n.svg")
    call(run, "--out", tmp_path / "r.svg")
    for file in ("n.svg", "r.svg"):
        assert {"conv2d", "conv2d_1", "dense_1", "25,050 weights"} <= set(drawn(tmp_path / file))
    found = json.loads(call("ResNet18", "--json"))
    assert found["steps"] == 74
    assert len(found["boxes"]) < 40
    assert sum(box["parameters"] for box in found["boxes"]) == 11_689_512 + 9_600


def test_a_picture_is_drawn_down_to_its_functions(run: Path, tmp_path: Path) -> None:
    picture = sorted((run.parent / "corners" / "both").glob("*.png"))[0]
    told = json.loads(call(run, "--picture", picture, "--label", "both", "--json", "--out", tmp_path / "p.svg"))
    names = [f["name"] for f in told["functions"]]
    assert names.count("Conv2d") == 2
    parameters = {v["name"] for v in told["variables"] if v["kind"] == "parameter"}
    assert {"conv2d/kernel", "dense_1/bias"} <= parameters
    assert all(v["gradient"] is not None for v in told["variables"] if v["kind"] == "parameter")
    assert "loss" in drawn(tmp_path / "p.svg")
    folded = json.loads(call(run, "--picture", picture, "--level", "layers", "--json"))
    assert len(folded["boxes"]) == 8


def test_what_cannot_be_drawn_says_what_to_do(run: Path, tmp_path: Path) -> None:
    for words, error, text in [
        ([], InputError, "Give one thing"),
        (["--example", "none"], InputError, "there are goldstein"),
        (["resnet10t"], NetworkError, "is not written in layers"),
        (["LeNet", "--level", "functions"], InputError, "give a run"),
        ([run, "--level", "functions"], InputError, "add --picture"),
        (["LeNet", "--out", tmp_path / "no" / "x.svg"], InputError, "cannot be written"),
    ]:
        with pytest.raises(error, match=text):
            CliRunner().invoke(app, ["graph", *map(str, words)], catch_exceptions=False)
