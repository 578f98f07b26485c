"""The Learner that can search: what ``glasshouse.Learner`` is."""

import time
from collections.abc import Iterator
from pathlib import Path

from glasshouse.data.dataset import open_dataset
from glasshouse.events import Event, SearchFinished
from glasshouse.recipe import TrainingRecipe
from glasshouse.search.searching import SearchPlan, search
from glasshouse.training import learner
from glasshouse.training.run_folder import next_run

__all__ = ["Learner"]


class Learner(learner.Learner):
    __doc__ = learner.Learner.__doc__

    def search(
        self, minutes: float | None = 10, candidates: int | None = None, *, refit: bool = False,
        out: str | Path | None = None,
    ) -> "Learner":  # fmt: skip
        """Search the best recipe for ``minutes``, or among ``candidates``; this Learner is the winner afterwards.

        Candidates are compared on training pictures that they did not learn from; the validation pictures judge the
        winner once. ``refit`` trains the winner on training and validation pictures together. ``out`` is the folder of
        the search; one that is there goes on.

        Raises:
            DatasetError, RunError: as ``glasshouse.search.searching.search``.
        """
        plan = SearchPlan(minutes, candidates, refit, self.recipe.seed, time.monotonic())
        place = Path(out) if out is not None else next_run(self.recipe.data, "search")
        self.show(self._found(search(self.dataset, place, plan)))
        return self

    def _found(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, SearchFinished):
                self.run = Path(event.run)
                self.recipe = TrainingRecipe.load(self.run / "recipe.json").replace(
                    fingerprint=None, learn_from="train"
                )
                self.dataset = open_dataset(self.recipe.data)  # at the size of pictures that won
            yield event
