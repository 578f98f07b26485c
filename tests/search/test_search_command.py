"""``glasshouse search`` and ``Learner.search``: what they print and leave."""

import json
from pathlib import Path

import pytest
from searched import pictures
from typer.testing import CliRunner

import glasshouse as gh
from glasshouse.cli.main import app


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("gray") / "set")


def test_the_command_prints_the_result_and_goes_on_from_it(gray: Path, tmp_path: Path) -> None:
    words = ["search", "--data", str(gray), "--candidates", "1", "--out", str(tmp_path / "a")]
    first = CliRunner().invoke(app, [*words, "--json"])
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert told == json.loads((tmp_path / "a" / "result.json").read_text())
    assert told["best"]["network"] == "LeNet" and "LeNet, scratch, 4 epochs" in first.stderr
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0 and "Judged" in again.stdout and "best of 1 candidates" in again.stdout


def test_a_learner_is_the_winner_afterwards(gray: Path, tmp_path: Path) -> None:
    learner = gh.Learner(gray, "LeNet", show=list).search(candidates=1, out=tmp_path / "a")
    assert learner.run == tmp_path / "a" / "winner" and learner.recipe.learn_from == "train"
    assert learner.model.classes == ("0", "1", "2")
