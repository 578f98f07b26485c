"""A run's code on one of the three levels below the Studio."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from glasshouse.errors import InputError
from glasshouse.ladder.autodiff import autodiff_code
from glasshouse.ladder.comments import sentences
from glasshouse.ladder.layers import layers_code
from glasshouse.ladder.learner import learner_code
from glasshouse.ladder.story import Story, read_story

__all__ = ["LEVELS", "run_code"]

LEVELS: dict[str, Callable[[Story, dict[str, str]], str]] = {
    "learner": learner_code,
    "layers": layers_code,
    "autodiff": autodiff_code,
}


def run_code(
    run: str | Path,
    level: str,
    data: str | Path | None = None,
    language: str = "en",
    place: str | None = None,
    weights: str | None = None,
) -> str:
    """Return a script in the words of ``level`` that gives the numbers of the run in the folder ``run``.

    Args:
        level: learner, layers or autodiff.
        data: where the run's dataset lies now.
        language: of the comments, en or ko.
        place: how the script names the dataset; ``data`` if it is not given.
        weights: how the script names the file of weights that the run began from; as it is found from here where it
            is not given.

    Raises:
        LevelError: the level cannot express what the run did; the text says why, and what can be done.
        ResumeError, DatasetError: there is no run, or its dataset is not found.
    """
    if level not in LEVELS:
        raise InputError("the level is one of {LEVELS}, got {level}", LEVELS=", ".join(LEVELS), level=repr(level))
    story = read_story(Path(run), None if data is None else Path(data))
    if place is not None:
        story = replace(story, place=place)
    if weights is not None:
        story = replace(story, recipe=story.recipe.replace(weights=weights))
    return LEVELS[level](story, sentences(language))
