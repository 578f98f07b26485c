"""``glasshouse predict``: text, JSON and CSV, what goes where, and the exit code."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from glasshouse.cli.predict import predict
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import ModelError
from glasshouse.export.bundle import load_model, save_model
from glasshouse.networks.build import build

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(predict)
PROGRAM = "import typer\nfrom glasshouse.cli.predict import predict\ntyper.run(predict)"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("models") / "digits.model"
    save_model(path, network={"name": "Dense128"}, module=build("Dense128", 3, 1, 8, 8).module,
               preprocessing=Preprocessing(8, 8, color="gray", mean=(0.5,), std=(0.5,)),
               classes=("고양이", "dog", "a,b\n\x1b[31m"))  # fmt: skip
    return str(path)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with ``shots``: three pictures and a file that is none."""
    (tmp_path / "shots" / "deep").mkdir(parents=True)
    random = np.random.default_rng(0)
    for name in ("1.png", "2, two.png", "deep/3.png"):
        Image.fromarray(random.integers(0, 256, (9, 9), dtype=np.uint8)).save(tmp_path / "shots" / name)
    (tmp_path / "shots" / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    monkeypatch.chdir(tmp_path)
    return tmp_path


NAMES = ["shots/1.png", "shots/2, two.png", "shots/bad.jpg", "shots/deep/3.png"]


def test_json_is_one_list_with_the_fixed_words(model: str, pictures: Path) -> None:
    done = CliRunner().invoke(app, [model, "shots", "--json"])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert [one["path"] for one in found] == NAMES
    assert all(set(one) - {"error_parts"} == {"path", "label", "probability", "top", "error"} for one in found)
    assert found[2]["label"] is None and found[2]["probability"] is None and found[2]["top"] == []
    assert found[2]["error"]
    first = found[0]
    assert first["error"] is None
    assert [set(entry) for entry in first["top"]] == [{"label", "probability"}] * 3
    assert first["top"][0] == {"label": first["label"], "probability": first["probability"]}
    assert "4 pictures in" in done.stderr and "1 could not be used" in done.stderr


def test_the_answers_are_those_of_the_library_whatever_the_batch(model: str, pictures: Path) -> None:
    expected = [one.to_dict() for one in load_model(model).predict(NAMES)]
    for size in ("1", "2", "64"):
        done = CliRunner().invoke(app, [model, "shots", "--json", "--batch-size", size])
        assert json.loads(done.stdout) == json.loads(json.dumps(expected))


def test_text_has_a_line_for_each_picture(model: str, pictures: Path) -> None:
    done = CliRunner().invoke(app, [model, "shots", "--top", "2"])
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("shots/1.png: ") and lines[0].count(" %") == 2
    assert lines[2].startswith("shots/bad.jpg: error: ")
    assert "\x1b" not in done.stdout


def test_a_table_is_written_beside_or_with_json(model: str, pictures: Path) -> None:
    done = CliRunner().invoke(app, [model, "shots", "--csv", "out.csv", "--top", "9"])
    assert (done.exit_code, done.stdout) == (0, "")
    with (pictures / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "label", "probability", "label_2", "probability_2", "label_3", "probability_3",
                             "error"]  # fmt: skip
    assert [row["path"] for row in rows] == NAMES
    assert rows[2]["label"] == "" and rows[2]["error"]
    done = CliRunner().invoke(app, [model, "shots", "--csv", "out.csv", "--top", "1", "--json"])
    found = json.loads(done.stdout)
    with (pictures / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["label"] or None, float(row["probability"] or 0)) for row in rows] == [
        (one["label"], one["probability"] or 0) for one in found
    ]


