"""The accuracy on training pictures: counted in the steps, absent where it was not counted."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.data.dataset import open_dataset
from glasshouse.events import CheckpointSaved, EpochDone
from glasshouse.export.bundle import load_model
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import read_checkpoint, write_checkpoint
from glasshouse.training.loop import resume, train


def recipe(data: Path, **fields: Any) -> TrainingRecipe:
    return TrainingRecipe(**{"data": str(data), "network": "LeNet", "batch_size": 16, "epochs": 1, **fields})


def epochs(events: Any) -> list[EpochDone]:
    return [event for event in events if isinstance(event, EpochDone)]


def test_the_right_answers_of_the_steps_are_counted(tiny: Path, tmp_path: Path) -> None:
    """With weights that hardly move, they are those of a look at the same pictures; mixed ones count by their part."""
    still = recipe(tiny, optimizer={"name": "sgd", "lr": 1e-30}, accumulate=2)
    (epoch,) = epochs(train(still, tmp_path / "still"))
    split = open_dataset(tiny).splits["train"]
    answers = load_model(tmp_path / "still").probabilities(split.rows(np.arange(len(split)))).argmax(1)
    assert epoch.train_accuracy == (answers == split.labels).mean()
    (epoch,) = epochs(train(still.replace(augmentation={"mixup": 0.4}), tmp_path / "mixed"))
    assert epoch.train_accuracy is not None and 0 < epoch.train_accuracy < 1


def test_a_head_that_is_solved_for_knows_them_too(tiny: Path, tmp_path: Path) -> None:
    first = train(recipe(tiny), tmp_path / "first")
    assert epochs(first)
    weights = str(tmp_path / "first" / "model" / "weights.safetensors")
    (epoch,) = epochs(train(recipe(tiny, epochs=None, weights=weights, strategy="features"), tmp_path / "head"))
    split = open_dataset(tiny).splits["train"]
    answers = load_model(tmp_path / "head").probabilities(split.rows(np.arange(len(split)))).argmax(1)
    assert epoch.train_accuracy == (answers == split.labels).mean()


def test_an_epoch_that_began_before_answers_were_counted_has_no_training_accuracy(tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    events = train(recipe(tiny, epochs=2, checkpoints={"steps": 2}), run)
    for event in events:
        if isinstance(event, CheckpointSaved):
            break
    events.close()  # type: ignore[attr-defined]
    place = run / "checkpoints" / "last.safetensors"
    tensors, position = read_checkpoint(place)
    assert position.counted == position.pictures > 0
    position.right = position.counted = 0
    write_checkpoint([place], tensors, position)
    first, second = epochs(resume(run))
    assert first.train_accuracy is None and second.train_accuracy is not None
    line = next(line for line in (run / "events.jsonl").read_text().splitlines() if '"type": "epoch"' in line)
    old = {name: value for name, value in json.loads(line).items() if name != "train_accuracy"}
    assert EpochDone.from_dict(old).train_accuracy is None
