"""First paint and bytes of the Studio's pages in Chromium, with an empty cache and on the second visit.

    python benchmarks/studio_paint.py [--turns 11] [--browser /usr/bin/chromium]

Starts a Studio in a temporary folder, trains a small model on the bundled digits, and opens every page in turn in a
browser profile of its own, twice: at rest, and while LeNet is trained. Prints one JSON document; times are medians in
milliseconds, bytes are those that came over the wire.
"""

import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import httpx

PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
CAME = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, one) => sum + one.transferSize, 0)"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=11)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        words = [
            sys.executable,
            "-m",
            "glasshouse.cli.main",
            "studio",
            "--home",
            home,
            "--port",
            "0",
            "--no-browser",
            "--no-token",
        ]
        studio = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        address = re.search(r"http://\S+/", studio.stderr.readline())[0]
        try:
            print(json.dumps(measure(address, given.browser, given.turns), indent=2))
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)


def measure(address: str, browser: str, turns: int) -> dict[str, Any]:
    with httpx.Client(base_url=address, timeout=60) as client:
        recipe = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"}
        dataset = client.post("api/v1/datasets", json={"name": "digits", "recipe": recipe}).json()["id"]
        model = train(client, dataset, 30)
        while (state := client.get(f"api/v1/models/{model}").json()["state"]) != "done":
            if state == "failed":
                raise RuntimeError("the training failed; look at the Studio's log")
            time.sleep(0.5)
        pages = {
            "home": "",
            "model": f"models/{model}",
            "result": f"models/{model}/result",
            "new model": f"models/new?dataset={dataset}",
            "dataset": f"datasets/{dataset}",
            "explorer": f"datasets/{dataset}/explore",
        }
        client.get(pages["result"])  # the first call scores the model
        time.sleep(10)
        rest = paints(address, browser, pages, turns)
        live = train(client, dataset, 2000)
        while not client.get(f"api/v1/models/{live}/points").json()["points"]:
            time.sleep(0.2)
        busy = paints(address, browser, pages | {"model": f"models/{live}"}, turns)
    load, python = os.getloadavg()[0], platform.python_version()
    return {"rest": rest, "training": busy, "turns": turns, "cores": os.cpu_count(), "load": load, "python": python}


def train(client: httpx.Client, dataset: str, epochs: int) -> str:
    """Submit a training and return its model."""
    asked = {"name": "lenet", "dataset_id": dataset, "recipe": {"network": "LeNet", "epochs": epochs}}
    return str(client.post("api/v1/models", json=asked).raise_for_status().json()["items"][0]["id"])


def paints(address: str, browser: str, pages: dict[str, str], turns: int) -> dict[str, dict[str, float]]:
    """For each page: first paint of both visits in ms, until it is loaded in ms, kilobytes of both visits."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in pages}
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(turns):
            for name, place in pages.items():
                context = opened.new_context(viewport={"width": 1280, "height": 900})
                page = context.new_page()
                visits = [visit(page, address + place) for _ in range(2)]
                found[name].append((*visits[0], *visits[1]))
                context.close()
        opened.close()
    titles = ("first_paint_ms", "loaded_ms", "kilobytes", "again_first_paint_ms", "again_loaded_ms", "again_kilobytes")
    return {
        name: {title: round(statistics.median(numbers), 1) for title, numbers in zip(titles, zip(*rows))}
        for name, rows in found.items()
    }


def visit(page: Any, address: str) -> tuple[float, float, float]:
    """Open a page: first paint in ms, until its load event ended in ms, kilobytes that came."""
    page.goto(address, wait_until="load")
    while (painted := page.evaluate(PAINTED)) is None:
        page.wait_for_timeout(20)
    loaded = page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd")
    return painted, loaded, page.evaluate(CAME) / 1000


if __name__ == "__main__":
    main()
