"""``glasshouse search`` and ``Learner.search``: what they print and leave."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from searched import pictures
from typer.testing import CliRunner

import glasshouse as gh
from glasshouse.cli.main import app


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("gray") / "set")


@pytest.fixture(scope="module")
def searched(gray: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path, Result]:
    """The words of a search, its folder, and what it printed."""
    out = tmp_path_factory.mktemp("search") / "a"
    words = ["search", "--data", str(gray), "--candidates", "1", "--out", str(out)]
    return words, out, CliRunner().invoke(app, [*words, "--json"])


def test_the_command_prints_the_result_and_goes_on_from_it(searched: tuple[list[str], Path, Result]) -> None:
    words, out, first = searched
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert told == json.loads((out / "result.json").read_text())
    assert told["best"]["network"] == "LeNet" and "LeNet, scratch, 4 epochs" in first.stderr
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0 and "Judged" in again.stdout and "best of 1 candidates" in again.stdout


def test_a_learner_goes_on_with_a_search_and_is_the_winner_afterwards(
    gray: Path, searched: tuple[list[str], Path, Result]
) -> None:
    learner = gh.Learner(gray, "LeNet", show=list).search(candidates=1, out=searched[1])
    assert learner.run == searched[1] / "winner" and learner.recipe.learn_from == "train"
    assert learner.model.classes == ("0", "1", "2")
