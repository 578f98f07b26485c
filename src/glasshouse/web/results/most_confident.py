"""The surest pictures of each class, of a split or of a classification: for the page, the API and as a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.data.dataset import Dataset
from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.store.predictions import read_columns, read_rows
from glasshouse.store.results import SplitAnswers
from glasshouse.web.models.mistakes import Answered, topmost

__all__ = ["Ranking", "of_classification", "of_split", "top_lines"]


@dataclass(frozen=True)
class Ranking:
    """Answers that can be ranked for each of ``classes``; ``path`` says where a row's picture was."""

    classes: Sequence[str]
    answers: SplitAnswers
    path: Callable[[int], str]

    def top(self, numbers: Sequence[int], n: int) -> list[tuple[str, list[Answered]]]:
        """Return the names of the classes ``numbers``, each with at most ``n`` pictures, the most confident first."""
        return [(self.classes[k], found) for k, found in zip(numbers, topmost(self.answers, numbers, n))]

    def name(self, number: int) -> str | None:
        """Return the name of a class, None of the number -1."""
        return self.classes[number] if number >= 0 else None

    def ranked(self, n: int) -> list[dict[str, object]]:
        """Return all classes as the API tells them."""
        return [
            {"name": name, "pictures": [
                {"row": one.row, "path": self.path(one.row), "probability": one.probability,
                 "label": self.name(one.answer), "truth": self.name(one.truth)} for one in found]}
            for name, found in self.top(range(len(self.classes)), n)
        ]  # fmt: skip


def of_split(answers: SplitAnswers, dataset: Dataset, split: str) -> Ranking:
    """Return the ranking of a model's answers on a split."""
    paths = dataset.splits[split].paths
    return Ranking(dataset.classes, answers, lambda row: str(paths[row]))


def of_classification(folder: Path, classes: Sequence[str]) -> Ranking:
    """Return the ranking of the answers of a classification in ``folder`` (``work/JOB``)."""
    columns = read_columns(folder, classes)
    return Ranking(classes, columns.answers, lambda row: str(read_rows(folder, columns, [row])[0]["path"]))


def top_lines(ranking: Ranking, n: int) -> Iterator[str]:
    """Yield the lines of the table: class, place, path, probability, answer, truth."""
    yield BOM + line(["class", "place", "path", "probability", "answer", "truth"])
    for name, found in ranking.top(range(len(ranking.classes)), n):
        for place, one in enumerate(found, start=1):
            words = [ranking.name(one.answer) or "", ranking.name(one.truth) or ""]
            yield line([name, place, ranking.path(one.row), f"{one.probability:.6f}", *words])
