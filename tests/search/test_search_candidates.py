"""A search on tiny pictures: by count it is the same to the bit, it can be stopped, and val judges only the winner."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glasshouse.data.dataset import open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import DatasetError, RunError
from glasshouse.events import CandidateDone, Event, SearchFinished
from glasshouse.export.bundle import load_model
from glasshouse.ladder.levels import run_code
from glasshouse.recipe import TrainingRecipe
from glasshouse.search.searching import SearchPlan, search

PLAN = SearchPlan(None, candidates=3)


def pictures(out: Path, side: int = 72, count: int = 60, gray: bool = False, valid: float = 0.25) -> Path:
    draw = np.random.default_rng(3)
    labels = np.arange(count) % 2
    shape = (count, side, side) if gray else (count, side, side, 3)
    found = draw.integers(0, 120, shape).astype(np.uint8)
    found[labels == 1, : side // 2] += 60
    found[:6] = found[5::-1]  # some are labelled wrong, so that no candidate is right about all
    color = "gray" if gray else "rgb"
    data = ImageData.from_arrays(found, labels, size=side, out=out, twins=False, color=color, valid=valid, test=0.1)
    return data.dataset.path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("photos") / "set")


@pytest.fixture(scope="module")
def found(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    out = tmp_path_factory.mktemp("search") / "a"
    return out, list(search(photos, out, PLAN))


def result(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "result.json").read_text())
    return found


def lasting(out: Path) -> str:
    """Everything of a result but its times, and the winner's weights."""
    found = result(out)
    rows = [{**row, "seconds": 0, "run": Path(row["run"]).name} for row in found["candidates"]]
    weights = (out / "winner" / "model" / "weights.safetensors").read_bytes()
    best = {**found["best"], "run": Path(found["best"]["run"]).name}
    return json.dumps([rows, best, hashlib.sha256(weights).hexdigest()])


def test_the_result_has_the_words_that_are_promised(found: tuple[Path, list[Event]], photos: Path) -> None:
    out, events = found
    told = result(out)
    assert set(told) == {"best", "candidates", "seconds"}
    assert set(told["best"]) == {"run", "accuracy", "interval", "corrected", "corrected_interval", "valid_accuracy",
                                 "valid_interval"}  # fmt: skip
    assert [set(row) for row in told["candidates"]] == [{"network", "strategy", "accuracy", "seconds", "run"}] * 3
    assert [event.number for event in events if isinstance(event, CandidateDone)] == [1, 2, 3]
    finished = events[-1]
    assert isinstance(finished, SearchFinished) and finished.run == told["best"]["run"]
    assert told["best"]["valid_interval"][0] <= told["best"]["valid_accuracy"] <= told["best"]["valid_interval"][1]
    assert load_model(Path(told["best"]["run"])).classes == open_dataset(photos).classes


def test_every_candidate_is_a_run_that_never_saw_the_validation_pictures(found: tuple[Path, list[Event]]) -> None:
    out, _ = found
    for row in result(out)["candidates"]:
        recipe = TrainingRecipe.load(Path(row["run"]) / "recipe.json")
        assert recipe.learn_from.startswith("fold 1/")
        assert recipe.learn_from in run_code(row["run"], "layers")
        run_code(row["run"], "autodiff"), load_model(Path(row["run"]))
    assert TrainingRecipe.load(out / "winner" / "recipe.json").learn_from == "train"


def test_two_searches_and_a_resumed_one_are_equal_to_the_bit(
    found: tuple[Path, list[Event]], photos: Path, tmp_path: Path
) -> None:
    again = search(photos, tmp_path / "b", PLAN)
    for event in again:
        if isinstance(event, CandidateDone) and event.number == 2:
            break
    again.close()  # type: ignore[attr-defined]
    kept = result(tmp_path / "b")
    assert len(kept["candidates"]) == 2 and Path(kept["best"]["run"]).parent.name == "candidates"
    assert kept["best"]["valid_accuracy"] is None
    list(search(photos, tmp_path / "b", PLAN))
    assert lasting(tmp_path / "b") == lasting(found[0])
    with pytest.raises(RunError, match="candidates 3, not 4"):
        list(search(photos, tmp_path / "b", SearchPlan(None, candidates=4)))


def test_refit_learns_from_all_and_says_so(photos: Path, tmp_path: Path) -> None:
    list(search(photos, tmp_path / "a", SearchPlan(None, candidates=1, refit=True)))
    told = result(tmp_path / "a")
    run = Path(told["best"]["run"])
    assert run.name == "refit" and TrainingRecipe.load(run / "recipe.json").learn_from == "train+val"
    assert not (run / "report-val.json").exists() and told["best"]["valid_accuracy"] is not None
    assert "training and validation pictures together" in (run / "model" / "card.md").read_text()


def test_small_grey_pictures_are_learned_from_scratch(tmp_path: Path) -> None:
    data = pictures(tmp_path / "set", 28, 50, gray=True)
    events = list(search(data, tmp_path / "a", SearchPlan(None, candidates=4)))
    tried = [(e.network, e.strategy) for e in events if isinstance(e, CandidateDone)]
    assert tried[:3] == [("Dense128", "scratch"), ("LeNet", "scratch"), ("ResNet18", "scratch")]
    assert {strategy for _, strategy in tried} == {"scratch"}


def test_a_class_of_one_picture_cannot_be_searched(tmp_path: Path) -> None:
    colors = np.zeros((3, 70, 70, 3), np.uint8)
    colors[1] = 255
    data = ImageData.from_arrays(colors, ["a", "a", "b"], valid=0.0, out=tmp_path / "set", twins=False, min_per_class=1)
    with pytest.raises(DatasetError, match="only one training picture"):
        list(search(data.dataset, tmp_path / "a", PLAN))


def test_the_sealed_test_stays_sealed(found: tuple[Path, list[Event]], photos: Path) -> None:
    assert open_dataset(photos).openings() == [] and "test" in open_dataset(photos).splits
