"""Small parts of training: watches, moving average, objective, plan, fused networks, random numbers, checkpoints."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from glasshouse.errors import RecipeError, ResumeError, RunError
from glasshouse.networks.build import build
from glasshouse.networks.folding import Pooled, folded
from glasshouse.recipe import ObjectiveRecipe, TrainingRecipe
from glasshouse.training.averaging import MovingAverage
from glasshouse.training.checkpoints import Position, read_checkpoint, write_checkpoint
from glasshouse.training.devices import choose_device, fitting_batch_size, memory_limit
from glasshouse.training.objective import build_objective, class_weights
from glasshouse.training.phases import plan_for
from glasshouse.training.randomness import seeded
from glasshouse.training.stopping import Watch

CPU = torch.device("cpu")


def test_a_watch_finds_the_best_epoch_and_stops_after_patience() -> None:
    watch = Watch("valid_loss", min_delta=0.1, patience=2)
    for epoch, value in enumerate([1.0, 0.95, 0.5, math.nan], start=1):
        watch = watch.after(epoch, value)
        assert not watch.stop
    assert (watch.best, watch.best_epoch, watch.waited) == (0.5, 3, 1)
    watch = Watch.from_dict(watch.to_dict()).after(5, 0.45)
    assert watch.stop and watch.best_epoch == 3


def test_a_watch_on_accuracy_looks_for_the_highest() -> None:
    watch = Watch("valid_accuracy").after(1, 0.5).after(2, 0.7).after(3, 0.7)
    assert watch.best_epoch == 2 and not watch.stop


def test_the_moving_average_follows_its_formula() -> None:
    net = nn.Linear(2, 1)
    average = MovingAverage(net, 0.5)
    expected = net.weight.detach().clone()
    for update in range(5):
        with torch.no_grad():
            net.weight += 1
        average.update(net)
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * net.weight.detach()
    assert torch.allclose(average.module.weight, expected)


def test_balanced_weights_have_mean_one_over_the_pictures() -> None:
    labels = np.array([0] * 6 + [1] * 2)
    weights = class_weights(ObjectiveRecipe(class_weights="balanced"), ["a", "b"], labels)
    assert weights == pytest.approx([8 / 12, 8 / 4])
    assert np.mean(np.array(weights)[labels]) == pytest.approx(1)


def test_weights_by_name_are_checked() -> None:
    recipe = ObjectiveRecipe(class_weights={"a": 2.0, "c": 1.0})
    with pytest.raises(RecipeError, match=r"objective\.class_weights\.c.*there are a, b"):
        class_weights(recipe, ["a", "b"], np.array([0, 1]))
    assert class_weights(ObjectiveRecipe(class_weights={"a": 2.0}), ["a", "b"], np.array([0, 1])) == [2.0, 1.0]


def test_the_objective_is_a_weighted_smoothed_sum() -> None:
    recipe = ObjectiveRecipe(class_weights={"a": 3.0, "b": 1.0}, label_smoothing=0.2)
    objective = build_objective(recipe, ["a", "b"], np.array([0, 1]), CPU)
    logits = torch.tensor([[2.0, -1.0], [0.5, 0.25]])
    logp = logits.log_softmax(1)
    targets = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
    expected = -(torch.tensor([3.0, 1.0])[:, None] * targets * logp).sum()  # the weight of the example's own class
    assert float(objective(logits, torch.tensor([0, 1]))) == pytest.approx(float(expected), rel=1e-5)
    hard = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert float(objective(logits, hard)) == pytest.approx(float(expected), rel=1e-5)


def plan_of(**fields: object) -> tuple[TrainingRecipe, nn.Module, list[nn.Module], list[list[nn.Parameter]]]:
    recipe = TrainingRecipe(data="d", network="ResNet18", weights="pretrained", **fields).resolved()
    built = build("ResNet18", 2, 3, 64, 64)
    return recipe, built.module, built.batch_norms(), built.groups()


def test_fine_tuning_has_the_phases_and_rates_of_fastai() -> None:
    recipe, module, norms, groups = plan_of(strategy="fine-tune", freeze_epochs=2, epochs=3)
    plan = plan_for(recipe, groups, norms, 100)
    frozen, unfrozen = plan.phases
    assert (frozen.name, frozen.epochs, frozen.base_lr, frozen.schedule.pct_start) == ("frozen", 2, 2e-3, 0.99)
    assert (unfrozen.base_lr, unfrozen.schedule.pct_start, unfrozen.schedule.div) == (1e-3, 0.3, 5.0)
    assert [group.scale for group in unfrozen.groups] == pytest.approx([0.01, 0.1, 1.0])
    frozen.prepare(module)
    trained = {name for name, p in module.named_parameters() if p.requires_grad}
    assert "conv1.weight" not in trained and {"bn1.weight", "fc.weight"} <= trained
    unfrozen.prepare(module)
    assert all(p.requires_grad for p in module.parameters())
    assert frozen.rate(0, 0, plan.steps) == pytest.approx(2e-3 / 25)
    assert unfrozen.rate(2, 0, plan.steps) == pytest.approx(1e-3 / 5)


def test_an_epoch_falls_into_steps_and_the_last_is_smaller() -> None:
    recipe, _, norms, groups = plan_of(batch_size=8, accumulate=3)
    plan = plan_for(recipe, groups, norms, 50)
    assert (plan.steps, [plan.size(s) for s in range(3)]) == (3, [24, 24, 2])


@pytest.mark.parametrize("name", ["ResNet18", "MobileNetV2", "resnet10t", "LeNet"])
def test_a_fused_network_computes_the_same(name: str) -> None:
    built = build(name, 5, 3, 64, 64, seed=3)
    module = built.module
    module.set_submodule(built.head_name, Pooled())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pictures = torch.randn(4, 3, 64, 64)
        for part in module.modules():  # statistics that are not those of a fresh batch norm
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean = torch.randn(part.num_features) / 10
                part.running_var = torch.rand(part.num_features) + 0.5
    faster = folded(module.eval(), pictures[:2])
    with torch.inference_mode():
        assert torch.allclose(module.eval()(pictures), faster(pictures), rtol=1e-3, atol=1e-4)
    if name != "LeNet":
        assert not any(isinstance(m, nn.BatchNorm2d) for m in faster.modules())


def test_random_numbers_follow_from_the_numbers_and_leave_no_trace() -> None:
    before = torch.get_rng_state()
    with seeded(CPU, 1, 2, 3):
        first = torch.rand(4)
    with seeded(CPU, 1, 2, 4):
        other = torch.rand(4)
    with seeded(CPU, 1, 2, 3):
        again = torch.rand(4)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_a_checkpoint_comes_back_whole_under_each_name(tmp_path: Path) -> None:
    tensors = {"module/a": torch.randn(3, 4, 2, 2).to(memory_format=torch.channels_last), "module/n": torch.tensor(3)}
    position = Position(epoch=2, step=9, loss_sum=0.1 + 0.2, history=[{"epoch": 1}], numbers={"0/mu": 0.3})
    write_checkpoint([tmp_path / "x" / "best", tmp_path / "last"], tensors, position)
    for name in ("x/best", "last"):
        found, at = read_checkpoint(tmp_path / name)
        assert at == position and all(torch.equal(tensors[n], found[n]) for n in tensors)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["best", "last"]


def test_a_file_system_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write_checkpoint([tmp_path / "best", tmp_path / "last"], {"a": torch.ones(2)}, Position(step=3))
    assert (tmp_path / "best").read_bytes() == (tmp_path / "last").read_bytes()
    assert read_checkpoint(tmp_path / "last")[1].step == 3


def test_a_checkpoint_that_is_torn_or_foreign_is_named(tmp_path: Path) -> None:
    write_checkpoint([tmp_path / "a"], {"module/a": torch.zeros(9)}, Position())
    (tmp_path / "torn").write_bytes((tmp_path / "a").read_bytes()[:-5])
    (tmp_path / "foreign").write_bytes(b"hello")
    for name in ("torn", "foreign"):
        with pytest.raises(ResumeError, match=f"{name} is not a whole checkpoint"):
            read_checkpoint(tmp_path / name)
    with pytest.raises(ResumeError, match="no checkpoint"):
        read_checkpoint(tmp_path / "missing")


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint([tmp_path / "last"], {}, Position(step=1))

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunError, match=r"last \(No space left on device\)"):
        write_checkpoint([tmp_path / "last"], {}, Position(step=2))
    assert read_checkpoint(tmp_path / "last")[1].step == 1
    assert [p.name for p in tmp_path.iterdir()] == ["last"]


def test_a_device_that_is_not_there_is_told() -> None:
    with pytest.raises(RecipeError, match="device: cuda:99 cannot be used here"):
        choose_device("cuda:99")
    with pytest.raises(RecipeError, match="device: toaster cannot be used here"):
        choose_device("toaster")


def test_the_batch_size_that_fits_is_found_by_halving() -> None:
    tried = []

    def attempt(size: int) -> None:
        tried.append(size)
        if size > 10:
            raise torch.OutOfMemoryError("out of memory")

    assert fitting_batch_size(64, attempt) == 8
    assert tried == [32, 16, 8]
    message = str(memory_limit(64, 1, CPU, 8))
    assert "batch of 64" in message and "--batch-size 8" in message and "accumulate 8" in message
