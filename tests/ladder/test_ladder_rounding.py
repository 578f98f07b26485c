"""Where Autodiff's losses leave the run's, rounding does it: in float64 the same two scripts agree."""

import contextlib
import io
import runpy
from pathlib import Path

import pytest
from scripts import tiny

from glasshouse.ladder.levels import run_code
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.run_folder import RunFolder

DOUBLE = {
    "layers": [
        ("memory_format=torch.channels_last)", "memory_format=torch.channels_last).double()"),
        ("x = normalized(x, MEAN, STD)\n", "x = normalized(x, MEAN, STD).double()\n"),
    ],
    "autodiff": [
        ("[a.numpy() for", "[a.double().numpy() for"),
        ("normalized(x, MEAN, STD).numpy())", "normalized(x, MEAN, STD).double().numpy())"),
    ],
}


def losses(level: str, run: Path, steps: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The first losses of the script of a level, made to compute in float64."""
    text = run_code(run, level)
    for single, double in DOUBLE[level]:
        assert text.count(single) == 1
        text = text.replace(single, double)
    script = run.with_name(f"{level}.py")
    script.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.argv", [str(script), str(steps)])
    with contextlib.redirect_stdout(io.StringIO()):
        found: list[float] = runpy.run_path(str(script))["losses"]
    assert len(found) == steps
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side", "steps"), [("ResNet18", 16, 20), ("InceptionV3", 75, 2)])
def test_in_float64_deep_batch_norm_agrees(
    name: str, side: int, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny(tmp_path / "data", side, 12 * steps + 16)
    recipe = TrainingRecipe(data=str(data), network=name, batch_size=8, epochs=1, device="cpu")
    RunFolder.create(tmp_path / "run", recipe)
    expected = losses("layers", tmp_path / "run", steps, monkeypatch)
    assert losses("autodiff", tmp_path / "run", steps, monkeypatch) == pytest.approx(expected, abs=1e-9)
