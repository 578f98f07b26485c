"""Work that explains a finished model: one kind of job, done by a word, kept in the run's folder."""

import json
from pathlib import Path

import pytest
from test_jobs_course import assert_whole, done

from corner_pictures import draw_pictures
from glasshouse.errors import RecipeError
from glasshouse.jobs.explaining import EXPLAINERS
from glasshouse.store.database import open_store
from glasshouse.store.explanations import EXPLANATIONS, latest_explanation, submit_explanation
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models


def test_every_word_has_its_work() -> None:
    assert set(EXPLAINERS) == set(EXPLANATIONS)


def test_a_model_is_explained_by_a_job_that_keeps_what_it_found(tmp_path: Path) -> None:
    draw_pictures(tmp_path / "given" / "corners", each=8)
    store = open_store(tmp_path / "home", folders=(tmp_path / "given",))
    recipe = {"source": str(tmp_path / "given" / "corners"), "width": 28, "height": 28, "color": "gray", "valid": 0.5}
    data = submit_dataset(store, NewDataset("Corners", recipe)).id
    done(store, JobKind.DATASET)
    (model,) = submit_models(store, NewModel("m", data, {"network": "LeNet", "epochs": 1, "device": "cpu"}))
    done(store, JobKind.TRAIN)
    for do, total in (("filters", 70), ("statistics", None)):
        with pytest.raises(RecipeError, match="test"):
            submit_explanation(store, model.id, do, "test")
        job = submit_explanation(store, model.id, do)
        assert submit_explanation(store, model.id, do).id == job.id, "asked for twice, done once"
        assert_whole(done(store, JobKind.EXPLAIN), grows=False)
        ended = latest_explanation(store, model.id, do)
        assert ended is not None and ended.state is JobState.DONE and ended.result is not None
        assert ended.result.get("filters") == total
        kept = json.loads((store.path(model.folder) / "explanations" / f"{do}-val.json").read_text())
        assert kept["pictures"] == 12 and [layer["name"] for layer in kept["layers"]][:2] == ["conv1", "conv2"]
    store.close()
