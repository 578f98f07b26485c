"""Every classic of the catalogue on the ladder: bit for bit on Layers, within 1e-4 on Autodiff."""

from pathlib import Path
from typing import Any

import pytest
from scripts import run_scripts, tiny, train_one

from glasshouse.ladder.network import CUTS
from glasshouse.layers.classics import CLASSICS
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE

LARGE = ("AlexNet", "VGG16", "VGG19")


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSICS)
def test_a_classic_gives_the_runs_bits_and_a_fine_tuned_one_too(name: str, tmp_path: Path) -> None:
    side = {"AlexNet": 63, "ConvNet4": 46, "InceptionV3": 75}.get(name, 32)
    data = tiny(tmp_path / "data", side, 20)
    fields: dict[str, Any] = {"network": name, "epochs": 1}
    if name in LARGE:  # plain steps: a hundred million weights need no running means beside them
        fields["optimizer"] = {"name": "sgd", "lr": 1e-3}
    runs = {"scratch": train_one(tmp_path / "scratch", data, **fields)}
    if name not in LARGE:  # of the large ones, one run is enough
        weights = str(tmp_path / "scratch" / "model" / "weights.safetensors")
        runs["tuned"] = train_one(tmp_path / "tuned", data, **fields, strategy="fine-tune", weights=weights)
    found = run_scripts(runs, "layers", tmp_path / "layers")
    for key, run in runs.items():
        assert (found[key]["losses"], found[key]["history"]) == (run.losses, run.history), key
    first = run_scripts(runs, "autodiff", tmp_path / "autodiff") if len(runs) > 1 else {}
    for key in first:
        assert first[key]["losses"] == pytest.approx(runs[key].losses, abs=1e-4), key


@pytest.mark.parametrize(
    "name",
    [n if n in ("LeNet", "MobileNetV2", "SqueezeNet") else pytest.param(n, marks=pytest.mark.slow) for n in CUTS],
)
def test_the_late_half_begins_where_the_catalogue_says(name: str) -> None:
    side = CATALOGUE[name].width
    early = build(name, 5, 3, side, side).groups()[0]
    holders = CLASSICS[name](input_shape=(side, side, 3), classes=5).holders
    counts = [sum(weight.trainable for weight in holder.weights) for holder in holders.values()]
    assert sum(counts[: list(holders).index(CUTS[name])]) == len(early)
