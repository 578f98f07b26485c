"""The epochs of a run that can predict: its checkpoints, read from their heads alone, so that no weights are loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from glasshouse.errors import MissingError, ModelError
from glasshouse.integrity.documents import parse_object
from glasshouse.integrity.tensors import tensors_metadata
from glasshouse.messages import Message, joined

__all__ = ["KeptEpoch", "checkpoint_names", "checkpoint_of", "chosen_epoch", "classes_of_run", "kept_epochs"]


@dataclass(frozen=True)
class KeptEpoch:
    """A checkpoint by the name of its file without ``.safetensors``, and how many epochs were done in it.

    ``step``: steps of the next epoch that were done too; ``best`` and ``last`` say what it is of the run; ``accuracy``
    is that on the validation pictures, 0..1, None if there is none.
    """

    checkpoint: str
    epoch: int
    step: int
    best: bool
    last: bool
    accuracy: float | None


def kept_epochs(run: Path) -> list[KeptEpoch]:
    """Return the epochs of which the folder ``run`` keeps the weights, each once, the latest first.

    Weights that took no step are left out: they are those that the training began with.
    """
    heads = {name: head for name in _names(run) if (head := _head(run, name))}
    best = heads.get("best", {}).get("epoch")
    found: dict[tuple[int, int], KeptEpoch] = {}
    for name in sorted(heads, key=_rank):
        epoch, step = int(heads[name].get("epoch", 0)), int(heads[name].get("step_in_epoch", 0))
        if (epoch, step) in found or not (epoch or step):
            continue
        last = (epoch, step) == _place(heads.get("last", {}))
        found[epoch, step] = KeptEpoch(name, epoch, step, not step and epoch == best, last, _score(heads[name], step))
    return [found[place] for place in sorted(found, reverse=True)]


def chosen_epoch(run: Path, checkpoint: str = "") -> KeptEpoch | None:
    """Return the epoch that a person chose by its checkpoint's name; None means the model that the run left.

    Without a name and without a model it is the best one, or else the latest.

    Raises:
        MissingError: there is none of that name, or none at all.
    """
    kept = kept_epochs(run)
    if name := checkpoint.removesuffix(".safetensors"):
        place = _place(_head(run, name)) if name in _names(run) else None
        for one in kept:
            if (one.epoch, one.step) == place:
                return one
        raise MissingError("It has no checkpoint {checkpoint} that can predict.", checkpoint=checkpoint[:80])
    if (run / "model" / "model.json").is_file():
        return None
    if not kept:
        raise MissingError("It has no model yet, and no epoch is kept that can predict; train it first.")
    return next((one for one in kept if one.best), kept[0])


def classes_of_run(run: Path) -> tuple[str, ...]:
    """Return the class names that the checkpoints of a run predict, in their order; empty if none tells them."""
    heads = (_head(run, name) for name in _names(run))
    return next((tuple(head["classes"]) for head in heads if head.get("classes")), ())


def checkpoint_of(run: Path, epoch: int | str) -> str:
    """Return the name of the checkpoint of an epoch: its number, ``best`` or ``last``.

    Raises:
        ModelError: ``run`` is no run, or keeps no such epoch; those that it keeps are named.
    """
    if not (run / "run.json").is_file():
        raise ModelError("{run} is no folder of a run, so there is no epoch to choose", run=run)
    kept = kept_epochs(run)
    for one in kept:
        if str(epoch) == (str(one.epoch) if not one.step else "") or (epoch == "best" and one.best):
            return one.checkpoint
        if epoch == "last" and one.last:
            return one.checkpoint
    if not kept:
        raise ModelError("the run at {run} keeps no epoch that can predict; train it first", run=run)
    raise ModelError(
        "the run at {run} keeps no epoch {epoch}; it keeps {kept}",
        run=run,
        epoch=epoch,
        kept=joined(", ", [_said(one) for one in reversed(kept)]),
    )


def _said(one: KeptEpoch) -> Message:
    marks = [word for word, true in (("best", one.best), ("last", one.last)) if true]
    return Message("{epoch} ({marks})", epoch=one.epoch, marks=", ".join(marks)) if marks else Message(str(one.epoch))


def checkpoint_names(run: Path) -> list[str]:
    """Return the names of the checkpoints in the folder ``run`` from which weights can be taken, sorted."""
    names = [file.name for file in (run / "checkpoints").glob("*.safetensors")]
    return sorted(name for name in names if not name.startswith((".", "body")))


def _names(run: Path) -> Sequence[str]:
    return [name.removesuffix(".safetensors") for name in checkpoint_names(run)]


def _rank(name: str) -> int:
    """Of checkpoints of one epoch the one is named that stays: ``best`` before ``last``, which moves on."""
    return ("best", "last").index(name) if name in ("best", "last") else 2


def _place(head: Mapping[str, Any]) -> tuple[int, int]:
    return int(head.get("epoch", 0)), int(head.get("step_in_epoch", 0))


def _score(head: Mapping[str, Any], step: int) -> float | None:
    history = head.get("history") or [{}]
    found = None if step else history[-1].get("valid_accuracy")
    return None if found is None else float(found)


def _head(run: Path, name: str) -> Mapping[str, Any]:
    """Return the position that a checkpoint holds; empty if it cannot be read."""
    file = run / "checkpoints" / f"{name}.safetensors"
    try:
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError):
        return {}


@lru_cache(maxsize=256)
def _read(file: Path, changed: int) -> Mapping[str, Any]:
    return parse_object(tensors_metadata(file)["glasshouse"], finite=False)
