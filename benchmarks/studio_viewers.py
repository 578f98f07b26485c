"""Viewers of a model page while it trains: answer times, processor and memory of the web server.

    python benchmarks/studio_viewers.py [--viewers 100] [--seconds 20]

Starts a Studio in a temporary folder, trains LeNet on the bundled digits, and lets every viewer ask once a second for
the points of the curves and, every fifth time, for the list of models. Prints one JSON document.
"""

import argparse
import asyncio
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

import httpx
import psutil


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, "-m", "glasshouse.cli.main", "studio", "--home", home, "--port", "0", "--no-browser"]
        studio = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        address = re.search(r"http://\S+/", studio.stderr.readline())[0]
        try:
            print(json.dumps(asyncio.run(measure(address, studio.pid, given.viewers, given.seconds)), indent=2))
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)


async def measure(address: str, pid: int, viewers: int, seconds: float) -> dict:
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=viewers)) as client:
        model = await train(client)
        server = psutil.Process(pid)
        server.cpu_percent()
        times: list[float] = []
        count: list[int] = []
        end = time.monotonic() + seconds
        await asyncio.gather(*(view(client, model, n / viewers, end, times, count) for n in range(viewers)))
        ranked = sorted(times)
        return {
            "viewers": viewers,
            "seconds": seconds,
            "requests": len(times),
            "median_ms": round(1000 * statistics.median(ranked), 1),
            "p95_ms": round(1000 * ranked[int(0.95 * len(ranked))], 1),
            "slowest_ms": round(1000 * ranked[-1], 1),
            "server_cpu_percent_of_a_core": server.cpu_percent(),
            "server_memory_mb": round(server.memory_info().rss / 2**20),
            "kilobytes_a_viewer": round(sum(count) / viewers / 1000, 1),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
            "python": platform.python_version(),
        }


async def train(client: httpx.AsyncClient) -> str:
    """Start a long training and return the model once it learns."""
    recipe = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"}
    dataset = (await client.post("api/v1/datasets", json={"name": "digits", "recipe": recipe})).json()
    asked = {"name": "lenet", "dataset_id": dataset["id"], "recipe": {"network": "LeNet", "epochs": 500}}
    model = (await client.post("api/v1/models", json=asked)).json()["items"][0]["id"]
    while not (await client.get(f"api/v1/models/{model}/points")).json()["points"]:
        await asyncio.sleep(0.2)
    return model


async def view(client, model: str, delay: float, end: float, times: list[float], count: list[int]) -> None:
    await asyncio.sleep(delay)
    since, turn = 0, 0
    while time.monotonic() < end:
        path = "api/v1/models" if turn % 5 == 4 else f"api/v1/models/{model}/points?since={since}"
        begin = time.monotonic()
        answer = await client.get(path)
        times.append(time.monotonic() - begin)
        count.append(len(answer.content))
        since = answer.json().get("last", since)
        turn += 1
        await asyncio.sleep(max(0.0, 1.0 - times[-1]))


if __name__ == "__main__":
    main()
