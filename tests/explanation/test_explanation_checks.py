"""The checks of a method: what deserves it passes, and guided backpropagation and an untrained network fail."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from typer.testing import CliRunner

import glasshouse as gh
from glasshouse.cli.main import app
from glasshouse.errors import InputError, ModelError
from glasshouse.explanation.attribution.integrated_gradients import Integrated
from glasshouse.explanation.attribution.methods import Attribution
from glasshouse.explanation.checks import checking
from glasshouse.explanation.checks import pictures as checked_pictures
from glasshouse.explanation.checks.completeness import completeness
from glasshouse.explanation.checks.deletion import areas, blurred, deletion_and_insertion, orders
from glasshouse.explanation.checks.mosaics import made_mosaics, mosaics, shares
from glasshouse.explanation.checks.randomization import randomization
from glasshouse.explanation.checks.result import Check, CheckTest

SIDE = 32
COUNT = 24  # pictures of a check


def network(seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(),
            nn.Conv2d(24, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(24, 10),
        )  # fmt: skip


@dataclass
class Trained:
    """A small network that was trained on digits beside empty space, and 24 pictures that it did not see."""

    module: nn.Module
    rows: NDArray[np.uint8]
    labels: NDArray[np.int64]

    @property
    def x(self) -> Tensor:
        return seen(self.rows)


def seen(rows: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(rows).permute(0, 3, 1, 2).float() / 128 - 0.2


@pytest.fixture(scope="module")
def trained() -> Trained:
    digits = load_digits()
    random = np.random.default_rng(3)
    rows = np.zeros((len(digits.images), SIDE, SIDE, 1), np.uint8)
    for row, picture, (y, x) in zip(rows, digits.images, random.integers(0, 17, (len(rows), 2))):
        row[y : y + 16, x : x + 16, 0] = np.kron(picture, np.ones((2, 2))).clip(0, 16) * 15
    labels = digits.target.astype(np.int64)
    module = network(1)
    x, y = seen(rows[COUNT:]), torch.from_numpy(labels[COUNT:])
    rate = torch.optim.Adam(module.parameters(), 4e-3)
    for epoch in range(6):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        for part in order.split(64):
            loss = F.cross_entropy(module(x[part]), y[part])
            rate.zero_grad()
            loss.backward()
            rate.step()
    module.eval().requires_grad_(requires_grad=False)
    right = module(seen(rows[:COUNT])).argmax(1).numpy() == labels[:COUNT]
    assert right.mean() > 0.75, "the network learned what the tests are about"
    return Trained(module, rows[:COUNT], labels[:COUNT])


def maps(method: str, module: nn.Module, x: Tensor, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    return Attribution(method, module.eval().requires_grad_(requires_grad=False), (1, SIDE, SIDE)).maps(x, labels)


def test_guided_backpropagation_fails_the_randomization(trained: Trained) -> None:
    own, anew = (
        maps("guided-backpropagation", module, trained.x, trained.labels) for module in (trained.module, network(2))
    )
    guided = randomization(own, anew, trained.rows)
    assert not guided.passed and guided.low > 0.5 and "limit 0.5" in guided.reason
    assert guided.beside["sobel"] > 0.5, "it shows edges"


def test_maps_that_change_with_the_weights_pass_the_randomization_and_those_that_do_not_fail(trained: Trained) -> None:
    random = np.random.default_rng(1)
    one, other = random.random((2, len(trained.rows), SIDE, SIDE))
    assert randomization(one, other, trained.rows).passed
    same = randomization(one, -one, trained.rows)  # the sizes count
    assert same.value == pytest.approx(1.0) and not same.passed


def test_the_areas_are_those_of_every_step_by_itself(trained: Trained) -> None:
    x, ways = trained.x[0], orders(np.random.default_rng(0).random((SIDE, SIDE)), [0])
    blur, found = blurred(x[None])[0], areas(trained.module, x, 3, ways)
    for order, deleted, inserted in zip(ways, *found):
        curves = []
        for count in range(0, 65, 4):  # of 8x8 cells of 4x4 pixels
            hidden = torch.zeros(64, dtype=torch.bool)
            hidden[torch.from_numpy(order[:count].copy())] = True
            mask = hidden.reshape(8, 8).repeat_interleave(4, 0).repeat_interleave(4, 1)
            both = torch.stack([torch.where(mask, blur, x), torch.where(mask, x, blur)])
            curves.append(torch.softmax(trained.module(both), 1)[:, 3].numpy())
        assert np.trapezoid(np.array(curves), dx=1 / 16, axis=0) == pytest.approx([deleted, inserted], abs=1e-6)


def told(module: nn.Module, trained: Trained) -> tuple[CheckTest, CheckTest, CheckTest]:
    """Return deletion, insertion and mosaics of occlusion on a network."""
    said = module(trained.x).argmax(1).numpy()
    own = maps("occlusion", module, trained.x, said)
    found = [areas(module, x, int(k), orders(one, [0, i])) for i, (x, k, one) in enumerate(zip(trained.x, said, own))]
    made = made_mosaics(trained.rows, trained.labels)
    assert made is not None and made.chance == 0.25
    return *deletion_and_insertion(found), mosaics(maps("occlusion", module, seen(made.rows), made.targets), made)


def test_an_untrained_network_fails_deletion_and_mosaics_and_a_trained_one_passes(trained: Trained) -> None:
    good, bad = told(trained.module, trained), told(network(7).eval().requires_grad_(requires_grad=False), trained)
    assert [test.name for test in good] == ["deletion", "insertion", "mosaics"]
    assert good[0].passed and good[1].passed and good[2].passed, good
    assert not bad[0].passed and not bad[2].passed, bad


def test_the_share_of_a_mosaic_is_that_of_the_right_quarters() -> None:
    values = np.zeros((3, 4, 4))
    values[0, :2, :2], values[0, 2:, 2:] = 3, 1  # 12 of 16 upper left
    values[1, 0, 3], values[1, 3, 0] = 5, -9  # evidence against a class does not count
    right = np.array([[True, False, False, False], [False, True, False, False], [True, False, False, False]])
    assert shares(values, right).tolist() == [0.75, 1.0, 0.0]
    rows = np.repeat(np.arange(8, dtype=np.uint8)[:, None, None, None], 4, axis=1).repeat(4, axis=2)
    two = made_mosaics(rows, np.array([0, 1] * 4))
    assert two is not None and two.chance == 0.5 and (two.right.sum(1) == 2).all()
    assert made_mosaics(rows, np.zeros(8, np.int64)) is None


def test_maps_that_do_not_add_up_fail_completeness() -> None:
    whole = [Integrated(torch.zeros(1), 32, 0.004)] * 40
    assert completeness(whole).passed
    broken = completeness([*whole[:36], *[Integrated(torch.zeros(1), 512, 0.05)] * 4])
    assert not broken.passed and broken.value == 0.05 and "512 steps" in broken.reason


def test_an_explanation_comes_with_its_check_which_is_computed_once(
    run: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked_pictures, "FEWEST", 10)  # there are 18
    place = tmp_path / "lenet"
    shutil.copytree(run, place)
    picture = str(next(pictures.rglob("*.png")))
    args = ["explain", str(place), picture, "--method", "occlusion", "--data", str(run.parent / "data"), "--json"]
    first = CliRunner().invoke(app, [*args, "--values"])
    told = json.loads(first.stdout)
    assert told["path"] == picture and told["method"] == "occlusion" and told["layer"] is None
    assert np.shape(told["values"]) == (28, 28) and told["class"] == told["label"]
    names = {test["name"] for test in told["check"]["tests"]}
    assert {"randomization", "deletion", "insertion", "mosaics"} <= names
    assert all({"value", "limit", "reason", "passed"} <= test.keys() for test in told["check"]["tests"])
    assert told["check"]["passed"] == all(test["passed"] for test in told["check"]["tests"])
    assert first.exit_code == (0 if told["check"]["passed"] else 1)
    monkeypatch.setattr(checking, "tests_of", None)
    again = gh.explain(place, picture, method="occlusion", data=run.parent / "data", class_name=told["class"])
    assert again.check.to_dict() == told["check"] and np.allclose(again.values, told["values"])
    with pytest.raises(InputError, match="has no class 'x'"):
        gh.explain(place, picture, class_name="x", data=run.parent / "data")


def test_with_few_pictures_nothing_is_checked_and_a_failed_method_is_not_drawn(run: Path, tmp_path: Path) -> None:
    found = gh.explain(run, np.zeros((28, 28), np.uint8), method="integrated-gradients")
    assert found.check.passed is None and found.check.state == "not checked"
    assert found.check.reason == "There are 18 validation pictures; a check needs at least 20."
    assert found.notes and "mean colour" in found.notes[0] and found.save(tmp_path / "map.svg").is_file()
    failed = replace(found, check=Check("occlusion", passed=False, reason="it does not"))
    with pytest.raises(ModelError, match="failed its check on this model, so nothing was drawn"):
        failed.save(tmp_path / "a.png")
    assert "it does not" in failed._repr_html_() and not (tmp_path / "a.png").exists()
