"""What one person can do to the others' Studio: attacks from one address, while another address works as usual.

    python benchmarks/studio_attacks.py

Starts a Studio in a temporary folder and trains LeNet on the bundled digits. Each attack is sent eight times at once
from 127.0.0.2; meanwhile 127.0.0.3 opens Home, looks at a small source and classifies a picture, over and over. Prints
one JSON document: for each attack its answers, the slowest answer to the other person, and the server's peak memory.
"""

import gzip
import io
import json
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
from PIL import Image

PROGRAM = [sys.executable, "-m", "glasshouse.cli.main"]
AT_ONCE = 8
Send = Callable[[httpx.Client], httpx.Response]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, bad = Path(folder) / "home", Path(folder) / "bad"
        lay_out(bad)
        words = ["studio", "--home", str(home), "--port", "0", "--no-browser", "--folder", str(bad)]
        told = subprocess.run([*PROGRAM, "studio", "--help"], capture_output=True, text=True, check=True)
        words += ["--no-token"] if "--no-token" in told.stdout else []
        with subprocess.Popen([*PROGRAM, *words], stderr=subprocess.PIPE, text=True) as studio:
            assert studio.stderr is not None
            found = re.search(r"http://[^/\s]+/", studio.stderr.readline())
            assert found is not None
            try:
                print(json.dumps(measure(found[0], studio.pid, bad), indent=2))
            finally:
                studio.send_signal(signal.SIGINT)
                studio.wait(60)


def client(address: str, base: str) -> httpx.Client:
    """Return a client that asks from a loopback address of its own."""
    return httpx.Client(base_url=base, timeout=120, transport=httpx.HTTPTransport(local_address=address))


def measure(base: str, server: int, bad: Path) -> dict[str, Any]:
    with client("127.0.0.3", base) as other:
        model = train(other)
        picture = small_picture()
        usual: dict[str, Send] = {
            "home": lambda c: c.get("/"),
            "preview": lambda c: c.post("/api/v1/datasets/preview", json={"recipe": {"source": "sample:digits"}}),
            "classify": lambda c: c.post(f"/api/v1/models/{model}/predict", content=picture),
        }
        for send in usual.values():
            send(other)
        attacks = {"nothing": None, **all_attacks(bad, model)}
        found = {name: one(base, server, other, usual, attack) for name, attack in attacks.items()}
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    return {"at_once": AT_ONCE, "machine": machine, "attacks": found}


def one(base: str, server: int, other: httpx.Client, usual: dict[str, Send], attack: Send | None) -> dict[str, Any]:
    """Send an attack several times at once; ask as another person until all are answered, and three times at least."""
    Path(f"/proc/{server}/clear_refs").write_text("5")  # the peak begins anew
    answers: list[tuple[int, float]] = []

    def send() -> None:
        begin = time.perf_counter()
        with client("127.0.0.2", base) as mine:
            assert attack is not None
            answers.append((attack(mine).status_code, time.perf_counter() - begin))

    threads = [threading.Thread(target=send) for _ in range(AT_ONCE if attack else 0)]
    for thread in threads:
        thread.start()
    slowest, wrong, rounds, largest = dict.fromkeys(usual, 0.0), 0, 0, 0
    while rounds < 3 or any(thread.is_alive() for thread in threads):
        rounds += 1
        for name, ask in usual.items():
            begin = time.perf_counter()
            wrong += ask(other).status_code != 200
            slowest[name] = max(slowest[name], time.perf_counter() - begin)
            largest = max([largest, *children(server)])
    for thread in threads:
        thread.join()
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server}/status").read_text())
    return {
        "answers": dict(Counter(str(status) for status, _ in answers)),
        "attack_seconds": round(max((seconds for _, seconds in answers), default=0.0), 2),
        "other_slowest_seconds": {name: round(seconds, 2) for name, seconds in slowest.items()},
        "other_rounds": rounds,
        "other_failures": wrong,
        "server_peak_mib": int(peak[1]) // 1024 if peak else None,
        "largest_child_mib": largest >> 20,
    }


def children(server: int) -> list[int]:
    found = []
    for child in psutil.Process(server).children(recursive=True):
        try:
            found.append(child.memory_info().rss)
        except psutil.Error:
            continue
    return found


def train(other: httpx.Client) -> str:
    recipe = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"}
    data = other.post("/api/v1/datasets", json={"name": "Digits", "recipe": recipe}).json()["id"]
    body = {"name": "m", "dataset_id": data, "recipe": {"network": "LeNet", "epochs": 1}}
    (model,) = other.post("/api/v1/models", json=body).json()["items"]
    while other.get(f"/api/v1/models/{model['id']}").json()["state"] != "done":
        time.sleep(0.5)
    return str(model["id"])


def all_attacks(bad: Path, model: str) -> dict[str, Send]:
    def preview(recipe: dict[str, Any]) -> Send:
        return lambda c: c.post("/api/v1/datasets/preview", json={"recipe": recipe})

    def named(name: str) -> Send:
        return lambda c: c.post(f"/api/v1/models/{model}/predict", params={"path": str(bad / name)})

    scans, deep = (bad / "scans.jpg").read_bytes(), "[" * 100_000 + "]" * 100_000
    json_type = {"content-type": "application/json"}
    pattern = {"by": "pattern", "pattern": "^((?:a+)+)b"}
    return {
        "pattern": preview({"source": str(bad / "names"), "labels": pattern}),
        "packed idx": preview({"source": str(bad / "idx")}),
        "table of pictures with many scans": preview({"source": str(bad / "scanned")}),
        "pictures with many scans": lambda c: c.post(f"/api/v1/models/{model}/predict", content=scans),
        "file of 3 GB": named("large.png"),
        "named pipe": named("pipe.png"),
        "folder": named("names"),
        "pipe as a source": preview({"source": str(bad / "pipe.zip")}),
        "JSON 100,000 deep": lambda c: c.post("/api/v1/networks", content=deep, headers=json_type),
        "one picture of 100 million pixels": lambda c: c.post(
            f"/api/v1/models/{model}/predict", content=(bad / "wide.png").read_bytes()
        ),
    }


def lay_out(bad: Path) -> None:
    for name in ("names", "idx", "scanned/a", "scanned/b"):
        (bad / name).mkdir(parents=True)
    for number in range(50):
        (bad / "names" / f"{'a' * 40}{number}.png").write_bytes(b"x")
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, 60_000, 224, 224)
    (bad / "idx" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + bytes(1 << 29)))
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 60_000) + bytes(60_000)
    (bad / "idx" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    data = many_scans(400)
    (bad / "scans.jpg").write_bytes(data)
    for number in range(4):
        (bad / "scanned" / "ab"[number % 2] / f"{number}.jpg").write_bytes(data + bytes([number]))
    with (bad / "large.png").open("wb") as file:
        file.truncate(3 << 30)
    os.mkfifo(bad / "pipe.png")
    os.mkfifo(bad / "pipe.zip")
    Image.new("RGB", (10_000, 10_000), "white").save(bad / "wide.png")


def many_scans(times: int) -> bytes:
    """Return a progressive JPEG whose last scan comes ``times`` times."""
    buffer = io.BytesIO()
    Image.effect_noise((2000, 2000), 2).convert("RGB").save(buffer, "JPEG", progressive=True, quality=5)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * times + data[-2:]


def small_picture() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 60).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
