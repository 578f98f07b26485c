"""What stops a training is told with what can help, whatever torch would have said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_pictures import make_tiny
from torch import nn

from glasshouse.errors import MemoryLimitError, NotFiniteError, RecipeError
from glasshouse.evaluation.metrics import log_loss
from glasshouse.events import EpochDone, Notice, RunFinished, StepDone
from glasshouse.layers import BatchNormalization, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Network
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.folding import folded
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.batch_sources import Part
from glasshouse.training.devices import enough_memory
from glasshouse.training.diagnosis import advice, broken, lonely_norms
from glasshouse.training.learner import Learner
from glasshouse.training.loop import resume, train
from glasshouse.training.objective import Objective
from glasshouse.training.precision import Precision
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.state import Stepper

FAST = {"optimizer": {"name": "sgd", "lr": 1e6}, "schedule": {"name": "constant"}}
DENSE_NORM = Network(
    [Flatten(), Dense(8), BatchNormalization(), Dense(3, activation="softmax")], input_shape=(16, 16, 3), name="flat"
).to_dict()
WIDE_NORM = Network(
    [Conv2D(4, 3), BatchNormalization(), GlobalAveragePooling2D(), Dense(3, activation="softmax")],
    input_shape=(16, 16, 3), name="wide",
).to_dict()  # fmt: skip


def recipe(data: Path, **fields: Any) -> TrainingRecipe:
    return TrainingRecipe(**{"data": str(data), "network": "LeNet", "batch_size": 64, "epochs": 3, **fields})


@pytest.mark.parametrize("network", ["LeNet", WIDE_NORM, DENSE_NORM])
@pytest.mark.parametrize("valid", [0.3, 0])
def test_weights_that_explode_in_the_only_step_of_an_epoch_are_told(network: Any, valid: float, tmp_path: Path) -> None:
    data = make_tiny(tmp_path / "tiny", valid=valid)
    size = 64 if valid else 90
    fields = FAST | {"optimizer": {"name": "sgd", "lr": 1e38 if valid else 1e39}}
    with pytest.raises(NotFiniteError, match=r"(epoch|step) \d.*Try a lower rate \(--lr 0\.01; it was 1e\+3"):
        list(train(recipe(data, network=network, batch_size=size, **fields), tmp_path / "run"))
    assert RunFolder.open(tmp_path / "run").facts()["status"] == "failed"
    assert not (tmp_path / "run" / "model").exists()
    with pytest.raises(NotFiniteError):  # and it comes to the same again
        list(resume(tmp_path / "run"))


def test_an_average_that_took_in_infinite_weights_is_told(tiny: Path, tmp_path: Path) -> None:
    fields = {"optimizer": {"name": "sgd", "lr": 3e38}, "schedule": {"name": "constant"}, "ema_decay": 0.9,
              "objective": {"class_weights": {"red": 1e9, "green": 1e9, "blue": 1e9}}}  # fmt: skip
    with pytest.raises(NotFiniteError, match=r"epoch 1: after step 1 the weights conv1\.weight and \d+ more are NaN"):
        list(train(recipe(tiny, **fields), tmp_path / "run"))


def test_a_network_whose_numbers_are_not_finite_is_not_folded() -> None:
    module = build("ResNet18", 3, 3, 32, 32).module
    with torch.no_grad():
        next(module.parameters()).fill_(float("nan"))
    assert folded(module, torch.ones(1, 3, 32, 32)) is module
    assert broken(module) == ["conv1.weight"]
    assert broken(nn.ReLU()) == []


@pytest.mark.parametrize(
    ("optimizer", "more", "expected"),
    [
        ({"lr": 1e30}, {}, "Try a lower rate (--lr 0.001; it was 1e+30), or clip the gradient with --clip-norm 1"),
        ({"lr": 0.1, "name": "sgd"}, {"clip_norm": 1.0}, "Try a lower rate (--lr 0.01; it was 0.1)"),
        ({"lr": 0.5, "name": "sgd"}, {"clip_norm": 1.0}, "Try a lower rate (--lr 0.01; it was 0.5)"),
        ({"lr": 1e-4}, {"clip_norm": 1.0}, "Try a lower rate (--lr 1e-05; it was 0.0001)"),
        ({"lr": 1e-7}, {"clip_norm": 1.0},
         "The rate is low already (1e-07): try a simpler network or other first weights"),
        ({}, {"clip_norm": 1.0, "precision": "mixed"},
         "Try a lower rate (--lr 0.0001; it was 0.001), or precision float32"),
        ({}, {"clip_norm": 1.0, "objective": {"class_weights": {"a": 1e6, "b": 1}}},
         "Try a lower rate (--lr 0.0001; it was 0.001), or class weights that are not as large as 1e+06"),
    ],
)  # fmt: skip
def test_the_advice_is_one_that_can_help(optimizer: dict[str, Any], more: dict[str, Any], expected: str) -> None:
    assert "".join(advice(TrainingRecipe(data="d", network="LeNet", optimizer=optimizer, **more))) == expected


@pytest.mark.parametrize(
    ("network", "strategy"), [("ResNet18", "scratch"), (DENSE_NORM, "scratch"), (DENSE_NORM, "fine-tune")]
)
def test_a_batch_of_one_is_refused_before_anything_is_written(
    network: Any, strategy: str, tiny: Path, tmp_path: Path
) -> None:
    fields: dict[str, Any] = {"network": network, "batch_size": 1, "strategy": strategy}
    if strategy == "fine-tune":
        list(train(recipe(tiny, network=network, epochs=1), tmp_path / "first"))
        fields["weights"] = str(tmp_path / "first" / "model" / "weights.safetensors")
    with pytest.raises(RecipeError, match=r"batch_size: batch normalization in .* 16x16.*choose a batch size of 2"):
        list(train(recipe(tiny, **fields), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_batch_of_one_trains_where_it_can_and_says_what_it_is(tiny: Path, tmp_path: Path) -> None:
    for name, network, notices in [("norm", WIDE_NORM, ["batch"]), ("none", "LeNet", [])]:
        events = list(train(recipe(tiny, network=network, batch_size=1, epochs=1), tmp_path / name))
        assert isinstance(events[-1], RunFinished)
        assert [e.kind for e in events if isinstance(e, Notice)] == notices


def test_features_may_be_learned_one_at_a_time(tiny: Path, tmp_path: Path) -> None:
    list(train(recipe(tiny, network=DENSE_NORM, epochs=1), tmp_path / "first"))
    weights = str(tmp_path / "first" / "model" / "weights.safetensors")
    fields = {"network": DENSE_NORM, "strategy": "features", "weights": weights, "batch_size": 1, "epochs": 1}
    assert isinstance(list(train(recipe(tiny, **fields), tmp_path / "run"))[-1], RunFinished)


def test_a_last_batch_of_one_is_left_out_and_told(tiny: Path, tmp_path: Path) -> None:
    events = list(train(recipe(tiny, network=WIDE_NORM, batch_size=31, epochs=1), tmp_path / "run"))
    (notice,) = (e for e in events if isinstance(e, Notice))
    assert "63 training pictures in batches of 31 end in a batch of one" in notice.message
    assert len([e for e in events if isinstance(e, StepDone)]) == 2


def test_the_range_test_of_the_rate_tells_a_batch_of_one_too(tiny: Path) -> None:
    with pytest.raises(RecipeError, match="batch size of 2 or more"):
        Learner(tiny, "ResNet18", batch_size=1).find_learning_rate(steps=4)


def test_the_range_test_tells_a_first_rate_that_is_too_high(tiny: Path) -> None:
    with pytest.raises(NotFiniteError, match="begin with a lower one"):
        Learner(tiny, DENSE_NORM, objective={"class_weights": {"red": 1e38, "green": 1e38}}).find_learning_rate(steps=4)


def test_which_networks_have_a_norm_on_one_number_a_channel() -> None:
    """The answer of one forward pass is torch's own, in training, for every network of the catalogue."""
    for name in CATALOGUE:
        if name in ("VGG16", "VGG19", "AlexNet"):  # large, and without a norm
            continue
        side = max(16, CATALOGUE[name].least)
        built = build(name, 3, 3, side, side)
        before = [part.training for part in built.module.modules()]
        found = lonely_norms(built, (3, side, side))
        assert [part.training for part in built.module.modules()] == before
        try:
            built.module.train()(torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1)))
        except ValueError as error:
            assert "more than 1 value per channel" in str(error) and found, name
        else:
            assert not found, name


