"""From which checkpoint a run goes on: the one that is asked for, verified, and never another by itself."""

import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import torch

from glasshouse.errors import DamagedRunError, ResumeError
from glasshouse.messages import Message, joined
from glasshouse.training.checkpoints import read_checkpoint
from glasshouse.training.position import Position, other_recipe
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.writing import write_atomically

__all__ = ["Standing", "check_fit", "checkpoint_names", "events_fault", "other_ways", "restore_events", "standing_of"]

Standing = tuple[dict[str, torch.Tensor], Position]
MADE = (b'"type": "step"', b'"type": "epoch"')


def standing_of(folder: RunFolder, name: str | None) -> Standing | None:
    """Return the checkpoint of that name (None: the last one), None if the run has not made one yet.

    Raises:
        DamagedRunError: it is damaged or missing; what else is whole, and the command to go on from it, is reported.
        ResumeError: there is no checkpoint of that name.
    """
    path = folder.checkpoint(name or "last")
    if not path.exists():
        names = checkpoint_names(folder)
        if name is not None and name != "last":
            there = ", ".join(names) or "none"
            raise ResumeError(
                "{path} has no checkpoint {name}; there are: {there}", path=folder.path, name=repr(name), there=there
            )
        if not names and not _has_begun(folder):
            return None
        raise DamagedRunError(
            "{path} is missing, though the training had begun. {folder}", path=path, folder=other_ways(folder, "last")
        )
    try:
        return read_checkpoint(path)
    except DamagedRunError as error:
        raise DamagedRunError("{fault}. {ways}", fault=error, ways=other_ways(folder, path.stem)) from None


def checkpoint_names(folder: RunFolder) -> list[str]:
    """Return the names of the run's checkpoints: last and best, then those of epochs, the latest first."""
    found = {file.stem for file in folder.last.parent.glob("*.safetensors") if not file.name.startswith(".")}
    first = [name for name in ("last", "best") if name in found]
    return first + sorted((name for name in found if name.startswith("epoch-")), reverse=True)


def other_ways(folder: RunFolder, damaged: str, before: int | None = None) -> str:
    """Return which other checkpoints are whole, where they stand, and how to go on from the furthest of them; with
    ``before`` only those of epochs before that one help, because it must be trained again."""
    whole: list[tuple[int, str]] = []
    for name in checkpoint_names(folder):
        if name == damaged:
            continue
        try:
            position = read_checkpoint(folder.checkpoint(name))[1]
        except ResumeError:
            continue
        if before is None or position.epoch < before:
            whole.append((position.step, name))
    if not whole:
        return Message(
            "There is no other whole checkpoint to go on from: put back a copy of it, or start anew with: "
            "glasshouse train --recipe {path}",
            path=folder.path / "recipe.json",
        )
    furthest = max(whole, key=lambda one: one[0])[1]
    told = joined(", ", (Message("{name} (after step {step})", name=name, step=f"{step:,}") for step, name in whole))
    return Message(
        "Intact: {told}. To go on from there, training again what came after: glasshouse resume {path} "
        "--from {furthest}",
        told=told,
        path=folder.path,
        furthest=furthest,
    )


def check_fit(folder: RunFolder, position: Position | None, classes: Sequence[str]) -> str | None:
    """Compare the checkpoint with the run's recipe and the dataset's classes.

    Returns:
        What is to be said: more or fewer epochs may be written into recipe.json by hand.

    Raises:
        DamagedRunError: they disagree in anything else; both values are reported.
    """
    if position is None or not position.recipe:
        folder.check_recipe()
        return None
    recipe = folder.recipe.model_dump(mode="json")
    before, now = position.recipe.get("epochs"), recipe["epochs"]
    problems = list(other_recipe(position, {**recipe, "epochs": before}, classes))
    if problems:
        raise DamagedRunError(
            "{path}: {problems}. One of them belongs to another run, or was changed: put back what belongs "
            "together, or train anew",
            path=folder.path,
            problems=joined("; ", problems[:3]),
        )
    if before == now:
        return None
    position.recipe["epochs"] = now
    return Message(
        "recipe.json says {now} epochs now, the checkpoint was made with {before}: going on to {now2}",
        now=now,
        before=before,
        now2=now,
    )


def events_fault(folder: RunFolder, length: int, told: str) -> str | None:
    """Return how the first ``length`` bytes of events.jsonl differ from what was written; None if they do not."""
    path = folder.path / "events.jsonl"
    if not length:
        return None
    if not path.exists():
        return Message("it is missing")
    with path.open("rb") as file:
        found = file.read(length)
    if len(found) < length:
        return Message(
            "it has {found} bytes, the checkpoint is at byte {length}", found=f"{len(found):,}", length=f"{length:,}"
        )
    fault = f"{zlib.crc32(found):08x}"
    return (
        None
        if told in ("", fault)
        else Message("its checksum is {found}, it was written with {told}", found=fault, told=told[:20])
    )


def restore_events(folder: RunFolder, position: Position) -> str | None:
    """Compare events.jsonl with the checkpoint; if it is missing, write the epochs that the checkpoint remembers.

    Returns:
        What is to be said of that, None if nothing was done.

    Raises:
        DamagedRunError: it is damaged.
    """
    path = folder.path / "events.jsonl"
    fault = events_fault(folder, position.events, position.told)
    if fault is None:
        return None
    if path.exists():
        raise DamagedRunError(
            "{path} is damaged: {fault}. The weights do not depend on it: delete it, and the run goes on with "
            "the epochs that its checkpoint remembers",
            path=path,
            fault=fault,
        )
    lines = [json.dumps(epoch, ensure_ascii=False) + "\n" for epoch in position.history]
    write_atomically(path, "".join(lines).encode())
    position.events = path.stat().st_size
    return Message(
        "events.jsonl was missing: it has been written anew with the {lines} epochs that the checkpoint remembers",
        lines=len(lines),
    )


def _has_begun(folder: RunFolder) -> bool:
    """Whether the run says that it took a step: its first checkpoint was written before."""
    path: Path = folder.path / "events.jsonl"
    if not path.exists():
        return False
    with path.open("rb") as lines:
        return any(mark in line for line in lines for mark in MADE)