def test_lists_and_stdin_are_read(model: str, pictures: Path) -> None:
    (pictures / "list.txt").write_text("shots/1.png 2\nlost.png 0\n")
    done = CliRunner().invoke(app, [model, "list.txt", "--json"])
    assert [(one["path"], one["error"]) for one in json.loads(done.stdout)] == [
        ("shots/1.png", None), ("lost.png", "there is no such file"),
    ]  # fmt: skip
    done = CliRunner().invoke(app, [model, "-", "--json"], input="shots/1.png\n")
    assert [one["path"] for one in json.loads(done.stdout)] == ["shots/1.png"]


@pytest.mark.parametrize("options", [[], ["--json"], ["--csv", "out.csv"]])
def test_the_exit_code_is_1_where_no_picture_could_be_used(model: str, pictures: Path, options: list[str]) -> None:
    done = CliRunner().invoke(app, [model, "shots/bad.jpg", "lost.png", *options])
    assert done.exit_code == 1
    if options == ["--json"]:
        assert len(json.loads(done.stdout)) == 2
    (pictures / "empty").mkdir()
    done = CliRunner().invoke(app, [model, "empty", *options])
    assert done.exit_code == 1
    assert "There are no pictures." in done.stderr
    assert options != ["--json"] or json.loads(done.stdout) == []


def test_a_model_that_is_not_there_is_an_error(pictures: Path) -> None:
    done = CliRunner().invoke(app, ["lost", "shots", "--json"])
    assert isinstance(done.exception, ModelError)
    assert done.stdout == ""


@pytest.mark.parametrize("options", [["--top", "0"], ["--batch-size", "0"]])
def test_odd_options_are_refused(model: str, pictures: Path, options: list[str]) -> None:
    done = CliRunner().invoke(app, [model, "shots", *options])
    assert done.exit_code == 2
    assert options[0] in done.stderr


def test_a_table_that_cannot_be_written_is_told(model: str, pictures: Path) -> None:
    done = CliRunner().invoke(app, [model, "shots", "--csv", "no/such/out.csv"])
    assert "The table cannot be written to no/such/out.csv" in str(done.exception)


def test_answers_come_while_the_list_is_still_being_written(model: str, pictures: Path) -> None:
    """A slow writer on stdin has an answer after two batches, before it closes its end."""
    arguments = [sys.executable, "-c", PROGRAM, model, "-", "--json", "--batch-size", "1"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("shots/1.png\nshots/deep/3.png\nlost.png\n")
        process.stdin.flush()
        assert process.stdout.readline() == "[\n"
        assert '"path": "shots/1.png"' in process.stdout.readline()
        process.stdin.close()
        rest = process.stdout.read()
    assert [json.loads(line.rstrip(","))["path"] for line in rest.splitlines()[:-1]] == ["shots/deep/3.png", "lost.png"]
    assert process.returncode == 0


def test_a_name_that_is_no_unicode_gives_json_all_the_same(model: str, pictures: Path) -> None:
    name = os.fsdecode(b"shots/\xff.png")
    try:
        (pictures / name).write_bytes((pictures / "shots" / "1.png").read_bytes())
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    for options in (["--json"], ["--csv", "out.csv"], []):
        done = CliRunner().invoke(app, [model, name, *options])
        assert done.exit_code == 0, done.exception
        if options == ["--json"]:
            assert json.loads(done.stdout)[0]["path"] == name


def test_a_table_has_display_names_beside_the_classes_own(pictures: Path) -> None:
    save_model("named.model", network={"name": "Dense128"}, module=build("Dense128", 2, 1, 8, 8).module,
               preprocessing=Preprocessing(8, 8, color="gray", mean=(0.5,), std=(0.5,)),
               classes=("n01", "n02"), class_names={"n01": "tench"})  # fmt: skip
    CliRunner().invoke(app, ["named.model", "shots", "--csv", "out.csv"])
    with (pictures / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-3:] == ["error", "name", "name_2"]
    shown = {"n01": "tench", "n02": "n02", "": ""}
    assert all(row["name"] == shown[row["label"]] and row["name_2"] == shown[row["label_2"]] for row in rows)
    assert {row["label"] for row in rows} <= {"n01", "n02", ""} and rows[2]["name"] == ""
