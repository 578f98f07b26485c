"""How long a training may take here and in how much memory: measured on this machine, or not told at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.recipe import TrainingRecipe
from glasshouse.store.database import Store
from glasshouse.store.jobs import list_jobs
from glasshouse.store.rates import TRIAL, find_rate, note_rate, rate_key
from glasshouse.store.records import JobState
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.new_model.reckoned import RECKONED, pace_from_operations
from glasshouse.web.new_model.trial import measured, turn_to_measure

__all__ = ["Estimate", "estimate", "estimate_of", "try_out"]

HEAD = 3e-5  # seconds to train a head on the features of one picture


@dataclass(frozen=True)
class Estimate:
    """Seconds from the start of the job to its end, and bytes at the most.

    ``device`` is where; ``kind`` is ``run`` (a finished one), ``trial`` (some steps) or ``reckoned`` (from a count of
    operations); ``busy``: other work ran.
    """

    seconds: float
    memory: int
    device: str
    kind: str
    busy: bool


def estimate(store: Store, recipe: Mapping[str, object], data: JobResource) -> Estimate | None:
    """Return what a training on a dataset takes, reckoned if nothing like it was measured on this computer.

    None if the network is not known, or the dataset is not made.
    """
    rate = find_rate(store, rate_key(recipe, data.recipe)) or _reckoned(store, recipe, data)
    if rate is None or not data.pictures:
        return None
    seconds = _seconds(TrainingRecipe(**{**recipe, "data": "-"}).resolved(), rate, data)
    return Estimate(seconds, int(rate["memory"]), str(rate["device"]), str(rate["kind"]), bool(rate["busy"]))


def estimate_of(store: Store, recipe: TrainingRecipe, data: JobResource) -> Estimate | None:
    """Return what a checked recipe takes, from whatever weights it starts."""
    weights = "none" if recipe.strategy == "scratch" else "pretrained"
    return estimate(store, {**recipe.model_dump(mode="json"), "weights": weights}, data)


def try_out(store: Store, recipe: Mapping[str, object], data: JobResource) -> Estimate | None:
    """Measure it by training for some seconds, unless that was done; None if the dataset is not made yet.

    Raises:
        GlasshouseError: it cannot be trained so, or not be tried now.
    """
    if data.state != "done" or not data.pictures:
        return None
    found = estimate(store, recipe, data)
    if found is not None and found.kind != RECKONED:
        return found
    busy = bool(list_jobs(store, states=[JobState.RUNNING], limit=1))
    if busy and found is not None:  # what runs is not disturbed, and would disturb what is measured
        return found
    with turn_to_measure():
        found = estimate(store, recipe, data)  # another page may have asked for the same meanwhile
        if found is not None and found.kind != RECKONED:
            return found
        whole = {**recipe, "data": f"../datasets/{data.folder.name}"}
        note_rate(store, rate_key(recipe, data.recipe), TRIAL, measured(store.path("runs"), whole), busy)
    return estimate(store, recipe, data)


def _reckoned(store: Store, recipe: Mapping[str, Any], data: JobResource) -> dict[str, Any] | None:
    width, height = (int(data.recipe.get(name, 224)) for name in ("width", "height"))
    return pace_from_operations(store, recipe, width, height)


def _seconds(recipe: TrainingRecipe, rate: Mapping[str, Any], data: JobResource) -> float:
    whole, held = data.pictures or 0, float(data.recipe.get("valid", 0))
    valid = whole * held
    train = whole * (1 - held - float(data.recipe.get("test", 0)))
    looks = 2 * valid * rate["look"]  # the scores at the end
    epochs = recipe.epochs or 1
    if recipe.strategy == "features":
        return float(rate["start"] + (train * recipe.views + valid) * rate["look"] + epochs * train * HEAD + looks)
    fixed = recipe.freeze_epochs if recipe.strategy == "fine-tune" else 0
    once = valid * rate["look"]
    return float(
        rate["start"] + looks + fixed * (train * rate["frozen"] + once) + epochs * (train * rate["learn"] + once)
    )
