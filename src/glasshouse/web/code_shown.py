"""A model's run as a script, as the page and the API show it."""

from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import InputError, LevelError, ResumeError
from glasshouse.ladder.levels import LEVELS, run_code

__all__ = ["LEVELS", "Code", "code_of"]


@dataclass(frozen=True)
class Code:
    """A script; or ``reason``, why the level cannot express the run."""

    level: str
    text: str = ""
    reason: str = ""


def code_of(run: Path, level: str, dataset: Path | None, home: Path, language: str) -> Code:
    """Return the script of the run in the folder ``run``; it names the dataset by its place in the Studio's home.

    Raises:
        InputError: the level is unknown; or the run or its dataset is not there.
    """
    if dataset is None or not (dataset / "dataset.json").is_file():
        return Code(
            level, reason="the dataset of this model is gone, and no script could read it; put it back from the bin"
        )
    try:
        place = dataset.relative_to(home).as_posix() if dataset.is_relative_to(home) else str(dataset)
        return Code(level, run_code(run, level, dataset, language, place=place))
    except LevelError as error:
        return Code(level, reason=str(error))
    except ResumeError:
        raise InputError(
            "the training has not begun yet, so there is no run to write down; come back when it has"
        ) from None
