"""Forty people browse while pictures are imported and a search runs: answer times against a Studio at rest.

    python benchmarks/studio_busy.py PICTURES [--viewers 40] [--pause 5] [--seconds 30] [--training]

PICTURES is a folder of class folders. Starts a Studio in a temporary folder, makes a small dataset and model for the
pages to show, and lets every viewer open home, dataset, explorer and model page in turn, one each --pause seconds: at
rest, while PICTURES are imported and a search tries candidates (with --training: LeNet is trained), and at rest again.
Prints each part on stderr as it ends, and one JSON document; the goal is a median_busy_to_rest of at most 2.
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
from pathlib import Path

import httpx
import psutil

RECIPE = {"width": 64, "height": 64}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--viewers", type=int, default=40)
    parser.add_argument("--pause", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--training", action="store_true", help="train LeNet instead of searching")
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
        log = Path(home) / "studio.log"
        with log.open("w") as told:  # a file: a pipe that nobody reads would fill and stop the server
            studio = subprocess.Popen([*words, "--folder", str(given.pictures)], stderr=told)
        while not (found := re.search(r"http://\S+/", log.read_text())):
            time.sleep(0.1)
        address = found[0]
        try:
            print(json.dumps(asyncio.run(measure(address, studio.pid, given)), indent=2))
        finally:
            sys.stderr.write(log.read_text()[-3000:])
            studio.send_signal(signal.SIGINT)
            studio.wait(180)


async def measure(address: str, pid: int, given: argparse.Namespace) -> dict:
    limits = httpx.Limits(max_connections=given.viewers + 4)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        shown = await dataset(client, "digits", {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"})
        await done(client, "datasets", shown)
        model = await training(client, shown, "for show", 2)
        await done(client, "models", model)
        pages = ["", f"datasets/{shown}", f"datasets/{shown}/explore", f"models/{model}"]
        server, found = psutil.Process(pid), {}
        found["rest_before"] = await browse(client, pages, given, server, None)
        busy, page = await (trained if given.training else searched)(client, shown)
        begin = time.monotonic()
        imported = await dataset(client, "all", {"source": str(given.pictures), **RECIPE})
        pages[3] = page
        found["busy"] = await browse(client, pages, given, server, imported)
        record = await done(client, "datasets", imported)
        found["import"] = {"pictures": record["pictures"], "seconds": round(time.monotonic() - begin, 1)}
        job = (await client.get(f"api/v1/models/{busy}")).json()["job"]
        found["work"] = {"state": job["state"], "page": page.removeprefix(f"models/{busy}") or "/"}
        await client.post(f"api/v1/models/{busy}/abort")
        await asyncio.sleep(5)
        found["rest_after"] = await browse(client, pages, given, server, None)
    rest = statistics.mean(found[name]["median_ms"] for name in ("rest_before", "rest_after"))
    return {**found, "median_busy_to_rest": round(found["busy"]["median_ms"] / rest, 2), "viewers": given.viewers,
            "pause_s": given.pause, "cores": os.cpu_count(), "python": platform.python_version()}  # fmt: skip


async def dataset(client: httpx.AsyncClient, name: str, recipe: dict) -> str:
    answer = await client.post("api/v1/datasets", json={"name": name, "recipe": recipe})
    return answer.raise_for_status().json()["id"]


async def training(client: httpx.AsyncClient, data: str, name: str, epochs: int) -> str:
    asked = {"name": name, "dataset_id": data, "recipe": {"network": "LeNet", "epochs": epochs}}
    return (await client.post("api/v1/models", json=asked)).raise_for_status().json()["items"][0]["id"]


async def trained(client: httpx.AsyncClient, data: str) -> tuple[str, str]:
    """Begin a long training; return its model and page once it takes steps."""
    busy = await training(client, data, "busy", 5_000)
    while not (await client.get(f"api/v1/models/{busy}/points")).json()["points"]:
        await asyncio.sleep(0.2)
    return busy, f"models/{busy}"


async def searched(client: httpx.AsyncClient, data: str) -> tuple[str, str]:
    """Begin a search that goes on until it is stopped; return its model and page once it has a candidate."""
    asked = await client.post("api/v1/searches", json={"name": "busy", "dataset_id": data})
    busy = asked.raise_for_status().json()["id"]
    while not (await client.get(f"api/v1/searches/{busy}")).json()["candidates"]:
        await asyncio.sleep(0.5)
    return busy, f"models/{busy}/search"


async def done(client: httpx.AsyncClient, kind: str, one: str) -> dict:
    while (record := (await client.get(f"api/v1/{kind}/{one}")).json())["state"] in ("queued", "running"):
        await asyncio.sleep(1.0)
    if record["state"] != "done":
        raise SystemExit(f"{kind} {one} {record['state']}: {record['job']['reason']}")
    return record


async def browse(client, pages, given, server: psutil.Process, until: str | None) -> dict:
    """Let all viewers browse for some seconds, or as long as the dataset ``until`` is being made."""
    times: list[tuple[int, float]] = []
    errors: list[str] = []
    over = asyncio.Event()
    load = os.getloadavg()[0]
    server.cpu_percent()
    work = [asyncio.create_task(view(client, pages, given.pause, n, over, times, errors)) for n in range(given.viewers)]
    begin = time.monotonic()
    if until is None:
        await asyncio.sleep(given.seconds)
    else:
        await done(client, "datasets", until)
    over.set()
    await asyncio.gather(*work)
    ranked = sorted(seconds for _, seconds in times)
    names = ("home", "dataset", "explorer", "model")
    by_page = {name: [seconds for page, seconds in times if page == n] for n, name in enumerate(names)}
    told = {
        "seconds": round(time.monotonic() - begin, 1),
        "pages": len(ranked),
        "errors": len(errors),
        "first_error": errors[0] if errors else None,
        "median_ms": round(1000 * statistics.median(ranked), 1),
        "p95_ms": round(1000 * ranked[int(0.95 * len(ranked))], 1),
        "slowest_ms": round(1000 * ranked[-1], 1),
        "median_ms_by_page": {name: round(1000 * statistics.median(found), 1) for name, found in by_page.items()},
        "server_cpu_percent_of_a_core": server.cpu_percent(),
        "server_memory_mb": round(server.memory_info().rss / 2**20),
        "load_before": round(load, 1),
        "load_after": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(told), file=sys.stderr, flush=True)
    return told


async def view(client, pages, pause: float, turn: int, over: asyncio.Event, times, errors) -> None:
    await asyncio.sleep(pause * (turn * 0.618 % 1))
    while not over.is_set():
        begin = time.monotonic()
        try:
            answer = await client.get(pages[turn % len(pages)], headers={"accept": "text/html"})
            if answer.status_code != 200:
                errors.append(f"{answer.status_code} {answer.url}")
        except httpx.HTTPError as error:
            errors.append(repr(error))
        times.append((turn % len(pages), time.monotonic() - begin))
        turn += 1
        await asyncio.sleep(max(0.0, pause - times[-1][1]))


if __name__ == "__main__":
    main()
