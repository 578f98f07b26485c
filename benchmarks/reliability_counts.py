"""A plugin of pytest that counts what tests did: requests sent, tests run, failed and skipped.

A test may say itself how much it tried: ``record_property("kills", 5)`` is added to what was counted.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

COUNTS: Counter[str] = Counter(tests=0, failed=0, skipped=0, requests=0, kills=0)
FAILED: list[str] = []


def _counted(kind: type[Any], method: str, name: str) -> None:
    """Count each call of a method."""
    before = getattr(kind, method)

    def call(self: Any, *words: Any, **options: Any) -> Any:
        COUNTS[name] += 1
        return before(self, *words, **options)

    setattr(kind, method, call)


def pytest_configure(config: pytest.Config) -> None:
    _counted(TestClient, "send", "requests")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    COUNTS["skipped"] += report.skipped
    COUNTS["failed"] += report.failed
    if report.failed:
        FAILED.append(report.nodeid.rpartition("::")[2])
    if report.when == "call":
        COUNTS["tests"] += not report.skipped
        for name, value in report.user_properties:
            if name in COUNTS:
                COUNTS[name] += int(str(value))


def pytest_sessionfinish(session: pytest.Session) -> None:
    Path(os.environ["RELIABILITY_COUNTS"]).write_text(json.dumps({**COUNTS, "names": FAILED}))
