"""What must be tried before a training is begun, in a child process, since only there torch may be loaded.

``python -m glasshouse.web.new_model.trial`` reads one request as JSON from its input and writes the answer as JSON: the
pace of a training on this machine, or what of a file of weights fits a network.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory
from typing import TypedDict, cast

from glasshouse.errors import ConflictError, GlasshouseError, InputError
from glasshouse.messages import Message, with_parts
from glasshouse.store.limits import limit_memory
from glasshouse.store.priority import lower_priority
from glasshouse.store.turns import Turns
from glasshouse.web.framework.children import Asked, answer_of

__all__ = ["Fit", "fitting", "main", "measured", "turn_to_measure"]

PATIENCE = 90.0
MEMORY = 8 << 30  # bytes of the process that opens a file of weights
_measuring = Turns(1, 1, 16, 2)
_fitting = Turns(2, 1, 8, 2)  # a file of weights waits for no measurement, and for nobody else's


class Fit(TypedDict):
    """What of a file of weights fits a network, by the names of its tensors; ``message`` says it in a sentence."""

    loaded: int
    total: int
    skipped: list[str]
    unused: list[str]
    notes: list[str]
    message: str


def turn_to_measure() -> AbstractContextManager[None]:
    """Return the turn in which one recipe after the other is measured, so that they do not slow each other.

    Raises:
        BusyError: too much is asked for at once.
    """
    return _measuring.taken(PATIENCE)


def measured(runs: Path, recipe: Mapping[str, object]) -> Asked:
    """Return the pace (``training.pace.Pace`` as a dictionary) of a recipe, by training some seconds.

    Raises:
        ConflictError: it took too long.
        InputError: it cannot be trained so; the text says why.
    """
    with TemporaryDirectory(prefix="trial-", ignore_cleanup_errors=True) as folder:  # the child may be killed in it
        return _measured({"do": "pace", "recipe": recipe, "place": folder}, runs)


def fitting(runs: Path, network: object, weights: str, classes: int, shape: tuple[int, int, int]) -> Fit:
    """Return what of a file of weights fits.

    ``shape`` is (channels, width, height); a relative path of ``weights`` begins in ``runs``.

    Raises:
        BusyError: others are being tried.
        ConflictError: it took too long.
        InputError: the file does not fit, or cannot be read; the text says why.
    """
    asked = {"do": "weights", "network": network, "weights": weights, "classes": classes, "shape": shape}
    with _fitting.taken(PATIENCE):
        return cast(Fit, _measured(asked, runs))


def _measured(request: Asked, runs: Path) -> Asked:
    try:
        found = cast(Asked, answer_of("glasshouse.web.new_model.trial", request, PATIENCE, runs))
    except TimeoutExpired:
        raise ConflictError("Trying it took too long here; the training will do it all the same.") from None
    if "wrong" in found:
        raise InputError(found["wrong"])
    return found


def main() -> None:
    """Answer the request on the input."""
    request: Asked = json.load(sys.stdin)
    try:
        answer = _pace(request) if request["do"] == "pace" else _weights(request)
    except GlasshouseError as error:
        answer = {"wrong": str(error)}
    except MemoryError:
        answer = {"wrong": Message("it takes more than {MEMORY} GiB of memory to open", MEMORY=MEMORY >> 30)}
    sys.stdout.write(f"{json.dumps(with_parts(answer))}\n")


def _pace(request: Asked) -> dict[str, object]:
    from glasshouse.recipe import TrainingRecipe
    from glasshouse.training.time_estimate import measure

    lower_priority()  # as the process of a job: it takes no time from what runs, and has as much as a job will have
    return measure(TrainingRecipe(**request["recipe"]), place=Path(request["place"])).to_dict()


def _weights(request: Asked) -> dict[str, object]:
    from dataclasses import asdict

    from glasshouse.networks.build import build
    from glasshouse.networks.weights import load_weights

    limit_memory(MEMORY)
    channels, width, height = request["shape"]
    built = build(request["network"], request["classes"], channels, width, height, dropout=None, seed=0)
    return asdict(load_weights(built, request["weights"]))


if __name__ == "__main__":
    main()
