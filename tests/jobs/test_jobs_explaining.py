"""Work on a finished model: what explains it, by a word, and its ONNX file; both are kept in the run's folder."""

import json
from pathlib import Path

import onnx
import pytest
from test_jobs_course import assert_whole, done

from corner_pictures import draw_pictures
from glasshouse.errors import RecipeError
from glasshouse.explanation.checks.kept_checks import METHOD_NAMES, card_section, kept_checks
from glasshouse.explanation.checks.result import Check
from glasshouse.export.card_file import read_card
from glasshouse.export.card_sections import with_section
from glasshouse.export.verify import verify_model
from glasshouse.jobs.explaining import EXPLAINERS
from glasshouse.messages import Message
from glasshouse.store.database import Store, open_store
from glasshouse.store.explanations import EXPLANATIONS, latest_explanation, submit_explanation
from glasshouse.store.exports import export_name, latest_export, stored_export, submit_export
from glasshouse.store.models import get_model
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models


def test_every_word_has_its_work() -> None:
    assert set(EXPLAINERS) == set(EXPLANATIONS)


def test_a_finished_model_is_explained_and_exported_by_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    other = {**checks, "occlusion": Check("occlusion", passed=True, pictures=50)}
    again = with_section(card, card_section(other))
    assert again.count("## Checks of the explanations") == 1 and "Occlusion: passed on 50" in again
    assert again.partition("## Checks")[0] == card.partition("## Checks")[0], "the rest stays"
    _is_exported(store, model.id, monkeypatch)
    store.close()


def _is_exported(store: Store, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.path(get_model(store, model).folder)
    job = submit_export(store, model)
    assert submit_export(store, model).id == job.id and stored_export(run) is None
    heard = done(store, JobKind.EXPORT)
    assert_whole(heard, grows=False)
    assert list(dict.fromkeys(heard.stages)) == ["reading", "evaluating", "exporting", "comparing"]
    found, ended = stored_export(run), latest_export(store, model)
    assert found is not None and found.file == run / "exports" / "m.onnx" and found.size == found.file.stat().st_size
    assert ended is not None and ended.result == found.certificate.to_dict() and ended.result["pictures"] == 24
    card = read_card(run / "model")
    assert [card.count(title) for title in ("## As an ONNX file", "## Checks of the explanations")] == [1, 1]
    assert not [one for one in verify_model(run / "model").files if one.state != "whole"]
    assert with_section(card, card_section({})).endswith(card[card.index("\n\n## As an ONNX") :]), "what follows stays"

    wrong = broken(found.file)
    monkeypatch.setattr("glasshouse.export.onnx_export._written", lambda model: [wrong])
    submit_export(store, model)
    done(store, JobKind.EXPORT)
    ended = latest_export(store, model)
    assert ended is not None and ended.result is not None and not ended.result["passed"] and ended.result["flips"] > 0
    assert ended.result["reason_parts"]["values"]["flips"] == ended.result["flips"], "the pages say it in Korean too"
    assert stored_export(run) is None and not (run / "exports").exists(), "what does not answer the same is not offered"


def broken(file: Path) -> onnx.ModelProto:
    """Return the network with another order of its answers."""
    network = onnx.load(file)
    last = next(node for node in network.graph.node if "probabilities" in node.output)
    turned = onnx.helper.make_node("Neg", [last.input[0]], ["turned"])
    last.input[0] = "turned"
    network.graph.node.insert(len(network.graph.node) - 1, turned)
    return network


def test_the_name_of_a_file_suits_every_system() -> None:
    assert [export_name(name) for name in ("pets", "a/b: c", "..", "긴" * 200)] == [
        "pets.onnx", "a_b_ c.onnx", "model.onnx", "긴" * 60 + ".onnx",
    ]  # fmt: skip
