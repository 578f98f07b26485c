"""Autodiff gives a run's losses to the last bit: over a hundred steps, and over a few with each optimizer and setting.

Where labels are mixed (mixup, cutmix) the sums are added in another order: there the losses agree within 1e-6.
"""

import contextlib
import io
import runpy
from pathlib import Path
from typing import Any

import pytest
from scripts import Run, tiny, train_one

from glasshouse.ladder.levels import run_code
from glasshouse.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Network, ReLU
from glasshouse.training.optimizers import OPTIMIZERS

STEPS = 100
SMALL = Network(
    [Conv2D(8, 3, padding="same"), BatchNormalization(), ReLU(), Conv2D(8, 3, strides=2), BatchNormalization(),
     GlobalAveragePooling2D(), Dense(3, activation="softmax")],
    input_shape=(16, 16, 3), name="small",
).to_dict()  # fmt: skip
SIDES = {"LeNet": 28, "ResNet18": 16, "MobileNetV2": 32, "GoogLeNet": 32}
UNEVEN = {"red": 3.0, "green": 0.5}
SETTINGS: dict[str, dict[str, Any]] = {
    "momentum": {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}},
    "rmsprop-momentum": {"optimizer": {"name": "rmsprop", "momentum": 0.9}},
    "clip": {"clip_norm": 0.5},
    "class-weights": {"objective": {"class_weights": "balanced"}},
    "smoothing": {"objective": {"label_smoothing": 0.1}},
    "weights-smoothing": {"objective": {"label_smoothing": 0.1, "class_weights": UNEVEN}},
    "weights-mixup": {"objective": {"class_weights": UNEVEN}, "augmentation": {"mixup": 0.4}},
    "weights-smoothing-cutmix": {
        "objective": {"label_smoothing": 0.1, "class_weights": UNEVEN},
        "augmentation": {"cutmix": 0.4},
    },
    "mixup": {"augmentation": {"mixup": 0.4}},
    "cutmix": {"augmentation": {"cutmix": 0.4}},
    "accumulate": {"accumulate": 2},
    "dropout": {"dropout": 0.3},
}


def losses_of_script(run: Run, script: Path, steps: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The losses of a run's script on Autodiff, stopped after some steps."""
    script.write_text(run_code(run.path, "autodiff"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", [str(script), str(steps)])
    with contextlib.redirect_stdout(io.StringIO()):
        return list(runpy.run_path(str(script))["losses"])


@pytest.mark.slow
@pytest.mark.parametrize("name", SIDES)
def test_the_losses_are_the_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny(tmp_path / "data", SIDES[name], 12 * STEPS + 16)
    run = train_one(tmp_path / "run", data, network=name, epochs=1)
    losses = losses_of_script(run, tmp_path / "autodiff.py", STEPS, monkeypatch)
    assert len(losses) == STEPS
    assert losses == run.losses[:STEPS]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("few") / "data", 16, 120)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_rounds_as_the_runs(
    name: str, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_one(tmp_path / "run", few, network=SMALL, epochs=1, optimizer={"name": name})
    losses = losses_of_script(run, tmp_path / "autodiff.py", 10, monkeypatch)
    assert len(set(losses)) == 10
    assert losses == run.losses[:10]


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_rounds_as_the_runs(
    name: str, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_one(tmp_path / "run", few, network=SMALL, epochs=1, **SETTINGS[name])
    losses = losses_of_script(run, tmp_path / "autodiff.py", 5, monkeypatch)
    assert losses == pytest.approx(run.losses[:5], abs=1e-6)
    if not name.endswith(("mixup", "cutmix")):  # labels of two classes: the products are added in another order
        assert losses == run.losses[:5]
