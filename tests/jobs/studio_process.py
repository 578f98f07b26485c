"""A Studio as a person starts it, in processes that a test may kill in every way; and the weights to compare."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import get_job, list_jobs, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.records import JobState
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models

__all__ = ["Home", "check_told_once", "digest", "fill", "kill", "undisturbed", "waited"]

PATIENCE = 600.0  # a deadline for what never comes, far beyond what a busy computer takes
PROGRAM = [sys.executable, "-m", "glasshouse.cli.main", "studio", "--port", "0", "--no-browser", "--no-token"]


def waited(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come about: {what}"
        time.sleep(0.03)


def kill(process: psutil.Process) -> None:
    """Kill a process that may be gone already, and wait for its end."""
    try:
        process.kill()
        process.wait(10)
    except psutil.Error:
        pass


def digest(run: Path) -> str:
    """Return the hash of the weights that a run left."""
    return hashlib.sha256((run / "model" / "weights.safetensors").read_bytes()).hexdigest()


def check_told_once(run: Path) -> None:
    """See that every step of a run was told by one process, and its end once."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    steps = [event["step"] for event in events if event["type"] == "step"]
    assert steps and steps == sorted(set(steps)), "no step was done by two processes"
    assert [event["type"] for event in events].count("run-finished") == 1


class Home:
    """A Studio's home with the Studio on it; it can be killed, moved and started again."""

    def __init__(self, place: Path, pictures: Path, database: str | None = None) -> None:
        self.place = place
        self.database = database
        self._words = ["--folder", str(pictures), *(["--database", database] if database else [])]
        self.address = ""
        self._studio: subprocess.Popen[str] | None = None

    def start(self, source: Path | None = None) -> None:
        """Start the Studio and wait until it listens; ``source`` is the folder of another Glasshouse's sources."""
        words = [*PROGRAM, "--home", str(self.place), *self._words]
        environment = {**os.environ, **({"PYTHONPATH": str(source)} if source else {})}
        self._studio = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment)
        assert self._studio.stderr is not None
        line = self._studio.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line
        self.address = found[0]

    def stop(self) -> str:
        """Stop the Studio as Ctrl-C does; return what it said."""
        assert self._studio is not None
        self._studio.send_signal(signal.SIGINT)
        return self._studio.communicate(timeout=PATIENCE)[1]

    def let_go(self) -> "subprocess.Popen[str]":
        """Return the Studio, which lives on beside the next that is started."""
        assert self._studio is not None
        studio, self._studio = self._studio, None
        return studio

    @property
    def alive(self) -> bool:
        return self._studio is not None and self._studio.poll() is None

    def processes(self, module: str) -> list[psutil.Process]:
        """Return the processes of this home that run ``glasshouse.jobs.MODULE``."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            if f"glasshouse.jobs.{module}" in words and str(self.place) in words:
                found.append(process)
        return found

    def kill_server(self) -> None:
        """Kill the web server, as SIGKILL of its process group does."""
        if self._studio is not None:
            self._studio.kill()
            self._studio.wait()
            assert self._studio.stderr is not None
            self._studio.stderr.close()

    def kill_all(self) -> None:
        """Kill all that belongs to the home, as a power cut does."""
        self.kill_server()
        for process in (*self.processes("worker"), *self.processes("child"), *self.processes("predictor")):
            kill(process)

    def move(self, place: Path) -> None:
        """Kill the Studio, move the home, and go on there; jobs that run are not told."""
        self.kill_server()
        for process in self.processes("worker"):
            kill(process)
        self.place.rename(place)
        self.place = place

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store for a moment."""
        opened = open_store(self.place, self.database)
        try:
            yield opened
        finally:
            opened.close()

    def count(self, state: JobState) -> int:
        with self.store() as store:
            return len(list_jobs(store, states=[state]))

    def resume_failed(self) -> None:
        """Do what a person does who finds failed jobs."""
        with self.store() as store:
            for job in list_jobs(store, states=[JobState.FAILED]):
                assert job.reason is not None and "Resume it" in job.reason.replace("resume it", "Resume it"), job
                resume_job(store, job.id)

    def steps(self, job_id: str) -> int:
        """Return how many steps a training has taken."""
        with self.store() as store:
            events = store.path(get_model(store, str(get_job(store, job_id).model_id)).folder) / "events.jsonl"
        lines = events.read_text(encoding="utf-8").split("\n")[:-1] if events.is_file() else []
        return max((json.loads(line)["step"] for line in lines if '"type": "step"' in line), default=0)

    def close(self) -> None:
        """End everything that is left."""
        if self._studio is not None and self.alive:
            os.kill(self._studio.pid, signal.SIGKILL)
        self.kill_all()


def fill(home: Home, pictures: Path, recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ask for a dataset and a training for each recipe, which waits for it; return the models."""
    with home.store() as store:
        store.folders = (pictures,)
        data = submit_dataset(store, NewDataset("pets", {"source": str(pictures), "width": 16, "height": 16}))
        made = [submit_models(store, NewModel(f"m{n}", data.id, recipe))[0] for n, recipe in enumerate(recipes)]
        return [model.id for model in made]


def undisturbed(home: Home, models: list[str], to: Path) -> list[str]:
    """Train the same recipes without any disturbance, in one fresh process; return their weights' hashes."""
    script = "import sys, glasshouse; from glasshouse.recipe import TrainingRecipe as R; "
    script += "from glasshouse.training.loop import train; "
    script += "[0 for at, to in zip(sys.argv[1::2], sys.argv[2::2]) for _ in train(R.load(at), to)]"
    places = [(home.place / "runs" / model / "recipe.json", to / str(n)) for n, model in enumerate(models)]
    words = [str(path) for pair in places for path in pair]
    subprocess.run([sys.executable, "-c", script, *words], check=True, cwd=home.place / "runs")
    return [digest(folder) for _, folder in places]
