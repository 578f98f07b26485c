"""Damage of a run: found by verify and by whatever reads it, never passed over; and the way on from it works."""

import json
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.errors import DamagedRunError, DamageError, GlasshouseError, InputError, ResumeError, WeightsError
from glasshouse.events import EpochDone, Notice, StepDone
from glasshouse.integrity.documents import checksum_fault, with_checksum
from glasshouse.networks.reading import read_weights
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import read_checkpoint, write_checkpoint
from glasshouse.training.loop import resume, train
from glasshouse.training.verification import verify

STOPPED = ("run.json", "recipe.json", "events.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors",
           "checkpoints/epoch-0001.safetensors")  # fmt: skip
DONE = (*STOPPED, "report-val.json", "model/model.json", "model/weights.safetensors", "model/recipe.json",
        "model/card.md")  # fmt: skip


def recipe(data: Path, **fields: Any) -> TrainingRecipe:
    keep = {"keep_every": 1, "steps": 1}
    return TrainingRecipe(
        **{"data": str(data), "network": "LeNet", "batch_size": 32, "epochs": 3, "checkpoints": keep, **fields}
    )


@pytest.fixture(scope="module")
def done(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("done") / "run"
    list(train(recipe(tiny), out))
    return out


@pytest.fixture(scope="module")
def stopped(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped in its third epoch, behind its best one."""
    out = tmp_path_factory.mktemp("stopped") / "run"
    events = train(recipe(tiny), out)
    for event in events:
        if isinstance(event, StepDone) and event.step == 5:
            break
    events.close()
    return out


@pytest.fixture
def place(stopped: Path, tmp_path: Path) -> Path:
    shutil.copytree(stopped, tmp_path / "run")
    return tmp_path / "run"


def flip(file: Path, place: int, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1 << bit
    file.write_bytes(content)


def weights(run: Path) -> bytes:
    return (run / "model" / "weights.safetensors").read_bytes()


def test_whole_runs_are_whole(done: Path, stopped: Path) -> None:
    for run, files in ((done, DONE), (stopped, STOPPED)):
        found = verify(run)
        assert found.ok, str(found)
        assert {file.state for file in found.files} == {"whole"} and {file.name for file in found.files} >= set(files)
    assert verify(done / "model").ok and verify(done / "model").kind == "model"


@pytest.mark.parametrize("name", DONE)
def test_verify_finds_every_flipped_bit(done: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(done, tmp_path / "run")
    file, draw = tmp_path / "run" / name, random.Random(name)
    content = file.read_bytes()
    for _ in range(12):
        flip(file, draw.randrange(len(content)), draw.randrange(8))
        try:
            found = verify(tmp_path / "run")
        except InputError as error:
            assert "has format" in str(error) and name == "model/model.json"
        else:
            assert not found.ok, f"{name}: a flipped bit passed"
            assert name in {one.name for one in found.damaged}
        file.write_bytes(content)


def test_a_flipped_bit_in_the_name_of_a_checksum_does_not_hide_it() -> None:
    whole = with_checksum({"a": 1})
    assert checksum_fault(whole) is None and checksum_fault({"a": 1}) is None, "none was written"
    assert "its checksum is called 'checkrum'" in str(checksum_fault({"a": 1, "checkrum": whole["checksum"]}))


@pytest.mark.parametrize("name", STOPPED[:4])
def test_resume_never_goes_on_from_a_flipped_bit(place: Path, tiny: Path, name: str) -> None:
    file, draw = place / name, random.Random(name)
    content = file.read_bytes()
    for _ in range(8):
        flip(file, draw.randrange(len(content)), draw.randrange(8))
        changed = file.read_bytes()
        with pytest.raises(GlasshouseError) as error:
            told = list(resume(place, tiny))
            if name == "recipe.json" and any(isinstance(one, Notice) and one.kind == "epochs" for one in told):
                raise ResumeError("both numbers of epochs were told")
        assert place.name in str(error.value) or isinstance(error.value, ResumeError)
        assert file.read_bytes() == changed
        file.write_bytes(content)


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "missing"])
def test_a_damaged_last_checkpoint_names_the_whole_one_and_the_command(
    place: Path, tiny: Path, done: Path, how: str
) -> None:
    last = place / "checkpoints" / "last.safetensors"
    content = last.read_bytes()
    if how == "missing":
        last.unlink()
    elif how == "flipped":
        flip(last, len(content) - 9, 2)
    else:
        last.write_bytes(content[:-50] if how == "cut" else b"")
    result = CliRunner().invoke(app, ["resume", str(place)])
    error = result.exception
    assert isinstance(error, DamagedRunError) and "last.safetensors" in str(error)
    assert "(after step 4)" in str(error) and str(error).endswith((f"resume {place} --from best", "--from epoch-0002"))
    words = str(error).split("glasshouse ")[-1].split()
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "going on from" in result.stderr and "4 steps in all; what came after it is trained again" in result.stderr
    assert weights(place) == weights(done)
    assert verify(place).ok


def test_resuming_from_an_earlier_epoch_says_so_and_ends_with_the_same_bits(
    place: Path, tiny: Path, done: Path
) -> None:
    events = list(resume(place, tiny, "epoch-0001"))
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [2, 3]
    assert any(isinstance(e, Notice) and e.message.startswith("going on from epoch-0001: 1 epochs") for e in events)
    assert weights(place) == weights(done)
    epochs = [json.loads(line) for line in (place / "events.jsonl").read_text().splitlines()]
    assert [event["epoch"] for event in epochs if event["type"] == "epoch"] == [1, 2, 3]


def test_without_a_whole_checkpoint_starting_anew_is_named(place: Path, tiny: Path) -> None:
    for file in (place / "checkpoints").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DamagedRunError, match=r"no other whole checkpoint .* glasshouse train --recipe"):
        list(resume(place, tiny))
    shutil.rmtree(place / "checkpoints")
    with pytest.raises(DamagedRunError, match="is missing, though the training had begun"):
        list(resume(place, tiny))
    with pytest.raises(ResumeError, match="has no checkpoint 'best'; there are: none"):
        list(resume(place, tiny, "best"))


def test_checkpoints_share_no_bytes_on_disk(stopped: Path) -> None:
    """What damages one of them leaves the others whole."""
    files = list((stopped / "checkpoints").glob("*.safetensors"))
    assert len({file.stat().st_ino for file in files}) == len(files) >= 3


def test_a_finished_run_whose_model_is_damaged_is_finished_anew(done: Path, tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(done, run)
    flip(run / "model" / "weights.safetensors", 5000, 1)
    assert not verify(run).ok
    list(resume(run, tiny, "last"))
    assert verify(run).ok and weights(run) == weights(done)


def test_the_best_checkpoint_is_not_replaced_by_another_at_the_end(place: Path, tiny: Path) -> None:
    tensors, position = read_checkpoint(place / "checkpoints" / "last.safetensors")
    position.best = {**position.best, "best_epoch": 1, "best": 0.0}
    write_checkpoint([place / "checkpoints" / "last.safetensors"], tensors, position)
    flip(place / "checkpoints" / "best.safetensors", 3000, 1)
    with pytest.raises(DamagedRunError, match=r"best\.safetensors is not a whole checkpoint"):
        list(resume(place, tiny))
    assert not (place / "model").exists()


def test_missing_events_are_written_anew_and_damaged_ones_are_told(place: Path, tiny: Path) -> None:
    path = place / "events.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedRunError, match=r"events\.jsonl is damaged: it has .* delete it, and the run goes on"):
        list(resume(place, tiny))
    path.unlink()
    told = [event for event in resume(place, tiny) if isinstance(event, Notice)]
    assert any("written anew with the 2 epochs" in notice.message for notice in told)
    epochs = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["epoch"] for event in epochs if event["type"] == "epoch"] == [1, 2, 3]


def old(path: Path) -> None:
    """Make a checkpoint one of the time before checksums."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        head = json.loads(file.metadata()["glasshouse"])
    position = {name: value for name, value in head.items() if name not in ("recipe", "classes", "told")}
    save_file(tensors, path, {"glasshouse": json.dumps(position)})


def test_a_run_made_before_checksums_goes_on_and_is_told_as_unchecked(place: Path, tiny: Path, done: Path) -> None:
    for path in (place / "checkpoints").iterdir():
        old(path)
    facts = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps({k: v for k, v in facts.items() if k not in ("checksum", "files")}))
    found = verify(place)
    assert found.ok and {file.state for file in found.files} == {"unchecked"}
    assert "made before there were checksums" in str(found)
    list(resume(place, tiny))
    assert weights(place) == weights(done)


POSITION: list[tuple[dict[str, Any], str]] = [
    ({"epoch": 9}, "is after 9 epochs, the recipe has 3"),
    ({"step": 100}, "counts 100 steps, 2 epochs of 2 steps and 1 more are 5"),
    ({"step_in_epoch": 50}, "at step 50 of an epoch, the recipe's dataset gives 2"),
    ({"history": []}, "its history has the epochs"),
    ({"best": {"monitor": "valid_loss", "best": 0.1, "best_epoch": 7}}, "best epoch is none of 2"),
    ({"stopping": {"nonsense": 1}}, "stopping epoch is none of 2"),
    ({"classes": ["red", "green", "blue"]}, "with the classes red, green, blue, in this order, the dataset has blue"),
]


@pytest.mark.parametrize(("changes", "words"), POSITION)
def test_what_a_checkpoint_says_is_compared_with_plan_and_dataset(
    place: Path, tiny: Path, changes: dict[str, Any], words: str
) -> None:
    path = place / "checkpoints" / "last.safetensors"
    tensors, position = read_checkpoint(path)
    for name, value in changes.items():
        setattr(position, name, value)
    write_checkpoint([path], tensors, position)
    with pytest.raises(DamagedRunError, match=words):
        list(resume(place, tiny))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("module/conv1.bias"), r"has \d+ tensors .* conv1\.bias is missing"),
        (lambda t: t.update({"module/odd": torch.zeros(2)}), "odd is not part of it"),
        (lambda t: t.update({"module/conv1.bias": torch.zeros(3)}), r"conv1\.bias is torch\.float32 \(3,\), expected"),
        (lambda t: t.update({"optimizer/0/exp_avg": torch.zeros(3)}), r"optimizer/0/exp_avg has the shape \(3,\)"),
        (lambda t: t.update({"optimizer/99/exp_avg": torch.zeros(3)}), "the recipe's has"),
    ],
)
def test_tensors_that_do_not_fit_the_recipe_are_told(
    place: Path, tiny: Path, change: Callable[[dict[str, torch.Tensor]], object], words: str
) -> None:
    path = place / "checkpoints" / "last.safetensors"
    tensors, position = read_checkpoint(path)
    change(tensors)
    write_checkpoint([path], tensors, position)
    with pytest.raises(DamagedRunError, match=words):
        list(resume(place, tiny))


