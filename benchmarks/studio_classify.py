"""Classifying in the Studio: one picture at rest and while a training runs, and many against ``glasshouse predict``.

    python benchmarks/studio_classify.py [--questions 40] [--pictures 2000]

Starts a Studio in a temporary folder and trains LeNet on the bundled digits. Classify One is asked over the API; beside
it the same picture is classified by a model that is loaded anew each time in a new process (``glasshouse predict``).
Prints one JSON document.
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
from pathlib import Path

import httpx
from PIL import Image
from sklearn.datasets import load_digits

PROGRAM = [sys.executable, "-m", "glasshouse.cli.main"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, pictures = Path(folder) / "home", draw(Path(folder) / "pictures", given.pictures)
        words = ["studio", "--home", str(home), "--port", "0", "--no-browser", "--no-token", "--folder", str(pictures)]
        studio = subprocess.Popen([*PROGRAM, *words], stderr=subprocess.PIPE, text=True)
        address = re.search(r"http://\S+/", studio.stderr.readline())[0]
        try:
            with httpx.Client(base_url=address, timeout=120) as client:
                print(json.dumps(measure(client, home, pictures, given.questions), indent=2))
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)


def draw(folder: Path, count: int) -> Path:
    """Write ``count`` pictures of digits, 200 by 200, without class folders."""
    folder.mkdir()
    images = load_digits().images
    for number in range(count):
        picture = Image.fromarray((images[number % len(images)] * 15.9).astype("uint8"))
        picture.resize((200, 200)).save(folder / f"{number:05d}.png")
    return folder


def measure(client: httpx.Client, home: Path, pictures: Path, questions: int) -> dict:
    recipe = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray"}
    dataset = client.post("api/v1/datasets", json={"name": "digits", "recipe": recipe}).json()["id"]
    model = wait(client, train(client, dataset, 3))
    one = sorted(pictures.iterdir())[0]
    ask(client, model, one)  # loads it
    load = os.getloadavg()[0]
    at_rest = [ask(client, model, one) for _ in range(questions)]
    anew = [fresh(home, model, one) for _ in range(5)]
    studio, command = many(client, model, pictures), many_by_command(home, model, pictures)
    busy = train(client, dataset, 500)
    while client.get(f"api/v1/models/{busy}").json()["job"]["stage"] != "training":
        time.sleep(0.2)
    in_training = [ask(client, model, one) for _ in range(questions)]
    client.post(f"api/v1/models/{busy}/abort")
    return {
        "one_at_rest": told(at_rest), "one_while_training": told(in_training), "one_loaded_anew": told(anew),
        "ratio_anew_to_rest": round(statistics.median(anew) / statistics.median(at_rest), 1),
        "ratio_anew_to_training": round(statistics.median(anew) / statistics.median(in_training), 1),
        "many_studio_pictures_a_second": round(studio, 1), "many_command_pictures_a_second": round(command, 1),
        "pictures": len(list(pictures.iterdir())), "cores": os.cpu_count(), "load_before": load,
        "load_after": os.getloadavg()[0], "python": platform.python_version(),
    }  # fmt: skip


def train(client: httpx.Client, dataset: str, epochs: int) -> str:
    asked = {"name": f"lenet {epochs}", "dataset_id": dataset, "recipe": {"network": "LeNet", "epochs": epochs}}
    return client.post("api/v1/models", json=asked).json()["items"][0]["id"]


def wait(client: httpx.Client, model: str) -> str:
    while client.get(f"api/v1/models/{model}").json()["state"] in ("queued", "running"):
        time.sleep(0.2)
    return model


def ask(client: httpx.Client, model: str, picture: Path) -> float:
    begin = time.perf_counter()
    client.post(f"api/v1/models/{model}/predict", content=picture.read_bytes()).raise_for_status()
    return time.perf_counter() - begin


def fresh(home: Path, model: str, picture: Path) -> float:
    begin = time.perf_counter()
    words = [*PROGRAM, "predict", str(home / "runs" / model), str(picture), "--json"]
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - begin


def many(client: httpx.Client, model: str, pictures: Path) -> float:
    """Return pictures a second of the whole job, from the request to done."""
    begin = time.perf_counter()
    job = client.post(f"api/v1/models/{model}/classify", json={"source": str(pictures)}).json()["id"]
    while client.get(f"api/v1/jobs/{job}").json()["state"] in ("queued", "running"):
        time.sleep(0.1)
    return len(list(pictures.iterdir())) / (time.perf_counter() - begin)


def many_by_command(home: Path, model: str, pictures: Path) -> float:
    begin = time.perf_counter()
    words = [*PROGRAM, "predict", str(home / "runs" / model), *map(str, sorted(pictures.iterdir())), "--json"]
    subprocess.run(words, check=True, capture_output=True)
    return len(list(pictures.iterdir())) / (time.perf_counter() - begin)


def told(times: list[float]) -> dict[str, float]:
    ranked = sorted(times)
    p95 = ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
    return {"median_ms": round(1000 * statistics.median(ranked), 1), "p95_ms": round(1000 * p95, 1)}


if __name__ == "__main__":
    main()
