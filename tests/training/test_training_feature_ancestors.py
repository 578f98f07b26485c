"""Features of a version of a dataset: those of the version before are taken over, and only new ones computed."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import glasshouse as gh
from glasshouse.data.dataset import Dataset
from glasshouse.events import result_of
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.pretrained import at_hand
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.features import Extractor, View
from glasshouse.training.setup import gather, train_features
from pictures import write_class_folders

NETWORK = "EfficientNetLite0"


def features_of(dataset: Dataset, run: Path) -> torch.Tensor:
    recipe = TrainingRecipe(data=str(dataset.path), network=NETWORK, weights="pretrained", strategy="features",
                            learn_from="train+val", engine="torch", epochs=1)  # fmt: skip
    return result_of(train_features(gather(recipe.resolved(), dataset), run), lambda _: None)[0]


@pytest.mark.skipif(not at_hand(CATALOGUE[NETWORK]), reason="its weights are in a package")
def test_what_a_version_before_computed_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_class_folders(tmp_path / "pets", {"cat": 9, "dog": 9}, size=(32, 32))
    one = gh.create_dataset(DatasetRecipe(source=str(source), width=32, height=32, valid=0.3), tmp_path / "one")
    features_of(one, tmp_path)
    cat, moved, left = one.splits["train"].paths[:3]
    two = gh.edit_dataset(one, [{"path": cat, "label": "dog"}, {"path": moved, "split": "val"}], tmp_path / "two")
    three = gh.edit_dataset(two, [{"path": left, "exclude": True}], tmp_path / "three")
    computed: list[int] = []
    compute = Extractor.features

    def counting(self: Extractor, view: View, samples: np.ndarray) -> torch.Tensor:
        computed.append(len(samples))
        return compute(self, view, samples)

    monkeypatch.setattr(Extractor, "features", counting)
    taken = features_of(three, tmp_path)
    assert computed == []  # of the version before the last, since the last was never looked at
    shutil.rmtree(three.path / "features")
    held = [file for file in (one.path / "features").iterdir() if len(file.name) > 30]
    (one.path / "features" / max(held, key=lambda file: file.stat().st_size).name).write_bytes(b"damaged")
    partly = features_of(three, tmp_path)
    in_train = set(one.splits["train"].paths)
    assert sum(computed) == len(in_train) - 1 and torch.equal(taken, partly)
    for dataset in (one, three):
        shutil.rmtree(dataset.path / "features")
    assert torch.equal(features_of(three, tmp_path), taken)
    assert len(taken) == 17 == sum(computed) - len(in_train) + 1
