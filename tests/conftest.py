"""What holds for every test: one thread a process, since two run side by side, and glasshouse comes before torch.

On several threads torch's kernels add in another order, and two ways to the same network may differ in the last digit.
"""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

import glasshouse  # noqa: F401

# The fixtures that start them: a worker with its jobs, a Studio, a PostgreSQL server, a file system, a browser.
REAL_PROCESSES = {"browser", "desk", "disk", "host", "server", "two_gpus", "worker"}


# The files that take longest, the longest first; what waits much stands between what computes much. Several processes
# take files from the front (pytest --dist loadfile --no-loadscope-reorder), so that all end at about the same time.
LONGEST = (
    "ladder/test_ladder_classics.py",
    "jobs/test_jobs_kills.py",
    "browser/test_browser_every_page.py",
    "ladder/test_ladder_hundred_steps.py",
    "jobs/test_jobs_upgrade.py",
    "jobs/test_jobs_moving.py",
    "test_readme.py",
    "browser/test_browser_walk.py",
    "browser/test_browser_studio.py",
    "acceptance/test_acceptance_digits.py",
    "browser/test_browser_keyboard.py",
    "browser/test_browser_live.py",
    "jobs/test_jobs_work.py",
    "networks/test_networks_build.py",
    "browser/test_browser_follow.py",
    "browser/test_browser_long_names.py",
    "layers/test_layers_classics.py",
    "jobs/test_jobs_disk.py",
    "jobs/test_jobs_failures.py",
    "browser/test_browser_networks.py",
    "browser/test_browser_datasets.py",
    "ladder/test_ladder_levels.py",
    "jobs/test_jobs_two_hosts.py",
    "web/test_web_routes_who.py",
    "web/test_web_hostile.py",
    "jobs/test_jobs_gpus.py",
    "test_fashion_mnist.py",
    "jobs/test_jobs_starting.py",
    "jobs/test_jobs_takeover.py",
    "training/test_training_loop.py",
    "web/test_web_new_model.py",
    "training/test_training_integrity.py",
    "web/test_web_api_studio.py",
    "browser/seeded/test_browser_classify.py",
    "browser/seeded/test_browser_new_model.py",
    "browser/seeded/test_browser_home.py",
    "browser/seeded/test_browser_results.py",
    "test_notebook_kernel.py",
)
HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def own_draws() -> None:
    """Whatever a test draws from torch's own generator, it draws the same after any other test, and alone."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as ``system`` what asks for one of these, also through other fixtures; where several processes share the
    tests, put the longest files first.
    """
    for item in items:
        if REAL_PROCESSES & set(getattr(item, "fixturenames", ())):
            item.add_marker("system")
    if gone := [name for name in LONGEST if not (HERE / name).exists()]:
        raise pytest.UsageError(f"LONGEST in tests/conftest.py names files that are not there: {', '.join(gone)}")
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    file = item.path.relative_to(HERE).as_posix()
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)
