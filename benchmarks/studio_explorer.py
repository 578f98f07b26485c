"""The explorer of a dataset of 100,000 pictures against one of 100: answer times, thumbnails a second, memory, paint.

    python benchmarks/studio_explorer.py --shared ../shared [--turns 30] [--browser /usr/bin/chromium]

The pictures are the 70,000 of Fashion-MNIST and the mirror images of its first 30,000; the small dataset is 100 of them
drawn at random. A Studio in a temporary folder makes both datasets by itself; then both are asked in turns. Prints
one JSON document; times are medians in milliseconds.
"""

import argparse
import gzip
import http.client
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import psutil

NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FILES = (
    ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
)
LANES = 6  # connections that a browser opens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--browser", help="Chromium, to measure first paint")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        sources = write_sources(given.shared / "data" / "fashion-mnist", Path(place))
        words = ["studio", "--home", f"{place}/home", "--port", "0", "--folder", place, "--no-browser", "--no-token"]
        studio = subprocess.Popen(
            [sys.executable, "-m", "glasshouse.cli.main", *words], stderr=subprocess.PIPE, text=True
        )
        address = re.search(r"http://\S+/", studio.stderr.readline())[0]
        try:
            print(json.dumps(measure(address, studio.pid, sources, given.turns, given.browser), indent=2))
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)


def write_sources(folder: Path, place: Path) -> dict[str, Path]:
    """Write 100,000 and 100 pictures (28, 28) with their labels as npz files."""

    def read(name: str, head: int) -> np.ndarray:
        with gzip.open(folder / name) as file:
            return np.frombuffer(file.read(), np.uint8)[head:]

    pictures = np.concatenate([read(images, 16) for images, _ in FILES]).reshape(-1, 28, 28)
    labels = np.array(NAMES)[np.concatenate([read(labels, 8) for _, labels in FILES])]
    pictures = np.concatenate([pictures, pictures[:30_000, :, ::-1]])
    labels = np.concatenate([labels, labels[:30_000]])
    few = np.random.default_rng(0).choice(len(pictures), 100, replace=False)
    np.savez(place / "many.npz", x=pictures, y=labels)
    np.savez(place / "few.npz", x=pictures[few], y=labels[few])
    return {"100,000": place / "many.npz", "100": place / "few.npz"}


def measure(address: str, pid: int, sources: dict[str, Path], turns: int, browser: str | None) -> dict:
    with httpx.Client(base_url=address, timeout=600) as client:
        made = {name: make(client, name, path) for name, path in sources.items()}
        server = psutil.Process(pid)
        before = server.memory_info().rss
        views = {name: addresses(client, key) for name, (key, _) in made.items()}
        times: dict[str, dict[str, list[float]]] = {name: {view: [] for view in found} for name, found in views.items()}
        spent = {name: dict.fromkeys(found, 0.0) for name, found in views.items()}
        for _ in range(turns):
            for view in next(iter(views.values())):
                for name, found in views.items():
                    begin, used = time.perf_counter(), sum(server.cpu_times()[:2])
                    client.get(found[view]).raise_for_status()
                    times[name][view].append(1000 * (time.perf_counter() - begin))
                    spent[name][view] += sum(server.cpu_times()[:2]) - used
        found = {name: {view: round(statistics.median(t), 1) for view, t in one.items()} for name, one in times.items()}
        return {
            "making_seconds": {name: seconds for name, (_, seconds) in made.items()},
            "median_ms": found,
            "processor_ms": {n: {v: round(1000 * s / turns, 1) for v, s in one.items()} for n, one in spent.items()},
            "ratio": {view: round(found["100,000"][view] / found["100"][view], 2) for view in found["100"]},
            "first_call_ms": {name: {view: round(t[0], 1) for view, t in one.items()} for name, one in times.items()},
            "thumbnails_a_second": {n: thumbnails(address, client, one["first page"]) for n, one in views.items()},
            "server_memory_mb": [round(before / 2**20), round(server.memory_info().rss / 2**20)],
            "paint_ms": {name: paint(browser, address, one) for name, one in views.items()} if browser else None,
            "turns": turns,
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "python": platform.python_version(),
        }  # fmt: skip


def make(client: httpx.Client, name: str, source: Path) -> tuple[str, float]:
    """Make a dataset and return its id and the seconds that its job took."""
    recipe = {
        "source": str(source),
        "width": 28,
        "height": 28,
        "color": "gray",
        "valid": 0.2,
        "test": 0.1,
        "twins": False,
    }
    key = client.post("api/v1/datasets", json={"name": name, "recipe": recipe}).raise_for_status().json()["id"]
    while True:
        found = client.get(f"api/v1/datasets/{key}").json()
        if found["state"] == "done":
            return key, round(found["job"]["finished_at"] - found["job"]["started_at"], 1)
        if found["state"] == "failed":
            raise RuntimeError(found["job"]["reason"])
        time.sleep(0.3)


def addresses(client: httpx.Client, key: str) -> dict[str, str]:
    size = client.get(f"api/v1/datasets/{key}/pictures").raise_for_status().json()["total"]
    start = f"datasets/{key}"
    return {
        "overview": start,
        "first page": f"{start}/explore",
        "page at the end": f"{start}/explore?before={size}",
        "one class": f"{start}/explore?class=Sneaker",
        "words of the path": f"{start}/explore?q=9",
        "class and words, at the end": f"{start}/explore?class=Bag&q=1&before={size}",
        "one picture": f"{start}/pictures/train/{size // 2}?class=Bag",
    }


def thumbnails(address: str, client: httpx.Client, page: str) -> int:
    """Return how many of the thumbnails of a page come a second over as many connections as a browser opens."""
    sources = re.findall(r'src="(/datasets/[^"]+/images/[^"]+)"', client.get(page).text)
    host = urlsplit(address).netloc

    def lane(mine: list[str]) -> None:
        connection = http.client.HTTPConnection(host)
        for source in mine:
            connection.request("GET", source)
            answer = connection.getresponse()
            if answer.status != 200 or not answer.read():
                raise RuntimeError(source)
        connection.close()

    rates = []
    for _ in range(5):
        begin = time.perf_counter()
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(lane, [sources[k::LANES] for k in range(LANES)]))
        rates.append(len(sources) / (time.perf_counter() - begin))
    return round(statistics.median(rates))


def paint(browser: str, address: str, views: dict[str, str]) -> dict[str, float]:
    """Return milliseconds to first paint and until every picture in sight is there: a new browser profile each time."""
    from playwright.sync_api import sync_playwright

    script = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
    paints, loads = [], []
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(5):
            context = opened.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.goto(address + views["first page"], wait_until="load")
            loads.append(page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd"))
            while page.evaluate(script) is None:
                page.wait_for_timeout(20)
            paints.append(page.evaluate(script))
            context.close()
        opened.close()
    return {"first paint": round(statistics.median(paints)), "loaded": round(statistics.median(loads))}


if __name__ == "__main__":
    main()
