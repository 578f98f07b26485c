"""``glasshouse serve`` beside a plain server of FastAPI and torch: requests a second and how long the slowest wait.

    python benchmarks/serving.py [--network MobileNetV2] [--seconds 8] [--rounds 2]

The same weights, the same photo-sized JPEG, clients on connections that stay open, in turns. The clients take their
part of the cores from both alike. Then how long each takes until it is ready, beside ``import torch``, and the export.
"""

import argparse
import http.client
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

CLIENTS = (1, 8, 32)
PEER = Path(__file__).with_name("peers") / "plain_server.py"
MOST = 5_000  # requests of a client
WARM = 6  # seconds before anything is measured
BOUNDARY = "picture-of-the-benchmark"


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="MobileNetV2")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    told = ", ".join(f"{name} {version(name)}" for name in ("torch", "onnxruntime", "fastapi", "uvicorn"))
    print(f"{asked.network} at 224x224, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {told}\n")
    with tempfile.TemporaryDirectory() as folder:
        model = _model(Path(folder), asked.network)
        servers = {"glasshouse serve (onnxruntime)": _own(model, "pets"), "FastAPI and torch": _plain(model)}
        _throughput(servers, asked.seconds, asked.rounds)
        _start(servers, asked.rounds + 1)
        _export(Path(folder), model)


def _throughput(servers: Mapping[str, Sequence[str]], seconds: float, rounds: int) -> None:
    print("| server | clients | requests a second | p50, ms | p95, ms |\n|---|---|---|---|---|")
    rates: dict[tuple[str, int], list[float]] = {}
    times: dict[tuple[str, int], list[float]] = {}
    for _round in range(rounds):
        for name, command in servers.items():
            with _running(command) as port:
                _asked(port, name, WARM, 2)
                for clients in CLIENTS:
                    spent = _asked(port, name, seconds, clients)
                    rates.setdefault((name, clients), []).append(len(spent) / seconds)
                    times.setdefault((name, clients), []).extend(spent)
    for name in servers:
        for clients in CLIENTS:
            waits = 1000 * np.percentile(times[name, clients], [50, 95])
            rate = statistics.median(rates[name, clients])
            print(f"| {name} | {clients} | {rate:.1f} | {waits[0]:.0f} | {waits[1]:.0f} |", flush=True)


def _start(servers: Mapping[str, Sequence[str]], rounds: int) -> None:
    print("\n| start until ready | seconds, median (all) | times `import torch` |\n|---|---|---|")
    spent: dict[str, list[float]] = {}
    for _round in range(rounds):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        spent.setdefault("`import torch`", []).append(time.perf_counter() - begin)
        for name, command in servers.items():
            begin = time.perf_counter()
            with _running(command):
                spent.setdefault(name, []).append(time.perf_counter() - begin)
    least = statistics.median(spent["`import torch`"])
    for name, found in spent.items():
        middle = statistics.median(found)
        print(f"| {name} | {middle:.2f} ({', '.join(f'{one:.2f}' for one in found)}) | {middle / least:.2f} |")


def _export(folder: Path, model: Path) -> None:
    from glasshouse.data.image_data import ImageData
    from glasshouse.export.onnx_export import export_model

    rows = np.random.default_rng(0).integers(0, 256, (400, 8, 8, 3), np.uint8)
    big = np.stack([np.asarray(Image.fromarray(one).resize((224, 224))) for one in rows])
    labels = [f"class {k % 10}" for k in range(400)]
    data = ImageData.from_arrays(big, labels, size=224, valid=0.5, twins=False, out=folder / "data").dataset
    begin = time.perf_counter()
    found = export_model(model, folder / "pets.onnx", data)
    seconds = time.perf_counter() - begin
    size = (folder / "pets.onnx").stat().st_size / 1e6
    print(f"\nexport with its certificate: {seconds:.1f} s, {size:.1f} MB. {found}")


def _model(folder: Path, network: str) -> Path:
    from glasshouse.data.decoding.preprocess import Preprocessing
    from glasshouse.export.bundle import save_model
    from glasshouse.export.onnx_writing import model_file
    from glasshouse.networks.build import build

    module = build(network, 10, 3, 224, 224, seed=1).module.eval()
    preprocessing = Preprocessing(width=224, height=224, mean=(0.5,) * 3, std=(0.25,) * 3)
    onnx = model_file(module, preprocessing.mean, preprocessing.std, 224, 224)
    classes = [f"class {k}" for k in range(10)]
    return save_model(folder / "pets.model", network={"name": network}, module=module, preprocessing=preprocessing,
                      classes=classes, onnx=onnx)  # fmt: skip


def _own(model: Path, name: str) -> Sequence[str]:
    program = str(Path(sys.executable).with_name("glasshouse"))
    return (program, "serve", f"{name}={model}", "--port", "PORT")


def _plain(model: Path) -> Sequence[str]:
    return (sys.executable, str(PEER), str(model), "PORT")


@contextmanager
def _running(command: Sequence[str]) -> Iterator[int]:
    """Start a server, wait until it is ready, yield its port, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [str(port) if word == "PORT" else word for word in command]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        path = "/ready" if PEER.name in command[1] else "/health/ready"
        for _turn in range(12_000):
            if _is_ready(port, path):
                break
            if server.poll() is not None:
                raise SystemExit(f"{' '.join(words)} ended with {server.returncode}")
            time.sleep(0.01)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _is_ready(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False


def _asked(port: int, name: str, seconds: float, clients: int) -> list[float]:
    """Return the seconds of each request that clients, one thread each, got answered within the time."""
    spent: list[float] = []
    until = time.perf_counter() + seconds
    body, path, kind = _request(name)

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _turn in range(MOST):
            begin = time.perf_counter()
            if begin > until:
                break
            connection.request("POST", path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status != 200:
                raise SystemExit(f"{name}: {answer.status} {told}")
            spent.append(time.perf_counter() - begin)
        connection.close()

    threads = [threading.Thread(target=client) for _number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent


def _request(name: str) -> tuple[bytes, str, str]:
    grains = np.random.default_rng(1).integers(0, 256, (25, 33, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(grains).resize((500, 375), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    if name.startswith("glasshouse"):
        return file.getvalue(), "/v1/models/pets/predict", "image/jpeg"
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="p.jpg"\r\n\r\n'
    return head.encode() + file.getvalue() + f"\r\n--{BOUNDARY}--\r\n".encode(), "/predict", (
        f"multipart/form-data; boundary={BOUNDARY}")  # fmt: skip


if __name__ == "__main__":
    main()
