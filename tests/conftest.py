"""What holds for every test: one thread a process, since two run side by side, and glasshouse comes before torch.

On several threads torch's kernels add in another order, and two ways to the same network may differ in the last digit.
"""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

import glasshouse  # noqa: F401

# The fixtures that start them: a worker with its jobs, a Studio, a PostgreSQL server, a file system, a browser.
REAL_PROCESSES = {"browser", "desk", "disk", "host", "server", "two_gpus", "worker"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as ``system`` what asks for one of these, also through other fixtures."""
    for item in items:
        if REAL_PROCESSES & set(getattr(item, "fixturenames", ())):
            item.add_marker("system")
