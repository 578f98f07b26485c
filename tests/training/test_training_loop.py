"""The loop end to end on tiny pictures: strategies, repetition, resuming, stopping, and what it refuses."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_pictures import make_tiny

from glasshouse.errors import DatasetError, MemoryLimitError, NotFiniteError, RecipeError, ResumeError, RunError
from glasshouse.events import (
    CheckpointSaved,
    EpochDone,
    Event,
    Notice,
    Progress,
    RunFinished,
    StepDone,
    event_from_json,
)
from glasshouse.export.bundle import load_model
from glasshouse.export.scoring import evaluate
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe
from glasshouse.training import loop
from glasshouse.training.checkpoints import read_checkpoint
from glasshouse.training.loop import resume, train
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.state import TrainingState


def recipe(data: Path, **fields: Any) -> TrainingRecipe:
    return TrainingRecipe(**{"data": str(data), "network": "LeNet", "batch_size": 16, "epochs": 3, **fields})


def run(events: Iterator[Event]) -> list[Event]:
    return list(events)


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def weights(run: Path) -> bytes:
    return (run / "model" / "weights.safetensors").read_bytes()


def interrupted(data: Path, out: Path, steps: int, **fields: Any) -> None:
    """Train for so many steps and close the iterator, then do so again two steps later."""
    events = train(recipe(data, **fields), out)
    for event in events:
        if isinstance(event, StepDone) and event.step == steps:
            break
    events.close()
    again = resume(out)
    for event in again:
        if isinstance(event, StepDone) and event.step == steps + 2:
            break
    again.close()


def test_a_run_leaves_model_report_recipe_events_and_card(tiny: Path, tmp_path: Path) -> None:
    events = run(train(recipe(tiny, epochs=8), tmp_path / "run"))
    finished = of(events, RunFinished)[0]
    epochs = of(events, EpochDone)
    assert [e.epoch for e in epochs] == list(range(1, 9)) and len(of(events, StepDone)) == 8 * 4
    best = min(epochs, key=lambda e: e.valid_loss or 0)
    assert (finished.best_epoch, finished.valid_loss, finished.reason) == (best.epoch, best.valid_loss, "done")
    report = json.loads((tmp_path / "run" / "report-val.json").read_text())
    assert report["accuracy"] == best.valid_accuracy and report["baselines"][0]["name"] == "commonest class"
    assert report["accuracy"] > 0.9
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["status"] == "done" and "torch" in facts["versions"]
    assert "LeNet" in (tmp_path / "run" / "model" / "card.md").read_text()
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    kept = [event_from_json(line) for line in lines]
    assert of(kept, EpochDone) == epochs and of(kept, RunFinished) == [finished]


def test_the_score_of_training_is_the_score_of_the_model_to_the_last_digit(tiny: Path, tmp_path: Path) -> None:
    finished = of(run(train(recipe(tiny), tmp_path / "run")), RunFinished)[0]
    report = json.loads((tmp_path / "run" / "report-val.json").read_text())
    again = evaluate(tmp_path / "run", tiny)
    assert again.loss == report["loss"] and again.accuracy == finished.valid_accuracy
    assert finished.valid_loss == pytest.approx(again.loss, abs=1e-12)


def test_the_same_recipe_and_seed_give_the_same_numbers_twice(tiny: Path, tmp_path: Path) -> None:
    fields = {"dropout": 0.3, "augmentation": {"rotation": 30, "mixup": 0.4}}
    first = run(train(recipe(tiny, **fields), tmp_path / "a"))
    torch.manual_seed(99)
    np.random.seed(99)
    second = run(train(recipe(tiny, **fields), tmp_path / "b"))
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert [e.train_loss for e in of(first, EpochDone)] == [e.train_loss for e in of(second, EpochDone)]
    run(train(recipe(tiny, seed=1, **fields), tmp_path / "c"))
    assert weights(tmp_path / "a") != weights(tmp_path / "c")


CASES: dict[str, dict[str, Any]] = {
    "adam with dropout and average": {"dropout": 0.3, "ema_decay": 0.9, "optimizer": {"name": "adam"}},
    "sgd, accumulation, balanced": {"epochs": 5, "accumulate": 3, "sampling": "balanced",
                                    "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9}},
    "nadam in two phases": {"strategy": "fine-tune", "weights": "@", "freeze_epochs": 1, "epochs": 2,
                            "optimizer": {"name": "nadam"}},
    "rmsprop, smoothing, weights": {"optimizer": {"name": "rmsprop"},
                                    "objective": {"label_smoothing": 0.1, "class_weights": "balanced"}},
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("steps", [1, 4, 6])
def test_an_interrupted_run_ends_with_the_same_bits(name: str, steps: int, tiny: Path, tmp_path: Path) -> None:
    fields = CASES[name] | ({"weights": str(body_file(tiny.parent))} if "weights" in CASES[name] else {})
    if not (tiny.parent / name).exists():
        run(train(recipe(tiny, **fields), tiny.parent / name))
    whole = tiny.parent / name
    interrupted(tiny, tmp_path / "run", steps, **fields)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "interrupted"
    run(resume(tmp_path / "run"))
    assert weights(tmp_path / "run") == weights(whole)
    expected, found = (read_checkpoint(p / "checkpoints" / "last.safetensors") for p in (whole, tmp_path / "run"))
    assert all(torch.equal(expected[0][n], found[0][n]) for n in expected[0])
    logs = [(p / "events.jsonl").read_text().splitlines() for p in (whole, tmp_path / "run")]
    steps_told = [[json.loads(ln)["step"] for ln in log if '"type": "step"' in ln] for log in logs]
    losses = [[json.loads(ln)["loss"] for ln in log if '"type": "step"' in ln] for log in logs]
    assert steps_told[0] == steps_told[1] and losses[0] == losses[1]  # curves are not doubled


def test_the_best_epoch_and_patience_are_remembered(tiny: Path, tmp_path: Path) -> None:
    fields = {"epochs": 20, "optimizer": {"lr": 3e-3}, "schedule": {"name": "constant"},
              "checkpoints": {"monitor": "valid_accuracy"},
              "early_stopping": {"patience": 4, "monitor": "valid_accuracy"}}  # fmt: skip
    whole = of(run(train(recipe(tiny, **fields), tmp_path / "whole")), RunFinished)[0]
    assert whole.reason == "early-stopping" and whole.epochs == whole.best_epoch + 4
    interrupted(tiny, tmp_path / "run", 4 * (whole.best_epoch + 2), **fields)
    finished = of(run(resume(tmp_path / "run")), RunFinished)[0]
    assert (finished.best_epoch, finished.epochs) == (whole.best_epoch, whole.epochs)
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")


def test_a_torn_last_line_of_events_is_cut_off(tiny: Path, tmp_path: Path) -> None:
    interrupted(tiny, tmp_path / "run", 5)
    with (tmp_path / "run" / "events.jsonl").open("a") as file:
        file.write('{"type": "step", "st')
    run(resume(tmp_path / "run"))
    for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines():
        event_from_json(line)


def test_a_moved_run_with_its_dataset_beside_it_goes_on(tmp_path: Path) -> None:
    data = make_tiny(tmp_path / "here" / "tiny")
    interrupted(data, tmp_path / "here" / "run", 5)
    (tmp_path / "here").rename(tmp_path / "there")
    events = run(resume(tmp_path / "there" / "run"))
    assert of(events, RunFinished)
    assert str(tmp_path / "here") not in (tmp_path / "there" / "run" / "run.json").read_text()


def test_a_dataset_that_is_missing_or_another_is_told(tmp_path: Path) -> None:
    data = make_tiny(tmp_path / "tiny")
    interrupted(data, tmp_path / "runs" / "run", 5)
    shutil.move(data, tmp_path / "elsewhere" / "moved")
    with pytest.raises(DatasetError, match=r"is missing.*--data DIR"):
        run(resume(tmp_path / "runs" / "run"))
    other = make_tiny(tmp_path / "other", count=60)
    with pytest.raises(DatasetError, match="fingerprint"):
        run(resume(tmp_path / "runs" / "run", other))
    assert of(run(resume(tmp_path / "runs" / "run", tmp_path / "elsewhere" / "moved")), RunFinished)


def test_a_finished_run_says_so(tiny: Path, tmp_path: Path) -> None:
    run(train(recipe(tiny, epochs=1), tmp_path / "run"))
    before = weights(tmp_path / "run")
    (notice,) = run(resume(tmp_path / "run"))
    assert isinstance(notice, Notice) and notice.kind == "finished"
    assert weights(tmp_path / "run") == before


def test_two_processes_cannot_train_the_same_run(tiny: Path, tmp_path: Path) -> None:
    events = train(recipe(tiny), tmp_path / "run")
    next(events)
    with pytest.raises(ResumeError, match="is being trained by process"):
        run(resume(tmp_path / "run"))
    events.close()


def test_what_is_no_run_or_taken_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match=r"has no recipe\.json"):
        run(resume(tmp_path))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(RunError, match="not empty"):
        run(train(recipe(tiny), tmp_path / "full"))


@pytest.mark.parametrize("fields", [{"network": "LeNot"}, {"device": "cuda:99"}, {"weights": "missing.safetensors"}])
def test_a_recipe_that_cannot_be_followed_writes_nothing(fields: dict[str, Any], tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"LeNot|cuda:99|missing"):
        run(train(recipe(tiny, **fields), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_early_stopping_ends_the_run_and_is_told(tiny: Path, tmp_path: Path) -> None:
    fields = {"epochs": 30, "early_stopping": {"patience": 2, "min_delta": 0.5}}
    finished = of(run(train(recipe(tiny, **fields), tmp_path / "run")), RunFinished)[0]
    assert finished.reason == "early-stopping" and finished.epochs < 30
    assert finished.best_epoch >= finished.epochs - 2 or finished.valid_loss is not None


def test_best_last_and_every_second_epoch_are_kept(tiny: Path, tmp_path: Path) -> None:
    events = run(train(recipe(tiny, epochs=4, checkpoints={"keep_every": 2, "steps": 3}), tmp_path / "run"))
    names = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert names == [f"{n}.safetensors" for n in ("best", "epoch-0002", "epoch-0004", "last")]
    within = [e.step for e in of(events, CheckpointSaved) if e.step % 4]
    assert within == [3, 7, 11, 15]


def test_without_validation_pictures_the_training_loss_decides(tmp_path: Path) -> None:
    data = make_tiny(tmp_path / "tiny", valid=0)
    events = run(train(recipe(data), tmp_path / "run"))
    assert [n.kind for n in of(events, Notice)] == ["no-validation"]
    finished = of(events, RunFinished)[0]
    assert finished.valid_loss is None and finished.best_epoch > 0
    assert not (tmp_path / "run" / "report-val.json").exists()
    assert load_model(tmp_path / "run").classes == ("blue", "green", "red")


def test_accumulated_batches_give_the_step_of_one_large_batch(tiny: Path, tmp_path: Path) -> None:
    sgd = {"name": "sgd", "lr": 0.01}
    run(train(recipe(tiny, epochs=1, batch_size=30, optimizer=sgd), tmp_path / "one"))
    run(train(recipe(tiny, epochs=1, batch_size=10, accumulate=3, optimizer=sgd), tmp_path / "three"))
    one, three = (read_checkpoint(tmp_path / n / "checkpoints" / "last.safetensors") for n in ("one", "three"))
    assert one[1].step == three[1].step == 3
    for name in one[0]:
        assert torch.allclose(one[0][name], three[0][name], rtol=1e-4, atol=1e-5), name


def test_clipping_limits_the_gradient(tiny: Path, tmp_path: Path) -> None:
    plain = run(train(recipe(tiny, epochs=1, optimizer={"name": "sgd", "lr": 1.0}), tmp_path / "a"))
    first = of(plain, StepDone)[0]
    fields = {
        "clip_norm": first.grad_norm / 2,
        "schedule": {"name": "constant"},
        "optimizer": {"name": "sgd", "lr": 1.0},
    }
    events = train(recipe(tiny, epochs=1, **fields), tmp_path / "b")
    before = build("LeNet", 3, 3, 16, 16, seed=42).module.state_dict()
    for event in events:
        if isinstance(event, StepDone):
            break
    events.close()
    after, _ = read_checkpoint(tmp_path / "b" / "checkpoints" / "last.safetensors")
    names = [n for n, _ in build("LeNet", 3, 3, 16, 16).module.named_parameters()]
    moved = torch.cat([(after[f"module/{n}"] - before[n] * (1 - 0.01 * (before[n].ndim > 1))).flatten() for n in names])
    assert float(moved.norm()) == pytest.approx(first.grad_norm / 2, rel=1e-3)


def test_a_loss_that_is_not_finite_stops_before_the_weights_move(tiny: Path, tmp_path: Path) -> None:
    fields = {"optimizer": {"name": "sgd", "lr": 1e30}, "schedule": {"name": "constant"}, "checkpoints": {"steps": 1}}
    with pytest.raises(
        NotFiniteError, match=r"step \d+ .*Try a lower rate \(--lr 0\.01; it was 1e\+30.*--clip-norm"
    ) as told:
        run(train(recipe(tiny, **fields), tmp_path / "run"))
    tensors, position = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.safetensors")
    assert told.value.step == position.step + 1
    assert all(torch.isfinite(t).all() for n, t in tensors.items() if n.startswith("module/"))
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["status"] == "failed" and "step" in facts["error"]


def test_too_little_memory_names_a_batch_size_that_fits(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = build("LeNet", 3, 3, 16, 16)
    plain = type(net.module).forward

    def forward(self: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        if len(x) > 5:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: 9 bytes")
        return plain(self, x)  # type: ignore[no-any-return]

    monkeypatch.setattr(type(net.module), "forward", forward)
    with pytest.raises(MemoryLimitError, match="batch of 16 pictures; 4 would fit") as told:
        run(train(recipe(tiny), tmp_path / "run"))
    assert told.value.batch_size == 4


def test_mixed_precision_on_a_cpu_is_told_and_float32_used(tiny: Path, tmp_path: Path) -> None:
    events = run(train(recipe(tiny, epochs=1, precision="mixed", device="cpu"), tmp_path / "run"))
    assert [n.kind for n in of(events, Notice)] == ["precision"]


def body_file(tmp_path: Path) -> Path:
    """Weights of a network that was trained on the tiny pictures."""
    from safetensors.torch import save_file

    path = tmp_path / "lenet.safetensors"
    save_file(build("LeNet", 3, 3, 16, 16, seed=5).module.state_dict(), path)
    return path


def test_features_are_computed_once_and_resumed(tmp_path: Path) -> None:
    data, file = make_tiny(tmp_path / "tiny"), body_file(tmp_path)
    fields = {"strategy": "features", "weights": str(file), "epochs": 20}
    first = run(train(recipe(data, **fields), tmp_path / "a"))
    computed = [e for e in of(first, Progress) if e.stage == "features"]
    assert computed[-1].done == computed[-1].total == 90
    assert of(first, RunFinished)[0].valid_accuracy > 0.8
    second = run(train(recipe(data, **fields), tmp_path / "b"))
    assert not [e for e in of(second, Progress) if e.stage == "features"]
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    next((data / "features").glob("*.safetensors")).unlink()
    interrupted(data, tmp_path / "c", 5, **fields)
    file.unlink()  # the run holds what it needs
    run(resume(tmp_path / "c"))
    assert weights(tmp_path / "c") == weights(tmp_path / "a")
    assert evaluate(tmp_path / "a", data).loss == of(first, RunFinished)[0].valid_loss


def test_views_are_augmented_and_reuse_the_plain_one(tmp_path: Path) -> None:
    data, file = make_tiny(tmp_path / "tiny"), body_file(tmp_path)
    fields = {"strategy": "features", "weights": str(file), "epochs": 2, "augmentation": {"rotation": 40}}
    run(train(recipe(data, strategy="features", weights=str(file), epochs=2), tmp_path / "a"))
    events = run(train(recipe(data, views=3, **fields), tmp_path / "b"))
    progress = [e for e in of(events, Progress) if e.stage == "features"]
    assert progress[-1].total == 3 * 63 + 27 and progress[0].done > 63
    assert weights(tmp_path / "a") != weights(tmp_path / "b")


def test_mixing_pictures_is_refused_for_features(tiny: Path) -> None:
    with pytest.raises(RecipeError, match="mixup"):
        recipe(tiny, strategy="features", weights="x", augmentation={"mixup": 0.2})


def test_the_pupil_needs_a_phase_before_it_learns(tiny: Path, tmp_path: Path) -> None:
    resources = loop.gather(recipe(tiny).resolved(), loop.open_dataset(tiny))
    preparing = loop.prepare(resources, RunFolder(tmp_path))
    with pytest.raises(StopIteration) as end:
        next(preparing)
    with pytest.raises(RuntimeError, match="phase"):
        TrainingState(end.value.value).train_step([], 1)