def test_a_recipe_of_another_run_is_told_with_both_values(place: Path, tiny: Path) -> None:
    path = place / "recipe.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "optimizer": {**data["optimizer"], "lr": 0.5}, "seed": 7}))
    words = ["made with optimizer.lr 0.001, recipe.json says 0.5", "made with seed 42, recipe.json says 7"]
    with pytest.raises(DamagedRunError) as error:
        list(resume(place, tiny))
    problems = " ".join(verify(place).problems)
    assert all(word in str(error.value) and word in problems for word in words)
    path.write_text(json.dumps({**data, "epochs": 4}))  # more epochs may be asked for
    told = [event for event in resume(place, tiny) if isinstance(event, Notice)]
    assert any("says 4 epochs now, the checkpoint was made with 3" in notice.message for notice in told)


VALUES: list[Any] = [None, True, -1, 10**30, 1e300, float("nan"), "x", [], {}, [[]], {"x": 1}, "a" * 10_000]


def test_a_position_may_hold_anything(place: Path, tiny: Path) -> None:
    """Every field of a checkpoint's head, with right checksums, becomes many things (seeded): words, or it goes on."""
    path, draw = place / "checkpoints" / "last.safetensors", random.Random(3)
    tensors, position = read_checkpoint(path)
    for name, whole in vars(position).items():
        for value in draw.sample(VALUES, 4):
            setattr(position, name, value)
            write_checkpoint([path], tensors, position)
            try:
                events = resume(place, tiny)
                for event in events:
                    if isinstance(event, StepDone):
                        break
                events.close()
            except GlasshouseError as error:
                assert len(str(error)) < 3000
            setattr(position, name, whole)
    write_checkpoint([path], tensors, position)


