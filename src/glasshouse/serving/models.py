"""The models of a server: loaded once, each with its name and its batches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glasshouse.errors import InputError, MissingError
from glasshouse.export.bundle import load_model
from glasshouse.export.predictor import Model
from glasshouse.serving.batching import Batcher
from glasshouse.serving.metrics import Metrics

__all__ = ["Served", "ServedModels", "named_paths"]

GENERAL = ("model", "best", "last")  # names that say nothing: the folder above is what the model is called


@dataclass(frozen=True)
class Served:
    """A model under its name in the address, and what computes its batches."""

    name: str
    model: Model
    batcher: Batcher


class ServedModels:
    """The models by name, in the order in which they were given."""

    def __init__(self, given: Iterable[tuple[str, Path]], metrics: Metrics) -> None:
        self._served: dict[str, Served] = {}
        for name, path in given:
            model = load_model(path)
            height, width, channels = model.preprocessing.shape
            model.answers(np.zeros((1, height, width, channels), np.uint8))  # prepared before the first request
            self._served[name] = Served(name, model, Batcher(model.answers, _counter(metrics, name)))

    def __iter__(self) -> Iterator[Served]:
        return iter(self._served.values())

    def get(self, name: str) -> Served:
        """Return the model of that name.

        Raises:
            MissingError: there is none; the names are listed.
        """
        if name not in self._served:
            raise MissingError(
                "there is no model {name} here; there are: {names}", name=repr(name), names=", ".join(self._served)
            )
        return self._served[name]

    def end(self) -> None:
        """End the threads of all of them."""
        for one in self._served.values():
            one.batcher.end()


def named_paths(given: Sequence[str]) -> list[tuple[str, Path]]:
    """Return name and path of each of ``PATH`` or ``NAME=PATH``; a path's name is that of its run or its file.

    Raises:
        InputError: two have the same name, or a name is no part of an address.
    """
    found: dict[str, Path] = {}
    for text in given:
        name, equals, rest = text.partition("=")
        path = Path(rest if equals and not Path(text).exists() else text)
        chosen = name if equals and str(path) == rest else _own_name(path)
        if not chosen or any(letter in chosen for letter in "/?#%\\") or chosen in (".", ".."):
            raise InputError("{name} cannot be part of an address; name the model: NAME={path}", name=chosen, path=path)
        if chosen in found:
            raise InputError(
                "{first} and {second} are both called {name}; name one of them: NAME={second}",
                first=found[chosen], second=path, name=chosen,
            )  # fmt: skip
        found[chosen] = path
    return list(found.items())


def _own_name(path: Path) -> str:
    place = path.resolve()
    while place.name in GENERAL and place.parent != place:
        place = place.parent
    return place.stem if place.suffix == ".model" else place.name


def _counter(metrics: Metrics, name: str) -> Callable[[int], None]:
    return lambda rows: metrics.computed(name, rows)
