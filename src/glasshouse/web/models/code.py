"""A model's run as a script, as the page and the API show it."""

import os
from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import InputError, LevelError, ResumeError
from glasshouse.ladder.levels import LEVELS, run_code
from glasshouse.ladder.story import weights_file
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe

__all__ = ["LEVELS", "Code", "code_of"]


@dataclass(frozen=True)
class Code:
    """A script; or ``reason``, why the level cannot express the run."""

    level: str
    text: str = ""
    reason: str = ""


def code_of(run: Path, level: str, dataset: Path | None, home: Path, language: str) -> Code:
    """Return the script of the run in the folder ``run``; it names dataset and weights by their places in the home.

    Raises:
        InputError: the level is unknown; or the run or its dataset is not there.
    """
    if dataset is None or not (dataset / "dataset.json").is_file():
        return Code(
            level,
            reason=Message("the dataset of this model is gone, and no script could read it; put it back from the bin"),
        )
    try:
        weights = _weights(run, home)
        return Code(level, run_code(run, level, dataset, language, _in_home(dataset, home), weights))
    except (LevelError, _GoneError) as error:
        return Code(level, reason=str(error))
    except ResumeError:
        raise InputError(
            "the training has not begun yet, so there is no run to write down; come back when it has"
        ) from None


class _GoneError(Exception):
    """The file of weights that a run began from is not there any more."""


def _weights(run: Path, home: Path) -> str | None:
    """Return how a script that runs in the home names the weights that the run began from; None: as the recipe does."""
    recipe = run / "recipe.json"
    named = TrainingRecipe.load(recipe).weights if recipe.is_file() else "none"
    if named in ("none", "pretrained"):
        return None
    found = weights_file(run, named)  # in the Studio, recipes name places from the folder that holds the runs
    if found is None:
        raise _GoneError(
            Message(
                "the file of weights that this model began from is gone ({parent}), and no script could read it; "
                "make the model again from weights that are there",
                parent=_in_home(run.parent / named, home),
            )
        )
    return _in_home(found, home)


def _in_home(place: Path, home: Path) -> str:
    """Return a place from the home, or whole where it lies elsewhere."""
    plain = Path(os.path.normpath(place))
    return plain.relative_to(home).as_posix() if plain.is_relative_to(home) else str(plain)