def test_memory_that_runs_out_anywhere_is_told() -> None:
    cpu = torch.device("cpu")
    for error in (MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("x: not enough memory: y")):
        with pytest.raises(MemoryLimitError, match="cpu has too little memory to look; choose"), \
             enough_memory(cpu, "to look"):  # fmt: skip
            raise error
    with pytest.raises(RuntimeError, match="another"), enough_memory(cpu, "to look"):
        raise RuntimeError("another")


def test_a_loss_of_nothing_has_no_sign(tiny: Path, tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "network": DENSE_NORM,
        "objective": {"class_weights": {"red": 0.0, "green": 0.0, "blue": 0.0}},
    }
    with pytest.raises(RecipeError, match="every class has the weight 0"):
        list(train(recipe(tiny, **fields), tmp_path / "none"))
    sure = nn.Linear(2, 2)
    with torch.no_grad():
        sure.weight.copy_(torch.tensor([[100.0, 0.0], [0.0, 100.0]]))
    stepper = Stepper(sure, Objective(None, 0.0), torch.device("cpu"), Precision())
    part = Part(torch.eye(2) * 5, torch.arange(2))
    loss, _, _ = stepper.step(torch.optim.SGD(sure.parameters(), lr=0.0), [part], 2, (0, 0, 0), None)
    assert f"{loss:.4f}" == "0.0000"


def test_epochs_and_finished_runs_never_say_minus_nothing(tiny: Path, tmp_path: Path) -> None:
    assert f"{log_loss(np.eye(2), np.array([0, 1])):.4f}" == "0.0000"
    fields = {"network": DENSE_NORM, "epochs": 30, "optimizer": {"lr": 0.1}}
    events = list(train(recipe(tiny, **fields), tmp_path / "run"))
    assert not [e for e in events if isinstance(e, EpochDone) and f"{e.valid_loss:.4f}".startswith("-")]
