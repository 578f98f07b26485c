"""Display names of classes: read from labels files, kept beside a dataset, and in what is trained on it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.data.dataset import open_dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.data.preparing.reuse import inspect
from glasshouse.data.stored.class_names import CLASS_NAMES, parse_names
from glasshouse.errors import InputError
from glasshouse.export.bundle import load_model
from glasshouse.export.class_names import name_classes
from glasshouse.export.verify import verify_model
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.loop import train
from pictures import write_class_folders

CLASSES = ("n01440764", "n02102040")
NAMES = {"n01440764": "tench", "n02102040": "English springer"}


@pytest.mark.parametrize(
    "text",
    [
        "n01440764 tench\nn02102040 English springer\nn03000684 chain saw\n",
        "n01440764\ttench\r\nn02102040\tEnglish springer\r\n",
        'class,name\nn01440764,tench\nn02102040,"English springer"\n',
        "\ufeffn02102040;English springer\nn01440764;tench",
        "tench\nEnglish springer\n",
        '{"0": ["n01440764", "tench"], "1": ["n02102040", "English springer"]}',
        '["tench", "English springer"]',
        json.dumps({**NAMES, "n03000684": "chain saw"}),
    ],
)
def test_labels_files_are_read_as_they_come(text: str) -> None:
    assert parse_names(text.encode(), CLASSES) == NAMES


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"cat\n", "names none of the classes"), (b"\xff\xfe", "no text"), (b"{", "is none"), (b"", "names none"),
     (b"n01440764 " + b"x" * 300, "200 characters"), (b'n01440764 a\x07', "cannot be shown")],
)  # fmt: skip
def test_what_is_no_labels_file_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_names(data, CLASSES)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a dataset of cats and dogs, and of a model on it that was trained before its classes had names."""
    folder = tmp_path_factory.mktemp("named")
    source = write_class_folders(folder / "pets", each=10)
    create_dataset(DatasetRecipe(source=str(source), width=16, height=16), folder / "data")
    list(train(_recipe(folder), folder / "before"))
    return folder


def _recipe(folder: Path) -> TrainingRecipe:
    return TrainingRecipe(data=str(folder / "data"), network="LeNet", epochs=1, device="cpu")


def test_names_are_kept_and_change_nothing_that_is_computed(made: Path) -> None:
    dataset = open_dataset(made / "data")
    first, second = dataset.classes
    before = {path.name: path.read_bytes() for path in (made / "data").iterdir() if path.is_file()}
    with pytest.raises(InputError, match="no class 'horse'"):
        dataset.name_classes({"horse": "Horse"})
    dataset.name_classes({first: "  Tabby\tcat ", second: second})
    assert dataset.class_names == {first: "Tabby cat"} == dataset.summary()["class_names"]
    again = open_dataset(made / "data")
    assert again.fingerprint == dataset.fingerprint and again.classes == (first, second)
    assert all((made / "data" / name).read_bytes() == data for name, data in before.items())
    standing = inspect(made / "data")
    assert standing is not None and standing.manifest["foreign"] == []
    (check,) = [one for one in again.verify().files if one.name == CLASS_NAMES]
    assert check.state == "whole"

    list(train(_recipe(made), made / "after"))
    old, new = load_model(made / "before"), load_model(made / "after")
    weights = [(made / run / "model" / "weights.safetensors").read_bytes() for run in ("before", "after")]
    assert weights[0] == weights[1] and old.class_names == {} and new.class_names == {first: "Tabby cat"}
    assert f"Tabby cat ({first})" in new.card
    (answer,) = new.predict([np.zeros((16, 16, 3), np.uint8)])
    named = {one["label"]: one.get("name") for one in answer.to_dict()["top"]}
    assert named == {first: "Tabby cat", second: None} and "Tabby cat" in str(answer)
    assert set(answer.to_dict()) - {"name"} == {"path", "label", "probability", "top", "error"}

    name_classes(made / "before" / "model", {first: "Cat", "horse": "Horse"})
    assert load_model(made / "before").class_names == {first: "Cat"} and verify_model(made / "before" / "model").ok
    (made / "data" / CLASS_NAMES).write_text('{"names": {}}')
    assert open_dataset(made / "data").class_names == {}
    assert [one.state for one in again.verify().files if one.name == CLASS_NAMES] == ["damaged"]
    (made / "data" / CLASS_NAMES).unlink()


def test_the_command_line_names_classes(made: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("First\nSecond\n")
    run, data = CliRunner(), str(made / "data")
    told = run.invoke(app, ["dataset", "names", data, str(labels)])
    assert told.exit_code == 0 and "\tFirst\n" in told.stdout
    shown = json.loads(run.invoke(app, ["dataset", "names", data, "--json"]).stdout)
    assert list(shown["class_names"].values()) == ["First", "Second"]
    assert run.invoke(app, ["dataset", "names", data, "--none"]).exit_code == 0
    made_again = ["dataset", "create", str(made / "pets"), "--out", str(tmp_path / "d"), "--size", "8", "--json"]
    created = run.invoke(app, [*made_again, "--class-names", str(labels)])
    assert created.exit_code == 0 and json.loads(created.stdout)["class_names"] == shown["class_names"]
    lost = run.invoke(app, [*made_again, "--class-names", str(tmp_path / "none.txt")])
    assert lost.exit_code != 0
