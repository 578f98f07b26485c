"""How quickly the Studio is there: from the command to the first page, and from its death to all running jobs going on.

    python benchmarks/studio_restart.py [--turns 5]

Each turn starts a Studio on a home with a long training, kills the server alone (its jobs live) or all processes (as a
power cut does), and starts it again. Prints one JSON document.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import psutil


class Studio:
    """A Studio's processes on one home."""

    def __init__(self, home: str) -> None:
        self.home = home

    def start(self) -> float:
        """Start it; return the seconds until the home page has come."""
        begin = time.monotonic()
        words = [sys.executable, "-m", "glasshouse.cli.main", "studio", "--home", self.home, "--port", "0"]
        self.process = subprocess.Popen([*words, "--no-browser", "--no-token"], stderr=subprocess.PIPE, text=True)
        self.address = re.search(r"http://\S+/", self.process.stderr.readline())[0]
        urllib.request.urlopen(self.address).read()
        return time.monotonic() - begin

    def ask(self, path: str, content: dict | None = None) -> dict:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.address + "api/v1/" + path, data, {"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request))

    def kill(self, whole: bool) -> None:
        """Kill the web server, and with ``whole`` the worker and all jobs too."""
        family = [p for p in psutil.process_iter() if whole and self.home in _words(p)]
        for process in (self.process, *family):
            process.kill()
        self.process.wait()
        psutil.wait_procs(family, 10)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    found: dict[str, list[float]] = {"first_page": [], "after_server": [], "after_all": []}
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(home)
        found["first_page"].append(studio.start())
        model = begin(studio)
        for _ in range(given.turns):
            for way, whole in (("after_server", False), ("after_all", True)):
                found[way].append(restarted(studio, model, whole, found["first_page"]))
        studio.kill(True)
    here = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": platform.python_version()}
    print(json.dumps({**{name: told(times) for name, times in found.items()}, **here}, indent=2))


def restarted(studio: Studio, model: str, whole: bool, first_page: list[float]) -> float:
    """Kill and start the Studio; return the seconds from its death until its job goes on."""
    attempt, step = standing(studio, model)
    studio.kill(whole)
    dead = time.monotonic()
    first_page.append(studio.start())
    wait(lambda: goes_on(studio, model, attempt, step, whole))
    return time.monotonic() - dead


def begin(studio: Studio) -> str:
    """Begin a long training and wait until it learns."""
    recipe = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"}
    dataset = studio.ask("datasets", {"name": "digits", "recipe": recipe})["id"]
    asked = {"name": "long", "dataset_id": dataset, "recipe": {"network": "LeNet", "epochs": 5_000}}
    model = studio.ask("models", asked)["items"][0]["id"]
    wait(lambda: standing(studio, model)[1] > 0)
    return model


def standing(studio: Studio, model: str) -> tuple[int, int]:
    job = studio.ask(f"models/{model}")["job"]
    return job["attempt"], job["done"]


def goes_on(studio: Studio, model: str, attempt: int, step: int, whole: bool) -> bool:
    """Whether the job was seen to move under the new Studio: the same process, or a new start of it."""
    now, done = standing(studio, model)
    return done > 0 and now > attempt if whole else done > step and listed(studio)


def listed(studio: Studio) -> bool:
    """Whether the new worker holds the job."""
    return any(slot["job_id"] for worker in studio.ask("workers")["items"] for slot in worker["slots"])


def wait(holds) -> None:
    while not holds():
        time.sleep(0.05)


def told(times: list[float]) -> dict:
    return {"median_s": round(statistics.median(times), 2), "all_s": [round(t, 2) for t in times]}


if __name__ == "__main__":
    main()
