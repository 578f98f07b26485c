"""A finished training keeps what its model does not know, and every way to the model says the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_pictures import make_tiny

from glasshouse.data.dataset import open_dataset
from glasshouse.errors import DamagedModelError
from glasshouse.export.bundle import load_model, save
from glasshouse.export.features import FeatureInference
from glasshouse.export.inference import Inference
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of ``tiny`` a run from scratch (``learned``) and one on frozen features (``frozen``)."""
    folder = tmp_path_factory.mktemp("uncertainty")
    data = make_tiny(folder / "tiny", count=200)
    save_file(build("LeNet", 3, 3, 16, 16, seed=5).module.state_dict(), folder / "body.safetensors")
    given = {"data": str(data), "network": "LeNet", "device": "cpu"}
    list(train(TrainingRecipe(**given, epochs=1), folder / "learned"))
    frozen = {"strategy": "features", "weights": str(folder / "body.safetensors")}
    list(train(TrainingRecipe(**given, **frozen), folder / "frozen"))
    return folder


@pytest.mark.parametrize("name", ["learned", "frozen"])
def test_predictions_say_how_familiar_a_picture_is(folder: Path, name: str) -> None:
    model, rows = load_model(folder / name), open_dataset(folder / "tiny").splits["val"].rows(np.arange(40))
    found = model.predict_rows(rows)
    shares = [one.familiarity for one in found]
    assert all(share is not None and 0 <= share <= 1 for share in shares)
    assert [one.none_of_these for one in found] == [share < 0.05 for share in shares]  # type: ignore[operator]
    assert set(found[0].to_dict()) > {"familiarity", "none_of_these"} and "set" not in found[0].to_dict()
    assert [one.probability for one in found] == model.probabilities(rows).max(1).tolist()  # the same bits
    noise = np.random.default_rng(0).integers(0, 2, (20, 16, 16, 3)).astype(np.uint8) * 255
    strangers = np.mean([bool(one.none_of_these) for one in model.predict_rows(noise)])
    assert strangers > 0.9
    assert "## What it does not know" in model.card


def test_lists_of_answers_are_those_of_the_validation_pictures(folder: Path) -> None:
    model, split = load_model(folder / "learned"), open_dataset(folder / "tiny").splits["val"]
    p = model.probabilities(split.rows(np.arange(len(split))))
    own = np.sort(np.where(p.argmax(1) == split.labels, 1, p[np.arange(len(split)), split.labels]))
    assert model.uncertainty is not None and model.uncertainty.sets is not None
    assert np.array_equal(model.uncertainty.sets.likelihoods, own)
    (one,) = model.predict([split.rows(np.arange(1))[0]], coverage=0.9)
    least = own[int((len(split) + 1) * 0.1) - 1]
    assert one.answer_set is not None and set(one.answer_set) >= {c for c, x in zip(model.classes, p[0]) if x >= least}
    assert one.to_dict()["set"] == list(one.answer_set)


def test_a_copy_is_the_same_and_a_damaged_file_is_refused(folder: Path, tmp_path: Path) -> None:
    model = load_model(folder / "frozen")
    copy = load_model(save(model, tmp_path / "copy"))
    rows = open_dataset(folder / "tiny").splits["val"].rows(np.arange(5))
    assert [one.to_dict() for one in copy.predict_rows(rows)] == [one.to_dict() for one in model.predict_rows(rows)]
    by_torch = load_model(folder / "frozen", engine="torch").predict_rows(rows)
    for one, other in zip(by_torch, model.predict_rows(rows)):
        assert one.familiarity == pytest.approx(other.familiarity, abs=0.03)
    (tmp_path / "copy" / "uncertainty.safetensors").write_bytes(b"something else")
    with pytest.raises(DamagedModelError, match=r"uncertainty\.safetensors"):
        load_model(tmp_path / "copy")


@pytest.mark.parametrize("name", ["LeNet", "resnet18", "EfficientNetLite0"])
def test_body_and_head_give_the_bits_of_the_whole(name: str) -> None:
    module = build(name, 7, 3, 64, 64, seed=1).module.eval()
    rows = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    mean, std = [0.5] * 3, [0.25] * 3
    features, found = FeatureInference(module, (64, 64, 3)).answers(rows, mean, std)
    assert np.array_equal(found, Inference(module, (64, 64, 3)).probabilities(rows, mean, std))
    assert len(features) == 5 and torch.from_numpy(features).isfinite().all()
