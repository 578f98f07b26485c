"""Any two settings together do what plain formulas say; and what they do to an uneven set is what a person expects."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plain_training import LINEAR, plain_training, step_of

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.events import EpochDone, Notice, RunFinished
from glasshouse.export.bundle import load_model
from glasshouse.networks.own import Head
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.averaging import MovingAverage
from glasshouse.training.batch_sources import Part
from glasshouse.training.checkpoints import read_checkpoint
from glasshouse.training.loop import resume, train
from glasshouse.training.objective import build_objective
from glasshouse.training.precision import Precision
from glasshouse.training.state import Stepper

PLAIN: dict[str, Any] = {
    "network": LINEAR, "batch_size": 8, "epochs": 4, "device": "cpu", "schedule": {"name": "constant"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
}  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {
    "balanced weights": {"objective": {"class_weights": "balanced"}},
    "given weights": {"objective": {"class_weights": {"a": 3.0, "c": 0.0}}},
    "smoothing": {"objective": {"label_smoothing": 0.2}},
    "balanced sampling": {"sampling": "balanced"},
    "mixup": {"augmentation": {"mixup": 0.4}},
    "cutmix": {"augmentation": {"cutmix": 1.0}},
    "average": {"ema_decay": 0.9},
    "clipping": {"clip_norm": 0.1},
    "accumulation": {"accumulate": 3},
    "early stopping": {"early_stopping": {"patience": 1, "min_delta": 0.02}},
    "precision": {"precision": "mixed"},
}
PAIRS = [pair for pair in combinations(SETTINGS, 2) if set(pair) != {"balanced weights", "given weights"}]


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            found[key] = {**found[key], **value} if isinstance(found.get(key), dict) and key != "network" else value
    return found


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """35 training pictures in three uneven classes, noisy, so that no setting is without a price."""
    draw, labels = np.random.default_rng(3), np.repeat([0, 1, 2], [30, 14, 6])
    pictures = draw.integers(0, 200, (len(labels), 8, 8)) + 18 * labels[:, None, None]
    out = tmp_path_factory.mktemp("uneven") / "set"
    given = ImageData.from_arrays(
        pictures.astype("uint8"),
        np.array(["a", "b", "c"])[labels],
        valid=0.3,
        size=8,
        color="gray",
        out=out,
        twins=False,
    )
    return given.dataset


def check(fields: Mapping[str, Any], dataset: Dataset, run: Path) -> None:
    """Train, and compare every epoch and the kept weights with the formulas."""
    recipe = TrainingRecipe(data=str(dataset.path), **merged(PLAIN, fields))
    expected = plain_training(recipe, dataset)
    events = list(train(recipe, run))
    epochs = [e for e in events if isinstance(e, EpochDone)]
    told = [(e.train_loss, e.valid_loss, e.valid_accuracy) for e in epochs]
    np.testing.assert_allclose(told, expected.history, rtol=2e-4, atol=2e-5)
    finished = events[-1]
    assert isinstance(finished, RunFinished) and finished.best_epoch == expected.best
    state = load_model(run, "cpu").module.state_dict()
    np.testing.assert_allclose(state["head.weight"], expected.kernel, atol=2e-4)
    np.testing.assert_allclose(state["head.bias"], expected.bias, atol=2e-4)


@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_two_settings_together_are_the_formulas(pair: tuple[str, str], uneven: Dataset, tmp_path: Path) -> None:
    check(merged(*(SETTINGS[name] for name in pair)), uneven, tmp_path / "run")


def test_all_settings_together_are_the_formulas(uneven: Dataset, tmp_path: Path) -> None:
    names = [name for name in SETTINGS if name != "given weights"]
    check(merged({"epochs": 8}, *(SETTINGS[name] for name in names)), uneven, tmp_path / "run")


def test_early_stopping_judges_the_averaged_weights(uneven: Dataset, tmp_path: Path) -> None:
    """An average that lags behind goes on becoming better where the weights themselves would have stopped."""
    fields = {"epochs": 12, "optimizer": {"lr": 0.04}, "early_stopping": {"patience": 1}}
    for name, more in (("alone", {}), ("averaged", {"ema_decay": 0.98})):
        check({**fields, **more}, uneven, tmp_path / name)
    alone, averaged = (len(read_checkpoint(tmp_path / n / "checkpoints" / "last.safetensors")[1].history)
                       for n in ("alone", "averaged"))  # fmt: skip
    assert alone != averaged


def test_the_average_of_few_steps_has_forgotten_the_random_start() -> None:
    """After n updates the first weights count Π min(d, (1+k)/(10+k)): a thousandth after three, whatever the decay."""
    net = Head(2, 2)
    average = MovingAverage(net, 0.999)
    start = net.weight.detach().clone()
    with torch.no_grad():
        net.weight.copy_(torch.zeros(2, 2))
    for _ in range(3):
        average.update(net)
    assert torch.allclose(average.module.weight, start * (0.1 * 2 / 11 * 3 / 12))  # type: ignore[attr-defined]


STOPPED = [("balanced weights", "smoothing"), ("average", "early stopping"), ("balanced sampling", "accumulation"),
           ("mixup", "given weights")]  # fmt: skip


@pytest.mark.parametrize("pair", STOPPED, ids=" + ".join)
def test_a_pair_that_is_interrupted_ends_with_the_same_bits(
    pair: tuple[str, str], uneven: Dataset, tmp_path: Path
) -> None:
    recipe = TrainingRecipe(data=str(uneven.path), **merged(PLAIN, *(SETTINGS[name] for name in pair)))
    list(train(recipe, tmp_path / "whole"))
    events = train(recipe, tmp_path / "run")
    for _, event in zip(range(7), events):
        assert event
    events.close()  # type: ignore[attr-defined]
    list(resume(tmp_path / "run"))
    whole, again = (tmp_path / name / "model" / "weights.safetensors" for name in ("whole", "run"))
    assert whole.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["balanced weights", "smoothing", "clipping", "both"])
def test_a_step_in_low_precision_is_the_formula_as_far_as_its_numbers_reach(name: str, dtype: torch.dtype) -> None:
    """The loss and its weights are computed in 32 bits; only the network rounds more coarsely."""
    parts = [SETTINGS["balanced weights"], SETTINGS["smoothing"]] if name == "both" else [SETTINGS[name]]
    recipe = TrainingRecipe(data="d", network="LeNet", **merged(*parts))
    labels = np.array([0] * 6 + [1] * 2 + [2] * 4)
    draw = np.random.default_rng(5)
    x = draw.normal(size=(12, 5))
    net = Head(5, 3)
    θ = [net.weight.detach().numpy().astype(np.float64), net.bias.detach().numpy().astype(np.float64)]
    weights = np.array([12 / 18, 12 / 6, 12 / 12]) if "weights" in name or name == "both" else np.ones(3)
    loss, gradients = step_of(θ, x, np.eye(3)[labels], weights, recipe)
    norm = float(np.sqrt(sum((g**2).sum() for g in gradients))) / 12
    objective = build_objective(recipe.objective, ["a", "b", "c"], labels, torch.device("cpu"))
    stepper = Stepper(net, objective, torch.device("cpu"), Precision(dtype, scaled=dtype == torch.float16))
    part = Part(torch.from_numpy(x).float(), torch.from_numpy(labels))
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    told, size, right = stepper.step(optimizer, [part], 12, (0, 0, 0), recipe.clip_norm)
    assert told == pytest.approx(loss / 12, rel=0.02) and size == pytest.approx(norm, rel=0.03)
    assert right == int(((x @ θ[0].T + θ[1]).argmax(1) == labels).sum())
    share = min(1.0, (recipe.clip_norm or 1e9) / norm)
    np.testing.assert_allclose(net.weight.detach().numpy(), θ[0] - share * gradients[0] / 12, atol=0.02)


RARE = 0.1  # of the pictures


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """80 pictures that are all the same, of which 8 are called rare: what is learned is how often it is answered."""
    labels = np.array(["rare" if number % 10 == 0 else "usual" for number in range(80)])
    out = tmp_path_factory.mktemp("alike") / "set"
    pictures = np.full((80, 8, 8), 90, "uint8")
    given = ImageData.from_arrays(pictures, labels, valid=0, size=8, color="gray", out=out, twins=False)
    return given.dataset


MIXED = 0.5 * RARE + 0.18 * (5 * 0.3889 + 0.5556 * 0.1111)  # Σ w t of (rare, rare) and (rare, usual), α = 0.4
EXPECTED: dict[str, tuple[dict[str, Any], float]] = {
    "nothing": ({}, RARE),
    "weights": ({"objective": {"class_weights": "balanced"}}, 0.5),
    "sampling": ({"sampling": "balanced"}, 0.5),
    "smoothing": ({"objective": {"label_smoothing": 0.2}}, 0.8 * RARE + 0.1),
    "weights and smoothing": ({"objective": {"class_weights": "balanced", "label_smoothing": 0.2}}, 0.5),
    "sampling and smoothing": ({"sampling": "balanced", "objective": {"label_smoothing": 0.2}}, 0.5),
    "sampling and mixup": ({"sampling": "balanced", "augmentation": {"mixup": 0.4}}, 0.5),
    "weights and mixup": ({"objective": {"class_weights": "balanced"}, "augmentation": {"mixup": 0.4}}, MIXED),
    "weights and average": ({"objective": {"class_weights": "balanced"}, "ema_decay": 0.9}, 0.5),
    "weights and accumulation": ({"objective": {"class_weights": "balanced"}, "accumulate": 2}, 0.5),
    "sampling and weights": ({"sampling": "balanced", "objective": {"class_weights": "balanced"}}, 0.9),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_how_often_a_rare_class_is_answered(name: str, alike: Dataset, tmp_path: Path) -> None:
    """Where pictures tell nothing, p(rare) becomes its weighed share; two corrections together overdo it and say so."""
    fields, expected = EXPECTED[name]
    plain = {"network": LINEAR, "batch_size": 40, "epochs": 25, "schedule": {"name": "one-cycle"},
             "optimizer": {"name": "sgd", "lr": 0.5, "momentum": 0.8, "weight_decay": 0.0}}  # fmt: skip
    recipe = TrainingRecipe(data=str(alike.path), device="cpu", **merged(plain, fields))
    events = list(train(recipe, tmp_path / "run"))
    tensors, _ = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.safetensors")
    bias = tensors[("average" if recipe.ema_decay else "module") + "/head.bias"]
    rare = float(bias.softmax(0)[alike.classes.index("rare")])
    assert rare == pytest.approx(expected, abs=0.06)
    twice = [e.message for e in events if isinstance(e, Notice) and e.kind == "balance"]
    assert bool(twice) is (name == "sampling and weights")
    assert not twice or "twice" in twice[0]