@pytest.mark.parametrize("name", ["run.json", "recipe.json", "report-val.json"])
def test_documents_of_a_run_may_hold_anything(done: Path, tiny: Path, tmp_path: Path, name: str) -> None:
    run = tmp_path / "run"
    shutil.copytree(done, run)
    whole, draw = json.loads((run / name).read_text()), random.Random(name)
    for key in whole:
        for value in draw.sample(VALUES, 2):
            data = {**whole, key: value}
            (run / name).write_text(json.dumps(data if name == "recipe.json" else with_checksum(data)))
            try:
                _ = str(verify(run))
                list(resume(run, tiny))
            except GlasshouseError as error:
                assert len(str(error)) < 3000


ODD_LINES = ["{", "[]", "null", "7", '{"type": "step"}', '{"type": 3}', '{"type": "odd"}', "\xff" * 9, "[" * 5000]


@pytest.mark.parametrize("line", ODD_LINES)
def test_events_may_hold_anything(place: Path, tiny: Path, line: str) -> None:
    path = place / "events.jsonl"
    path.write_text(path.read_text() + line + "\n", encoding="latin-1")
    found = verify(place)
    assert [file.name for file in found.damaged] == ["events.jsonl"] and "line " in str(found)
    list(resume(place, tiny))  # what lies behind the checkpoint is cut off
    assert verify(place).ok


