"""What the README says of Fashion-MNIST: the dense recipe is trained whole, the convolutional one is only built."""

from pathlib import Path

import pytest

from glasshouse.data.prepare import create_dataset
from glasshouse.events import RunFinished
from glasshouse.export.scoring import evaluate
from glasshouse.networks.build import build
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.loop import train

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data" / "fashion-mnist"


def recipe(name: str, data: Path) -> TrainingRecipe:
    text = (ROOT / "docs" / "recipes" / f"{name}.json").read_text(encoding="utf-8")
    return TrainingRecipe.from_json(text.replace("{", f'{{"data": "{data}",', 1))


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs Fashion-MNIST in ../shared")
def test_a_dense_network_reaches_88_percent_on_the_test_pictures(tmp_path: Path) -> None:
    made = create_dataset(
        DatasetRecipe(source=str(SHARED), width=28, height=28, color="gray", valid=0.1), tmp_path / "d"
    )
    assert {name: len(split) for name, split in made.splits.items()} == {"train": 54_000, "val": 6_000, "test": 10_000}
    *_, finished = train(recipe("fashion-mnist-dense128", tmp_path / "d"), tmp_path / "run")
    assert isinstance(finished, RunFinished)
    report = evaluate(tmp_path / "run", made, "test")
    assert report.count == 10_000
    assert report.accuracy >= 0.88


def test_the_convolutional_recipe_fits_the_pictures() -> None:
    asked = recipe("fashion-mnist-lenet", Path("d"))
    built = build(asked.network, 10, 1, 28, 28, dropout=asked.dropout, seed=asked.seed)
    assert sum(p.numel() for p in built.module.parameters()) == 431_080
