"""A search on tiny pictures: by count it is the same to the bit, it can be stopped, and val judges only the winner."""

import hashlib
import json
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from searched import pictures, result

from glasshouse.data.dataset import open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import DatasetError, RunError
from glasshouse.events import (
    CandidateDone,
    CandidateScored,
    CandidateStarted,
    Event,
    Notice,
    SearchFinished,
    SearchPhase,
)
from glasshouse.export.bundle import load_model
from glasshouse.export.scoring import evaluate
from glasshouse.ladder.levels import run_code
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.search import searching, sides
from glasshouse.search.candidates import Candidate
from glasshouse.search.folder import SearchFolder
from glasshouse.search.searching import SearchPlan, search
from glasshouse.search.sides import other_sides
from pictures import write_class_folders

PLAN = SearchPlan(None, candidates=2)


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("gray") / "set")


@pytest.fixture(scope="module")
def found(gray: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    out = tmp_path_factory.mktemp("search") / "a"
    return out, list(search(gray, out, PLAN))


def lasting(out: Path) -> str:
    """Everything of a result but its times, and the winner's weights."""
    found = result(out)
    rows = [{**row, "seconds": 0, "run": Path(row["run"]).name} for row in found["candidates"]]
    weights = (out / "winner" / "model" / "weights.safetensors").read_bytes()
    best = {**found["best"], "run": Path(found["best"]["run"]).name}
    return json.dumps([rows, best, hashlib.sha256(weights).hexdigest()])


def test_the_result_has_the_words_that_are_promised(found: tuple[Path, list[Event]], gray: Path) -> None:
    out, events = found
    told = result(out)
    best = told["best"]
    assert {"best", "candidates", "seconds"} <= set(told) and (told["reason"], told["judged"]) == ("done", 1)
    assert {"run", "accuracy", "interval", "corrected", "corrected_interval", "valid_accuracy",
            "valid_interval"} <= set(best)  # fmt: skip
    assert [{"network", "strategy", "accuracy", "seconds", "run"} - set(row) for row in told["candidates"]] == [
        set()
    ] * 2
    assert best["valid_interval"][0] <= best["valid_accuracy"] <= best["valid_interval"][1]
    assert load_model(Path(best["run"])).classes == open_dataset(gray).classes
    assert open_dataset(gray).openings() == [] and "test" in open_dataset(gray).splits
    finished = events[-1]
    assert isinstance(finished, SearchFinished) and finished.run == best["run"]


def test_the_events_say_what_is_tried_and_how_good_it_is(found: tuple[Path, list[Event]]) -> None:
    _, events = found
    assert [event.phase for event in events if isinstance(event, SearchPhase)] == ["comparing", "winner"]
    begun = [event for event in events if isinstance(event, CandidateStarted)]
    done = [event for event in events if isinstance(event, CandidateDone)]
    assert [(e.number, e.network, e.strategy) for e in begun] == [(e.number, e.network, e.strategy) for e in done]
    assert [e.network for e in done] == ["LeNet", "Dense128"] and {e.strategy for e in done} == {"scratch"}
    assert done[0].best and all(e.low <= e.accuracy <= e.high and Path(e.run).is_dir() for e in done)


def test_every_candidate_is_a_run_that_never_saw_the_validation_pictures(found: tuple[Path, list[Event]]) -> None:
    out, _ = found
    for row in result(out)["candidates"]:
        recipe = TrainingRecipe.load(Path(row["run"]) / "recipe.json")
        assert recipe.learn_from.startswith("fold 1/")
        assert recipe.learn_from in run_code(row["run"], "layers")
        run_code(row["run"], "autodiff"), load_model(Path(row["run"]))
    assert TrainingRecipe.load(out / "winner" / "recipe.json").learn_from == "train"


def test_two_searches_and_a_resumed_one_are_equal_to_the_bit(
    found: tuple[Path, list[Event]], gray: Path, tmp_path: Path
) -> None:
    again = search(gray, tmp_path / "b", PLAN)
    for event in again:
        if isinstance(event, CandidateStarted) and event.number == 2:
            break
    again.close()  # type: ignore[attr-defined]
    kept = result(tmp_path / "b")
    assert len(kept["candidates"]) == 1 and Path(kept["best"]["run"]).parent.name == "candidates"
    assert kept["best"]["valid_accuracy"] is None and kept["reason"] == "stopped"
    list(search(gray, tmp_path / "b", PLAN))
    assert lasting(tmp_path / "b") == lasting(found[0])
    with pytest.raises(RunError, match="candidates 2, not 4"):
        list(search(gray, tmp_path / "b", SearchPlan(None, candidates=4)))


@pytest.mark.parametrize("gray", [False, True])
def test_frozen_features_come_first(gray: bool, tmp_path: Path) -> None:
    photos = pictures(tmp_path / "set", 65, gray=gray)
    with closing(search(photos, tmp_path / "a", SearchPlan(None))) as events:  # type: ignore[type-var]
        scored = next(event for event in events if isinstance(event, CandidateScored | CandidateDone))
        first = next(event for event in events if isinstance(event, CandidateDone))
    assert isinstance(scored, CandidateScored), "the score is said before its run is trained"
    assert (scored.accuracy, scored.low, scored.high, scored.best) == (first.accuracy, first.low, first.high, True)
    assert (first.network, first.strategy, first.best) == ("EfficientNetLite0", "features", True)
    best = result(tmp_path / "a")["best"]
    assert best["run"] == first.run and best["valid_accuracy"] is None and load_model(Path(best["run"]))


def test_a_refit_learns_from_all_and_says_so(gray: Path, tmp_path: Path) -> None:
    list(search(gray, tmp_path / "a", SearchPlan(None, candidates=1, refit=True)))
    told = result(tmp_path / "a")
    run = Path(told["best"]["run"])
    assert run.name == "refit" and TrainingRecipe.load(run / "recipe.json").learn_from == "train+val"
    assert not (run / "report-val.json").exists() and told["best"]["valid_accuracy"] is not None
    assert "training and validation pictures together" in (run / "model" / "card.md").read_text()
    assert "learned from these very pictures" in evaluate(run).notes[0]
    assert not evaluate(tmp_path / "a" / "winner").notes


def test_a_candidate_sees_pictures_of_another_size_read_from_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_class_folders(tmp_path / "photos", each=8, size=(44, 40))
    data = create_dataset(DatasetRecipe(source=str(source), width=28, height=28), tmp_path / "set")
    fields = {"network": "LeNet", "weights": "none", "strategy": "scratch", "epochs": 1, "seed": 1}
    small, large = Candidate(fields, "LeNet"), Candidate(fields, "LeNet", side=36)
    monkeypatch.setattr(
        searching, "next_candidate", lambda _data, scores, _seed, **_: iter([small, large][len(scores) :])
    )
    events = list(search(data, tmp_path / "a", SearchPlan(None, candidates=2)))
    assert [event.side for event in events if isinstance(event, CandidateDone)] == [None, 36]
    rows = result(tmp_path / "a")["candidates"]
    assert [row["side"] for row in rows] == [None, 36] and "36x36 pixels" in rows[1]["what"]
    run = Path(rows[1]["run"])
    at = open_dataset(TrainingRecipe.load(run / "recipe.json").data)
    assert (at.width, at.splits["val"].paths) == (36, data.splits["val"].paths)
    assert load_model(run).preprocessing.width == 36 and evaluate(run).count == len(data.splits["val"])
    assert np.array_equal(*(SearchFolder(tmp_path / "a").answers(number).rows for number in (1, 2)))
    again = list(search(data, tmp_path / "a", SearchPlan(None, candidates=2)))
    assert not any(isinstance(event, CandidateDone) for event in again)


def test_what_cannot_be_tried_is_left_out_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_class_folders(tmp_path / "photos", each=8, size=(44, 40))
    data = create_dataset(DatasetRecipe(source=str(source), width=28, height=28), tmp_path / "set")
    monkeypatch.setattr(sides, "SIDES", (60, 36, 28, 20))
    assert other_sides(data, 40) == [40, 36, 20]
    assert other_sides(data, 41) == [36, 20]  # half of the pictures would have to be enlarged
    shutil.rmtree(source)
    assert other_sides(data, 40) == []
    fields = {"network": "LeNet", "weights": "none", "strategy": "scratch", "epochs": 1, "seed": 1}
    unfit = Candidate({**fields, "network": "ConvNet4"}, "ConvNet4")  # pictures of 28 pixels are too small for it
    tried = [Candidate(fields, "LeNet", side=36), unfit, Candidate(fields, "LeNet")]
    monkeypatch.setattr(searching, "next_candidate", lambda *_, **__: iter(tried))
    events = list(search(data, tmp_path / "a", SearchPlan(None, candidates=1)))
    told = [event.message for event in events if isinstance(event, Notice) and event.kind == "size"]
    assert len(told) == 1 and "36x36 pixels are not tried" in told[0]
    assert ["ConvNet4" in event.message for event in events if isinstance(event, Notice) and event.kind == "candidate"]
    assert [event.side for event in events if isinstance(event, CandidateDone)] == [None]


def test_a_class_of_one_picture_cannot_be_searched(tmp_path: Path) -> None:
    colors = np.zeros((3, 70, 70, 3), np.uint8)
    colors[1] = 255
    data = ImageData.from_arrays(colors, ["a", "a", "b"], valid=0.0, out=tmp_path / "set", twins=False, min_per_class=1)
    with pytest.raises(DatasetError, match="only one training picture"):
        list(search(data.dataset, tmp_path / "a", PLAN))
