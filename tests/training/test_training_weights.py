"""A run's checkpoints as the weights that another run begins with."""

from pathlib import Path

import pytest
from test_training_loop import body_file, recipe, run
from tiny_pictures import make_tiny

from glasshouse.errors import WeightsError
from glasshouse.networks.reading import read_weights
from glasshouse.training.checkpoints import read_checkpoint
from glasshouse.training.loop import train


def test_a_checkpoint_starts_another_run(tmp_path: Path) -> None:
    data = make_tiny(tmp_path / "tiny")
    run(train(recipe(data, epochs=2, ema_decay=0.9, checkpoints={"keep_every": 1}), tmp_path / "a"))
    kept = tmp_path / "a" / "checkpoints" / "epoch-0001.safetensors"
    held = read_checkpoint(kept)[0]
    weights = read_weights(kept)
    assert {f"average/{name}" for name in weights} == {name for name in held if name.startswith("average/")}
    assert all(held[f"average/{name}"].equal(value) for name, value in weights.items())
    run(train(recipe(data, epochs=1, weights=str(kept)), tmp_path / "b"))
    assert (tmp_path / "b" / "model" / "model.json").is_file()


def test_a_head_alone_is_refused_with_the_next_step(tmp_path: Path) -> None:
    data = make_tiny(tmp_path / "tiny")
    fields = {"strategy": "features", "weights": str(body_file(tmp_path)), "epochs": 1}
    run(train(recipe(data, **fields), tmp_path / "a"))
    with pytest.raises(WeightsError, match=r"model/weights\.safetensors"):
        read_weights(tmp_path / "a" / "checkpoints" / "best.safetensors")
    assert "head.weight" in read_weights(tmp_path / "a" / "model" / "weights.safetensors")
