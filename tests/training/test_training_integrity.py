"""Damage of a run: found by verify and by whatever reads it, never passed over; and the way on from it works."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.errors import DamagedRunError, DamageError, GlasshouseError, InputError, ResumeError
from glasshouse.events import Notice, StepDone
from glasshouse.integrity.documents import with_checksum
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
