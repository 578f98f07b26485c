"""Work that explains a finished model: one kind of job, done by a word, kept in the run's folder."""

import json
from pathlib import Path

import pytest
from test_jobs_course import assert_whole, done

from corner_pictures import draw_pictures
from glasshouse.errors import RecipeError
from glasshouse.explanation.checks.kept_checks import METHOD_NAMES, kept_checks, with_section
from glasshouse.explanation.checks.result import Check
from glasshouse.export.card_file import read_card
from glasshouse.export.verify import verify_model
from glasshouse.jobs.explaining import EXPLAINERS
from glasshouse.messages import Message
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
    submit_explanation(store, model.id, "checks")
    assert_whole(done(store, JobKind.EXPLAIN), grows=False)
    run = store.path(model.folder)
    checks = kept_checks(run)
    assert [(method, check.passed) for method, check in checks.items()] == [(method, None) for method in METHOD_NAMES]
    card = read_card(run / "model")
    assert "- Grad-CAM: not checked. There are 12 validation pictures; a check needs at least 20." in card
    assert isinstance(card, Message), "it can be shown in Korean"
    assert not [one for one in verify_model(run / "model").files if one.state != "whole"]
    again = with_section(card, {**checks, "occlusion": Check("occlusion", passed=True, pictures=50)})
    assert again.count("## Checks of the explanations") == 1 and "Occlusion: passed on 50" in again
    assert again.partition("## Checks")[0] == card.partition("## Checks")[0], "the rest stays"
    store.close()
