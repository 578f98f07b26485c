"""The result of a search, as ``glasshouse search --json`` prints it."""

import json
from pathlib import Path
from typing import Any

from glasshouse.data.stored.rows import Split
from glasshouse.evaluation.intervals import wilson
from glasshouse.search.comparison import Comparison
from glasshouse.search.folder import Record

__all__ = ["result_of"]


def result_of(
    found: Comparison, train: Split, seed: int, seconds: float, reason: str, winner: Path | None = None,
    refit: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the result; empty without a candidate.

    ``winner`` and ``refit`` are the finished runs of the best candidate on all pictures. Without them ``run`` is the
    candidate's own, which learned without a fold, and nothing was judged on the validation pictures.
    """
    leader = found.leader
    if leader is None:
        return {}
    answers = found.answers[leader.number]
    right, count = int(answers.right.sum()), len(answers.right)
    fair = found.corrected(leader, train, seed)
    report = {} if winner is None else _report(winner)
    run = refit or winner or Path(leader.run)
    return {
        "best": {
            "run": str(run), "accuracy": right / count, "interval": list(wilson(right, count)),
            "corrected": fair.accuracy, "corrected_interval": list(fair.interval),
            "valid_accuracy": report.get("accuracy"), "valid_interval": report.get("interval"),
            "network": leader.score.candidate.of_network, "strategy": leader.score.candidate.strategy,
            "candidate": leader.number, "refit": refit is not None,
        },
        "candidates": [_row(record) for record in found.records],
        "seconds": seconds,
        "reason": reason,
    }  # fmt: skip


def _row(record: Record) -> dict[str, Any]:
    candidate = record.score.candidate
    return {
        "network": candidate.of_network, "strategy": candidate.strategy, "accuracy": record.score.accuracy,
        "seconds": record.seconds, "run": record.run, "number": record.number, "what": str(candidate.what),
        "pictures": record.pictures, "part": candidate.part, "whole": record.score.whole,
        "side": candidate.side,
    }  # fmt: skip


def _report(run: Path) -> dict[str, Any]:
    file = run / "report-val.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found
