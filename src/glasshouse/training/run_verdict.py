"""The verdict on a finished run, from what its folder and its dataset hold. Loads no torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.evaluation.verdict import Verdict, facts_of, judge
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.pretrained import at_hand

__all__ = ["PHOTO_SIDE", "are_photos", "useful_weights", "verdict_of_run"]

PHOTO_SIDE = 64  # pixels: smaller pictures, and grey ones, are not what published weights were trained on


def verdict_of_run(run: Path, dataset: Dataset) -> Verdict | None:
    """Return the verdict on the run in a folder, on the validation pictures; None if there are none."""
    file = run / "report-val.json"
    if not file.is_file():
        return None
    recipe: dict[str, Any] = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    photos = are_photos(dataset.width, dataset.height, "gray" if dataset.channels == 1 else "rgb")
    facts = facts_of(
        json.loads(file.read_text(encoding="utf-8")), recipe, _epochs(run), _counts(dataset), photos=photos,
        weights_at_hand=photos and useful_weights(min(dataset.width, dataset.height)),
    )  # fmt: skip
    return judge(facts)


def are_photos(width: int, height: int, color: str) -> bool:
    """Whether published weights are likely to help with pictures of this size and colour."""
    return min(width, height) > PHOTO_SIDE and color != "gray"


def useful_weights(side: int) -> bool:
    """Whether pretrained weights of a network that takes pictures of this side are on this machine."""
    return any(entry.least <= side and at_hand(entry) for entry in CATALOGUE.values())


def _counts(dataset: Dataset) -> Mapping[str, int]:
    labels = dataset.splits["train"].labels
    return {name: int((labels == k).sum()) for k, name in enumerate(dataset.classes)}


def _epochs(run: Path) -> list[dict[str, Any]]:
    """Return what the run said of each epoch; a line that was torn by a crash is passed over."""
    found = []
    for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines():
        if '"epoch"' in line:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("type") == "epoch":
                found.append(event)
    return found