def test_verify_on_the_command_line(done: Path, tmp_path: Path, tiny: Path) -> None:
    run = CliRunner().invoke(app, ["verify", str(done), "--json"])
    assert run.exit_code == 0 and json.loads(run.stdout)["ok"] is True
    shutil.copytree(done, tmp_path / "run")
    flip(tmp_path / "run" / "checkpoints" / "best.safetensors", 4000, 3)
    run = CliRunner().invoke(app, ["verify", str(tmp_path / "run"), "--json"])
    told = json.loads(run.stdout)
    assert run.exit_code == 1 and told["kind"] == "run" and not told["ok"]
    assert [f["name"] for f in told["files"] if f["state"] == "damaged"] == ["checkpoints/best.safetensors"]
    run = CliRunner().invoke(app, ["verify", str(tmp_path / "run")])
    assert run.exit_code == 1 and "is damaged: checkpoints/best.safetensors" in run.stdout
    data = CliRunner().invoke(app, ["dataset", "verify", str(tiny), "--json"])
    assert data.exit_code == 0 and json.loads(data.stdout)["kind"] == "dataset"
    assert isinstance(CliRunner().invoke(app, ["verify", str(tmp_path)]).exception, InputError)
    assert issubclass(DamagedRunError, DamageError)


def test_damaged_weights_of_our_own_are_refused_as_a_start(done: Path, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    shutil.copytree(done, place)
    weights = place / "model" / "weights.safetensors"
    for file in (place / "checkpoints" / "best.safetensors", weights):
        whole = file.read_bytes()
        assert read_weights(file)
        flip(file, len(whole) - 9, 2)
        with pytest.raises(WeightsError, match="are damaged"):
            read_weights(file)
        file.write_bytes(whole)
    with zipfile.ZipFile(place / "packed.model", "w") as archive:
        for one in (place / "model").iterdir():
            archive.writestr(one.name, one.read_bytes()[:-1] + b"\0" if one == weights else one.read_bytes())
    with pytest.raises(WeightsError, match=r"its SHA-256 is not the one in model\.json"):
        read_weights(place / "packed.model")
