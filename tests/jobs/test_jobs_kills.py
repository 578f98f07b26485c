"""The Studio is killed in all ways while it works: every job ends once, with the weights of an undisturbed run.

GLASSHOUSE_KILLS=40 GLASSHOUSE_SEED=7 python -m pytest tests/jobs/test_jobs_kills.py
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from studio_process import Home, check_told_once, digest, fill, kill, undisturbed, waited

from glasshouse.store.jobs import list_jobs
from glasshouse.store.models import get_model
from glasshouse.store.records import JobState

KILLS = int(os.environ.get("GLASSHOUSE_KILLS", "5"))
SEED = int(os.environ.get("GLASSHOUSE_SEED", "1"))
EPOCHS = int(os.environ.get("GLASSHOUSE_EPOCHS", "400"))
WAYS = ("child", "worker", "server", "all", "move")
RECIPE = {"network": "Dense128", "epochs": EPOCHS, "batch_size": 2}


@pytest.fixture
def home(tmp_path: Path, pictures: Path) -> Iterator[Home]:
    one = Home(tmp_path / "home-0", pictures)
    yield one
    one.close()


def strike(home: Home, way: str, number: int) -> None:
    """Kill in one way, and do what a person then does: start the Studio where it is gone."""
    if way in ("child", "worker"):
        for process in home.processes(way)[:1]:
            kill(process)
    elif way == "server":
        home.kill_server()
    elif way == "all":
        home.kill_all()
    else:
        home.move(home.place.with_name(f"home-{number}"))
    if not home.alive:
        home.start()


def standing(home: Home) -> dict[str, tuple[int, int]]:
    """Return which start of each job stands where."""
    with home.store() as store:
        return {job.id: (job.attempt, job.done) for job in list_jobs(store)}


def goes_on(home: Home, before: dict[str, tuple[int, int]]) -> bool:
    """Whether a training got further since ``before``, or all jobs have ended."""
    home.resume_failed()
    with home.store() as store:
        jobs = list_jobs(store)
    further = (j.done > 0 and (j.attempt, j.done) != before.get(j.id) and j.stage == "training" for j in jobs)
    return any(further) or not any(job.state.live for job in jobs)


@pytest.mark.slow
@pytest.mark.system
def test_killed_in_all_ways_every_job_ends_once_with_the_same_weights(
    home: Home, pictures: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    draw = random.Random(SEED)
    models = fill(home, pictures, [{**RECIPE, "seed": n} for n in range(2)])
    home.start()
    ways = [WAYS[n] if n < len(WAYS) else draw.choice(WAYS) for n in range(KILLS)]
    draw.shuffle(ways)
    struck, before = 0, standing(home)
    for number, way in enumerate(ways, 1):
        waited(partial(goes_on, home, before), f"a training goes on before blow {number} ({way})")
        time.sleep(draw.uniform(0.0, 0.4))
        struck += home.count(JobState.DONE) < 3
        strike(home, way, number)
        before = standing(home)
    waited(lambda: home.resume_failed() or home.count(JobState.DONE) == 3, "all jobs are done")
    with home.store() as store:
        jobs = list_jobs(store)
        runs = [store.path(get_model(store, model).folder) for model in models]
    assert sorted(job.state for job in jobs) == [JobState.DONE] * 3, "none is lost, none is twice there"
    assert struck >= min(KILLS, 4), "the blows fell while there was work"
    record_property("kills", struck)
    for run in runs:
        check_told_once(run)
    assert [digest(run) for run in runs] == undisturbed(home, models, tmp_path / "calm")
