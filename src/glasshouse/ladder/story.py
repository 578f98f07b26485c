"""What a script has to know of a run, read from its folder and its dataset's. Loads no torch."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.errors import DatasetError, ResumeError
from glasshouse.recipe import TrainingRecipe

__all__ = ["Story", "read_story", "weights_file"]


@dataclass(frozen=True)
class Story:
    """A run: its resolved recipe, its dataset, where it lies as the script is to name it, the device it ran on."""

    name: str
    recipe: TrainingRecipe
    dataset: Dataset
    place: str
    device: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture."""
        return self.dataset.channels, self.dataset.height, self.dataset.width

    @property
    def classes(self) -> int:
        return len(self.dataset.classes)


def read_story(run: Path, data: Path | None = None) -> Story:
    """Return the story of the run in the folder ``run``; ``data`` says where its dataset lies now.

    Raises:
        ResumeError: there is no run in it.
        DatasetError: the dataset is not found.
    """
    if not (run / "recipe.json").is_file():
        raise ResumeError(
            "{run} is not the folder of a run: it has no recipe.json; give what train --out made", run=run
        )
    recipe = TrainingRecipe.load(run / "recipe.json").resolved()
    place = _dataset(run, Path(recipe.data), data)
    if (weights := weights_file(run, recipe.weights)) is not None:
        recipe = recipe.replace(weights=str(weights))
    dataset = open_dataset(place).learning(recipe.learn_from)
    return Story(run.resolve().name, recipe, dataset, str(place), _device(run, recipe))


def weights_file(run: Path, weights: str) -> Path | None:
    """Return where the file of ``weights`` lies that a recipe names: as it is named, from the run, or beside the run.

    None if it names no file, or if there is none any more.
    """
    if weights in ("none", "pretrained"):
        return None
    places = [Path(weights).expanduser(), run / weights, run.parent / weights]
    return next((place for place in places if place.is_file()), None)


def _dataset(run: Path, data: Path, given: Path | None) -> Path:
    """Where the dataset lies: as given, as the recipe says, relative to the run, or beside it."""
    beside = [run / data, run.parent / data, run / data.name, run.parent / data.name]
    places = [given] if given is not None else list(dict.fromkeys([data, *beside]))
    for place in places:
        if (place / "dataset.json").is_file():
            return place
    looked = ", ".join(map(str, places))
    raise DatasetError(
        "the dataset {data} of run {run} is missing (looked at {looked}); say where it is: --data DIR",
        data=data,
        run=run,
        looked=looked,
    )


def _device(run: Path, recipe: TrainingRecipe) -> str:
    """The device that the run says it used, else the one it asked for; ``auto`` alone is taken for the CPU."""
    for event in _events(run):
        if event.get("type") == "run-started":
            return str(event.get("device", "cpu"))
    return "cpu" if recipe.device == "auto" else recipe.device


def _events(run: Path) -> Iterator[dict[str, Any]]:
    path = run / "events.jsonl"
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:  # the torn end of a run that was killed
                return
