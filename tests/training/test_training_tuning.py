"""Fine-tuning needs a trained network: on every level it is refused without one, and runs made before stand."""

from pathlib import Path
from typing import Any

import pytest

from glasshouse.errors import LevelError, RecipeError
from glasshouse.events import EpochDone, RunFinished, StepDone
from glasshouse.export.bundle import load_model
from glasshouse.export.scoring import evaluate
from glasshouse.ladder.levels import run_code
from glasshouse.layers import Dense, Flatten, Network
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.learner import Learner
from glasshouse.training.loop import resume, train
from glasshouse.training.time_estimate import measure

OWN = Network([Flatten(), Dense(3, activation="softmax")], input_shape=(16, 16, 3), name="mine").to_dict()
REFUSED = r"weights: the strategy fine-tune needs a trained network"


@pytest.mark.parametrize("network", ["LeNet", "ResNet18", OWN])
def test_it_is_refused_without_weights(network: Any, tiny: Path, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"data": str(tiny), "network": network, "strategy": "fine-tune"}
    with pytest.raises(RecipeError, match=REFUSED):
        TrainingRecipe(**fields)
    with pytest.raises(RecipeError, match=REFUSED):
        Learner(tiny, network, out=tmp_path / "a", show=list).fine_tune(1)
    with pytest.raises(RecipeError, match=REFUSED):
        Learner(tiny, network, out=tmp_path / "a", show=list, strategy="fine-tune")
    claimed = TrainingRecipe(**fields, fingerprint="made before")
    with pytest.raises(RecipeError, match=REFUSED):
        list(train(claimed, tmp_path / "a"))
    assert not (tmp_path / "a").exists()


def old_run(tiny: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run as an earlier Glasshouse began it, which refused nothing; stopped after its first epoch."""
    fields: dict[str, Any] = {"data": str(tiny), "network": "LeNet", "batch_size": 32, "strategy": "fine-tune"}
    with monkeypatch.context() as patched:
        patched.setattr(TrainingRecipe, "start_problems", lambda recipe: iter(()))
        events = train(TrainingRecipe(**fields, epochs=2), path)
        next(event for event in events if isinstance(event, EpochDone))
        events.close()  # type: ignore[attr-defined]


def test_a_run_that_was_begun_so_goes_on_and_its_model_answers(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_run(tiny, tmp_path / "run", monkeypatch)
    events = list(resume(tmp_path / "run"))
    assert isinstance(events[-1], RunFinished)
    assert [e.phase for e in events if isinstance(e, EpochDone)] == ["unfrozen", "unfrozen"]
    model = load_model(tmp_path / "run")
    assert model.recipe is not None and model.recipe.weights == "none"
    assert evaluate(tmp_path / "run", tiny).count == 27
    assert "for epoch in range(EPOCHS)" in run_code(tmp_path / "run", "layers")
    with pytest.raises(LevelError, match="no longer starts such a training"):
        run_code(tmp_path / "run", "learner")


def test_the_pace_is_measured_without_loading_weights(tiny: Path) -> None:
    fields: dict[str, Any] = {"network": "LeNet", "strategy": "fine-tune", "weights": "not-here.pt"}
    found = measure(TrainingRecipe(data=str(tiny), batch_size=32, **fields), seconds=0.1)
    assert found.learn > 0 and found.frozen > 0


def test_measuring_starts_from_random_weights(tiny: Path, tmp_path: Path) -> None:
    wanted = TrainingRecipe(data=str(tiny), network="LeNet", epochs=1, weights="not-here.pt")
    events = list(train(wanted, tmp_path / "run", with_weights=False))
    assert [e for e in events if isinstance(e, StepDone)]
