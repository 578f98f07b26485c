"""Who opened the sealed test of a dataset, as pages and the API tell it."""

from dataclasses import dataclass
from datetime import datetime

from glasshouse.data.dataset import Dataset

__all__ = ["OpenedTest", "openings"]


@dataclass(frozen=True)
class OpenedTest:
    """One opening: when, for which model, and by whom (empty if there are no accounts)."""

    at: datetime
    model: str
    person: str


def openings(dataset: Dataset | None) -> list[OpenedTest]:
    """Return the openings that were written down, the first one first; none without a dataset."""
    return [
        OpenedTest(datetime.fromisoformat(one["at"]), str(one["by"]).removeprefix("evaluate "), one.get("person", ""))
        for one in (dataset.openings() if dataset is not None else [])
    ]
