"""Viewers of a model page while it trains: answer times, processor and memory of the web server.

    python benchmarks/studio_viewers.py [--viewers 100] [--seconds 20]

Starts a Studio in a temporary folder, trains LeNet on the bundled digits, and lets every viewer open the model's page
with its style and modules once, then ask once a second for new points, as the page does. Prints one JSON document;
``load`` is that of the machine before and after, so that a busy machine can be told from a slow server.
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
            print(json.dumps(asyncio.run(measure(address, studio.pid, given.viewers, given.seconds)), indent=2))
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)


async def measure(address: str, pid: int, viewers: int, seconds: float) -> dict:
    load = os.getloadavg()[0]
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=viewers)) as client:
        model = await train(client)
        opened = await asyncio.gather(*(open_page(client, model) for _ in range(viewers)))
        await asyncio.sleep(2.0)
        server = psutil.Process(pid)
        before = server.cpu_times()
        times: list[float] = []
        count: list[int] = []
        end = time.monotonic() + seconds
        await asyncio.gather(*(view(client, model, n / viewers, end, times, count) for n in range(viewers)))
        after = server.cpu_times()
        spent = after.user + after.system - before.user - before.system
        ranked = sorted(times)
        return {
            "viewers": viewers,
            "seconds": seconds,
            "requests": len(times),
            "median_ms": round(1000 * statistics.median(ranked), 1),
            "p95_ms": round(1000 * ranked[int(0.95 * len(ranked))], 1),
            "slowest_ms": round(1000 * ranked[-1], 1),
            "server_cpu_ms_a_request": round(1000 * spent / len(times), 2),
            "server_cpu_percent_of_a_core": round(100 * spent / seconds, 1),
            "server_memory_mb": round(server.memory_info().rss / 2**20),
            "kilobytes_of_a_page": round(statistics.median(opened) / 1000, 1),
            "kilobytes_of_polling_a_viewer": round(sum(count) / viewers / 1000, 1),
            "cores": os.cpu_count(),
            "load": [round(load, 1), round(os.getloadavg()[0], 1)],
            "python": platform.python_version(),
        }


async def open_page(client: httpx.AsyncClient, model: str) -> int:
    """Return the bytes that came for the page, what it loads and its first points, as a browser with no cache."""
    page = await client.get(f"models/{model}")
    names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    names |= {name.replace("live.js", "curves.js") for name in names if name.endswith("live.js")}
    parts = [page] + [await client.get(name) for name in sorted(names)]
    parts.append(await client.get(f"api/v1/models/{model}/points?since=0"))
    return sum(part.num_bytes_downloaded for part in parts)


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
    """Ask once a second for what is new, as the page does."""
    await asyncio.sleep(delay)
    since, machine = 0, 0
    while time.monotonic() < end:
        begin = time.monotonic()
        answer = await client.get(f"api/v1/models/{model}/points?since={since}&machine={machine}")
        times.append(time.monotonic() - begin)
        count.append(answer.num_bytes_downloaded)
        told = answer.json()
        since, machine = told["last"], told["machine_last"]
        await asyncio.sleep(max(0.0, 1.0 - times[-1]))


if __name__ == "__main__":
    main()
