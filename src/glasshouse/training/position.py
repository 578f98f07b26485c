"""How far a training is, as a checkpoint holds it; read with distrust, and compared with the recipe's plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from glasshouse.messages import Message
from glasshouse.training.stopping import Watch

__all__ = ["Position", "disagreements", "odd_fields", "other_recipe"]


@dataclass
class Position:
    """How far a training is: ``step`` optimiser steps in all, ``step_in_epoch`` of epoch ``epoch`` (from 0).

    ``loss_sum`` and ``pictures`` belong to the part of the epoch that is done, ``right`` are the right answers among
    ``counted`` of these pictures (fewer than ``pictures`` where an earlier version began the epoch); ``history`` holds
    the epochs that are done, ``best`` and ``stopping`` are watches, ``events`` is the length of events.jsonl in bytes,
    ``scaler`` the state of mixed precision, ``updates`` counts the moving average's, ``numbers`` are values of the
    optimizer that are not tensors. ``recipe`` is the run's recipe, ``classes`` the dataset's classes in their order,
    and ``told`` the CRC-32 of the first ``events`` bytes of events.jsonl; all three are empty in older checkpoints.
    """

    epoch: int = 0
    step: int = 0
    step_in_epoch: int = 0
    loss_sum: float = 0.0
    pictures: int = 0
    right: int = 0
    counted: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    stopping: dict[str, Any] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    updates: int = 0
    events: int = 0
    seconds: float = 0.0
    recipe: dict[str, Any] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    told: str = ""


def odd_fields(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield what in ``data``, which should be a position, is unknown or of another type."""
    kinds = {known.name: type(getattr(Position(), known.name)) for known in fields(Position)}
    for name, value in data.items():
        kind = kinds.get(name)
        if kind is None:
            yield Message("it has an unknown {name}", name=repr(name[:40]))
        elif kind is int and (type(value) is not int or not 0 <= value < 2**53):
            yield Message("{name} is {value}, expected a count", name=name, value=str(value)[:40])
        elif kind is float and type(value) not in (int, float):
            yield Message("{name} is {value}, expected a number", name=name, value=str(value)[:40])
        elif name == "classes" and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            yield Message("classes is {value}, expected names", value=str(value)[:40])
        elif kind not in (int, float) and not isinstance(value, kind):
            yield Message(
                "{name} is {value}, expected {it}",
                name=name,
                value=str(value)[:40],
                it="a text" if kind is str else f"a {kind.__name__}",
            )


def disagreements(position: Position, epochs: int, steps: int) -> Iterator[str]:
    """Yield what a position says that a plan of ``epochs`` epochs of ``steps`` steps, or itself, contradicts."""
    done, within = position.epoch, position.step_in_epoch
    if done > epochs:
        yield Message("the checkpoint is after {done} epochs, the recipe has {epochs}", done=done, epochs=epochs)
    if within >= max(steps, 1) + (done < epochs) or (done == epochs and within):
        yield Message(
            "the checkpoint is at step {within} of an epoch, the recipe's dataset gives {steps} an epoch",
            within=within,
            steps=steps,
        )
    elif position.step != done * steps + within:
        yield (
            Message(
                "the checkpoint counts {step} steps, {done} epochs of {steps} steps and {within} more are {done2}",
                step=position.step,
                done=done,
                steps=steps,
                within=within,
                done2=done * steps + within,
            )
        )
    numbers = [entry.get("epoch") if isinstance(entry, dict) else None for entry in position.history]
    if numbers != list(range(1, done + 1)):
        yield Message(
            "the checkpoint is after epoch {done}, its history has the epochs {numbers}",
            done=done,
            numbers=str(numbers)[:60],
        )
    for name, data in (("best", position.best), ("stopping", position.stopping)):
        try:
            sound = Watch.from_dict(data).sound(done)
        except TypeError:
            sound = False
        if not sound:
            yield Message(
                "the checkpoint's {name} epoch is none of {done}: {data}", name=name, done=done, data=str(data)[:80]
            )


def other_recipe(position: Position, recipe: Mapping[str, Any], classes: Sequence[str]) -> Iterator[str]:
    """Yield what the checkpoint was made with that the run's recipe (as JSON) or the dataset says otherwise.

    What only one of them knows, such as a field of a later version, is passed over; so are place and device.
    """
    yield from _differences(position.recipe, recipe, "")
    if position.classes and list(classes) != position.classes:
        yield (
            Message(
                "the checkpoint was made with the classes {classes}, in this order, the dataset has {classes2}",
                classes=", ".join(position.classes)[:200],
                classes2=", ".join(classes)[:200],
            )
        )


def _differences(told: Mapping[str, Any], found: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in told.items():
        if name not in found or prefix + name in ("data", "device") or (name == "fingerprint" and found[name] is None):
            continue
        if isinstance(value, dict) and isinstance(found[name], dict):
            yield from _differences(value, found[name], f"{prefix}{name}.")
        elif value != found[name]:
            yield (
                Message(
                    "the checkpoint was made with {prefix}{name} {value}, recipe.json says {found}",
                    prefix=prefix,
                    name=name,
                    value=str(value)[:80],
                    found=str(found[name])[:80],
                )
            )
