"""What the page of a picture draws: the bars of its answer, and what is known of each method's checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.explanation.checks.kept_checks import METHOD_NAMES, kept_checks, why_unchecked
from glasshouse.explanation.checks.result import Check, CheckTest
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.explained.sources import Answers

__all__ = ["Bar", "Bars", "MethodCheck", "bars_of", "checks_of"]

SHOWN = 5  # classes


@dataclass(frozen=True)
class Bar:
    """A class and its probability; ``first``: it is the answer, ``truth``: it is the label."""

    name: str
    probability: float
    first: bool
    truth: bool


@dataclass(frozen=True)
class Bars:
    """The most probable classes and the label, and how many ``others`` share the ``rest``."""

    bars: Sequence[Bar] = ()
    others: int = 0
    rest: float = 0.0

    @property
    def answer(self) -> str:
        """The class of the answer; "" if it is not known yet."""
        return self.bars[0].name if self.bars else ""


@dataclass(frozen=True)
class MethodCheck:
    """A method and the result of its checks: not known (None) or a `Check`; ``headline`` is the test to name first."""

    method: str
    name: str
    check: Check

    @property
    def headline(self) -> CheckTest | None:
        """The test that is named first: one that failed, else the mosaics."""
        tests = self.check.tests
        failed = [test for test in tests if not test.passed]
        first = failed or [test for test in tests if test.name == "mosaics"] or list(tests)
        return first[0] if first else None


def bars_of(known: Answers, found: Mapping[str, Any] | None, classes: int) -> Bars:
    """Return the bars of an answer: of all classes if the predictor told them, else of those that are kept."""
    pairs = list(known.top)
    if found is not None and found["state"] == "done":
        pairs = sorted(zip(found["classes"], found["probabilities"]), key=lambda pair: -pair[1])
    shown = pairs[:SHOWN]
    if known.truth and known.truth not in [name for name, _ in shown]:
        told = dict(pairs).get(known.truth, known.truth_probability)
        shown += [] if told is None or not shown else [(known.truth, told)]
    bars = [Bar(name, p, number == 0, name == known.truth) for number, (name, p) in enumerate(shown)]
    rest = max(0.0, 1 - sum(bar.probability for bar in bars))
    return Bars(bars, max(0, classes - len(bars)), rest) if bars else Bars()


def checks_of(job: JobResource, dataset: Dataset | None, found: Mapping[str, Any] | None = None) -> list[MethodCheck]:
    """Return what is known of the checks of each method; ``found`` is what the predictor says of one of them."""
    known = kept_checks(job.folder, dataset.fingerprint if dataset else "")
    if found is not None and found["state"] == "done":
        told = Check.from_dict(found["check"])
        known[told.method] = told
    val = None if dataset is None else dataset.splits.get("val")
    reason = why_unchecked(dataset is not None, 0 if val is None else len(val))
    return [
        MethodCheck(method, name, known.get(method) or Check(method, None, reason))
        for method, name in METHOD_NAMES.items()
    ]
