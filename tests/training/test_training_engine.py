"""The engine of a run: what it computes, what it leaves, and what runs without one mean."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file
from tiny_pictures import make_tiny

from glasshouse.data.dataset import open_dataset
from glasshouse.errors import ModelError, RecipeError
from glasshouse.export import engines
from glasshouse.export.archive import read_files, write_files
from glasshouse.export.bundle import load_model, save
from glasshouse.export.engines import engine_problem
from glasshouse.export.scoring import evaluate
from glasshouse.integrity.documents import with_checksum
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoint_model import checkpoint_model
from glasshouse.training.loop import resume, train
from glasshouse.training.run_folder import RunFolder

Trained = Callable[..., Path]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("engine")
    data = make_tiny(folder / "tiny")
    save_file(build("LeNet", 3, 3, 16, 16, seed=5).module.state_dict(), folder / "body.safetensors")

    def run(name: str, **fields: object) -> Path:
        if (folder / name).exists():
            return folder / name
        recipe = {"data": str(data), "network": "LeNet", "weights": str(folder / "body.safetensors"), "device": "cpu"}
        list(train(TrainingRecipe(**{**recipe, **fields}), folder / name))
        return folder / name

    return run


def written(run: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((run / "recipe.json").read_text())
    return found


def test_features_are_computed_and_kept_by_engine(trained: Trained) -> None:
    a, b = trained("a", strategy="features"), trained("b", strategy="features", engine="torch")
    assert [written(run)["engine"] for run in (a, b)] == ["onnxruntime", "torch"]
    shards = {path.name.split("-")[0] for path in (a.parent / "tiny" / "features").glob("*.safetensors")}
    assert len(shards) == 4  # training and validation pictures, by each
    one, other = load_model(a), load_model(b)
    assert (one.engine, other.engine) == ("onnxruntime", "torch") and not (b / "model" / "model.onnx").exists()
    assert "onnxruntime computes its predictions" in one.card and "onnxruntime" not in other.card
    rows = open_dataset(a.parent / "tiny").splits["val"].rows(np.arange(20))
    assert np.allclose(one.probabilities(rows), other.probabilities(rows), atol=1e-4)
    assert evaluate(a).loss == json.loads((a / "report-val.json").read_text())["loss"]


@pytest.mark.parametrize("engine", ["openvino", "openvino-bf16"])
def test_openvino_computes_a_run_and_its_model(trained: Trained, engine: str) -> None:
    if (problem := engine_problem(engine)) is not None:
        pytest.skip(problem)
    features = trained("a", strategy="features").parent / "tiny" / "features"
    before = set(features.glob("*.safetensors"))
    run = trained(engine, strategy="features", engine=engine)
    assert len(set(features.glob("*.safetensors")) - before) == 2  # training and validation pictures
    model = load_model(run)
    assert model.engine == engine and ("OpenVINO (bfloat16)" in model.card) == (engine == "openvino-bf16")
    assert "- openvino 2" in model.card
    assert evaluate(run).loss == json.loads((run / "report-val.json").read_text())["loss"]
    rows = open_dataset(run.parent / "tiny").splits["val"].rows(np.arange(20))
    said = model.probabilities(rows)
    for other, far in (("torch", 0.05), ("onnxruntime", 0.05), (engine, 0)):
        assert np.allclose(load_model(run, engine=other).probabilities(rows), said, rtol=0, atol=far)
    assert np.array_equal(load_model(save(model, run / "moved.model")).probabilities(rows), said)


def test_an_engine_that_cannot_compute_here_is_told(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained("a", strategy="features")
    recipe, model = RunFolder.open(run).recipe, load_model(run, engine="openvino-bf16")
    monkeypatch.setattr(engines, "computes_bfloat16", lambda: False)
    monkeypatch.setattr(engines, "find_spec", lambda name: name)
    rows = open_dataset(run.parent / "tiny").splits["val"].rows(np.arange(2))
    with pytest.raises(ModelError, match="this processor does not compute bfloat16"):
        model.probabilities(rows)
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="not installed here; install the Python package openvino, or choose"):
        model.probabilities(rows)
    with pytest.raises(RecipeError, match=r"engine: OpenVINO is not installed here"):
        list(train(recipe.replace(engine="openvino"), run.parent / "missing"))


def test_a_model_of_an_engine_that_is_not_known(trained: Trained, tmp_path: Path) -> None:
    files = read_files(trained("a", strategy="features") / "model")
    manifest = json.loads(files["model.json"])
    del manifest["checksum"]
    files["model.json"] = json.dumps(with_checksum({**manifest, "engine": "abacus"})).encode()
    write_files(tmp_path / "model", files)
    with pytest.raises(ModelError, match="computed by abacus, which this version of Glasshouse does not know"):
        load_model(tmp_path / "model")
    assert load_model(tmp_path / "model", engine="torch").engine == "torch"


def test_a_fine_tuned_model_answers_as_its_report(trained: Trained) -> None:
    run = trained("c", strategy="fine-tune", epochs=1)
    assert load_model(run).engine == "onnxruntime"
    assert evaluate(run).loss == json.loads((run / "report-val.json").read_text())["loss"]
    assert written(trained("d", strategy="scratch", weights="none", epochs=1))["engine"] == "torch"


def test_a_recipe_of_a_time_before_means_torch(trained: Trained) -> None:
    run = trained("e", strategy="features", engine="torch")
    whole = written(run)
    del whole["engine"]
    assert TrainingRecipe(**whole).engine == "torch" and TrainingRecipe(data="d", network="n").engine is None
    facts, before = json.loads((run / "run.json").read_text()), (run / "model" / "weights.safetensors").read_bytes()
    assert facts["status"] == "done"
    list(resume(run, checkpoint="last"))
    assert (run / "model" / "weights.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "fields",
    [{"strategy": "features"}, {"strategy": "scratch", "weights": "none", "epochs": 3, "ema_decay": 0.9}],
    ids=["features", "averaged"],
)
def test_a_checkpoint_answers_as_the_model_it_would_become(trained: Trained, fields: dict[str, object]) -> None:
    run = trained(f"at {fields['strategy']}", checkpoints={"keep_every": 1}, **fields)
    rows = open_dataset(run.parent / "tiny").splits["val"].rows(np.arange(9))
    model = load_model(run)
    answers = {name: checkpoint_model(run, name).probabilities(rows) for name in ("best", "last", "epoch-0001")}
    assert np.array_equal(answers["best"], model.probabilities(rows))
    assert np.array_equal(answers["last"], answers["epoch-0001"]) == (fields["strategy"] == "features")
    (run / "model").rename(run / "away")  # as it is when the training was aborted
    found = checkpoint_model(run, "best", run.parent / "tiny")
    assert (found.classes, found.engine) == (model.classes, model.engine)
    assert np.array_equal(found.probabilities(rows), answers["best"])
