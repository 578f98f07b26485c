"""The command ``glasshouse dataset``, run as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glasshouse.cli.dataset import app
from glasshouse.errors import DatasetError, InputError, RecipeError
from pictures import picture, save, truncated_jpeg, write_class_folders, write_splits

RUN = CliRunner()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    source = write_class_folders(tmp_path / "pets", {"cat": 20, "dog": 20})
    (source / "cat" / "torn.jpg").write_bytes(truncated_jpeg())
    return source


def create(*words: object) -> dict[str, object]:
    result = RUN.invoke(app, ["create", *map(str, words), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_json_has_the_fixed_words(pets: Path, tmp_path: Path) -> None:
    said = create(pets, "--out", tmp_path / "out", "--size", "20x10", "--valid", 0.2, "--test", 0.1, "--seed", 3)
    assert said["classes"] == ["cat", "dog"]
    assert said["splits"] == {
        "train": {"count": 28, "classes": {"cat": 14, "dog": 14}},
        "val": {"count": 8, "classes": {"cat": 4, "dog": 4}},
        "test": {"count": 4, "classes": {"cat": 2, "dog": 2}},
    }
    (rejected,) = said["rejected"]  # type: ignore[misc]
    assert rejected["path"] == "cat/torn.jpg"  # type: ignore[index]
    assert said["warnings"] == []
    assert said["path"] == str(tmp_path / "out")
    assert len(str(said["fingerprint"])) == 64
    assert (said["width"], said["height"]) == (20, 10)
    shown = RUN.invoke(app, ["show", str(tmp_path / "out"), "--json"])
    assert json.loads(shown.stdout) == said


def test_the_table_and_the_lists(pets: Path, tmp_path: Path) -> None:
    (pets / "dog" / "again.jpg").write_bytes((pets / "dog" / "dog.3.jpg").read_bytes())
    first = RUN.invoke(app, ["create", str(pets), "--out", str(tmp_path / "out"), "--size", "16"])
    assert "Left out     1" in first.stdout
    assert "2 equal, 0 near-twins in 1 groups" in first.stdout
    assert "twins: 2 pictures have a twin with the same content" in first.stderr
    again = RUN.invoke(app, ["create", str(pets), "--out", str(tmp_path / "out"), "--size", "16"])
    assert "had been made before" in again.stderr
    twins = RUN.invoke(app, ["show", str(tmp_path / "out"), "--twins"]).stdout.splitlines()
    assert [line.split("\t")[-1] for line in twins] == ["dog/again.jpg", "dog/dog.3.jpg"]
    left = RUN.invoke(app, ["show", str(tmp_path / "out"), "--rejected"]).stdout
    assert left.startswith("cat/torn.jpg\t")


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--resize", "half-crop"], "resize", "half-crop"),
        (["--color", "gray"], "color", "gray"),
        (["--encoding", "jpeg", "--quality", "70"], "encoding", "jpeg"),
        (["--split", "ordered"], "classes", ["cat", "dog"]),
        (["--group", r"(\d)\.jpg$"], "classes", ["cat", "dog"]),
        (["--no-twins"], "twins", {"equal": 0, "near": 0, "groups": 0}),
        (["--min-per-class", "5", "--max-per-class", "10"], "classes", ["cat", "dog"]),
    ],
)
def test_options(pets: Path, tmp_path: Path, words: list[str], field: str, value: object) -> None:
    assert create(pets, "--out", tmp_path / "out", "--size", 12, *words)[field] == value


def test_folders_of_their_own_for_validation_and_test(tmp_path: Path) -> None:
    source = write_splits(tmp_path / "all", {"train": 8, "more": 4, "last": 3})
    said = create(
        source / "train", "--out", tmp_path / "out", "--size", 8,
        "--valid-source", source / "more", "--test-source", source / "last",
    )  # fmt: skip
    assert {name: split["count"] for name, split in said["splits"].items()} == {"train": 16, "val": 8, "test": 6}  # type: ignore[attr-defined]


def test_labels_from_a_table(tmp_path: Path) -> None:
    for seed in range(12):
        save(tmp_path / "images" / f"{seed}.png", picture(seed))
    rows = "\n".join(f"{seed}.png,{'ab'[seed % 2]},{seed // 2}" for seed in range(12))
    (tmp_path / "t.csv").write_text(f"name,kind,patient\n{rows}\n")
    said = create(
        tmp_path / "images", "--out", tmp_path / "out", "--size", 8, "--labels-csv", tmp_path / "t.csv",
        "--path-column", "name", "--label-column", "kind", "--group-column", "patient",
    )  # fmt: skip
    assert said["classes"] == ["a", "b"]


def test_errors_are_ours(pets: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="resize: expected"):
        RUN.invoke(app, ["create", str(pets), "--out", "x", "--resize", "melt"], catch_exceptions=False)
    with pytest.raises(DatasetError, match="There is no dataset at"):
        RUN.invoke(app, ["show", str(tmp_path)], catch_exceptions=False)


def test_help_names_every_option_and_loads_no_torch() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom glasshouse.cli.dataset import app\n"
        "print(CliRunner().invoke(app, ['create', '--help']).stdout)\n"
        "assert not {'torch', 'numpy', 'pyarrow'} & set(sys.modules), 'loaded too much'"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert told.returncode == 0, told.stderr
    for option in ("--group", "--encoding", "--valid-source", "--max-per-class", "--no-twins"):
        assert option in told.stdout


def test_edits_make_a_new_version(pets: Path, tmp_path: Path) -> None:
    create(pets, "--out", tmp_path / "one", "--size", 16)
    edits = tmp_path / "edits.csv"
    edits.write_text("path,label,exclude\ncat/cat.1.jpg,dog,\ndog/dog.2.jpg,,yes\n")
    words = ["edit", tmp_path / "one", "--edits", edits, "--out", tmp_path / "two", "--by", "Ann", "--json"]
    said = json.loads(RUN.invoke(app, list(map(str, words)), catch_exceptions=False).stdout)
    totals = {name: sum(split["classes"][name] for split in said["splits"].values()) for name in said["classes"]}
    assert (totals, said["edits"]) == ({"cat": 19, "dog": 20}, 2)
    parent = json.loads(RUN.invoke(app, ["show", str(tmp_path / "one"), "--json"]).stdout)
    assert said["parent"]["fingerprint"] == parent["fingerprint"] != said["fingerprint"]
    again = RUN.invoke(app, list(map(str, words[:-1])))
    assert "had been made before" in again.stderr and "Edits        2, on the version" in again.stdout
    edits.write_text("path,label\ncat/none.jpg,dog\n")
    with pytest.raises(InputError, match=r"line 2: the dataset has no picture cat/none\.jpg"):
        RUN.invoke(app, list(map(str, words)), catch_exceptions=False)
